"""`radvqa verify`: is this copy of a data set the one that the paper, or its authors, describe?

Unlike the tasks, which stop at the first thing that is wrong, it looks at everything and reports every finding.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks import mmmu_med, slake, vqarad
from radimagenet_vqa_tasks.benchmarks.cells import CELLS
from radimagenet_vqa_tasks.benchmarks.radvqa import IMAGES as IMAGES_IN_ALL
from radimagenet_vqa_tasks.benchmarks.radvqa import cell_of, faults, read
from radimagenet_vqa_tasks.data.families import data_parts
from radimagenet_vqa_tasks.data.images import decode
from radimagenet_vqa_tasks.data.provenance import marked
from radimagenet_vqa_tasks.data.questions import IMAGES, fingerprint, image_column
from radimagenet_vqa_tasks.data.sources import built_images, local_copies
from radimagenet_vqa_tasks.errors import DataError

# The paper: section 3.2 for normal and abnormal images; the data set's own figure for the answers of Closed+.
NORMAL_IMAGES = 281
CLOSED_POS_YES = 719
MMMU_QUESTIONS = 30  # a subject, those without options included


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    is_fault: bool
    text: str

    def __str__(self) -> str:
        return f"{'FAULT' if self.is_fault else 'ok   '} {self.text}"


def verify(data: Path | None, *, family: str = "radvqa", sample: bool = False) -> list[Finding]:
    """Every finding about a local copy, the hub's data or the sample. Raises where there is nothing to look at.

    `family` is "radvqa", "vqarad", "slake" (both languages) or "mmmu_med".
    """
    findings: list[Finding] = []
    with local_copies({family: data} if data else {}):
        for rows in data_parts(family, data, sample=sample):
            try:
                findings += _radvqa(rows, sample) if family == "radvqa" else _COMPARATORS[family](rows)
            except DataError as error:
                findings.append(Finding(True, str(error)))
    return findings


def _radvqa(rows: Dataset, sample: bool) -> Iterator[Finding]:
    text, clusters = read(rows)
    built = None if sample else built_images("radvqa")
    if built:
        digest = marked(fingerprint(rows))
        yield Finding(False, f"built data of {built:,} images, not RadImageNet-VQA: fingerprint {digest}")
    else:
        yield _content(rows, len(set(clusters)))
    yield from _structure(text, clusters, None if sample else built or IMAGES_IN_ALL)
    yield from _images(enumerate(image_column(rows).to_pylist()))
    if not sample and not built:
        yield from _composition(text)


def _vqarad(rows: Dataset) -> Iterator[Finding]:
    text, clusters = vqarad.read(rows)
    yield _content(rows, len(set(clusters)))
    found = vqarad.faults(text, clusters, vqarad.QUESTIONS)
    yield from _faults(
        found, f"all {vqarad.QUESTIONS} questions of the test split have a question, an answer, an image"
    )
    different = {(cluster, row["question"], row["answer"]) for row, cluster in zip(text, clusters, strict=True)}
    yield Finding(False, f"rows that are there before, with the same image and answer: {len(text) - len(different)}")
    yield from _images(enumerate(image_column(rows).to_pylist()))
    if not found:
        yield _counted(vqarad.adapter(vqarad.QUESTIONS).every(rows))


def _slake(rows: Dataset) -> Iterator[Finding]:
    for family, expected in slake.QUESTIONS.items():
        found = slake.faults(slake.read(rows, family), expected)
        yield from _faults(found, f"the questions of {family} have a question, an answer and an image name")
        if not found:
            every = slake.adapter(family, expected).every(rows)
            fingerprints = ", ".join(set(every["fingerprint"][:]))
            yield Finding(not len(every), f"fingerprint {fingerprints}: {len(every):,} questions of {family}")
            yield _counted(every)
            yield from _images((index, cells[0]) for index, cells in enumerate(every[IMAGES]))
    languages = Counter(rows["q_lang"][:])
    yield Finding(False, f"rows by language: {', '.join(f'{name} {count:,}' for name, count in languages.items())}")


def _mmmu_med(rows: Dataset) -> Iterator[Finding]:
    text, clusters = mmmu_med.read(rows)
    yield _content(rows, len(set(clusters)))
    found = mmmu_med.faults(text, clusters)
    yield from _faults(found, "every question has an image, options, and an answer among them")
    yield Finding(len(text) != MMMU_QUESTIONS, f"questions of the subject: {len(text)}; published: {MMMU_QUESTIONS}")
    left_out = sum(not mmmu_med.is_asked(row) for row in text)
    yield Finding(False, f"left out, since they are not multiple-choice: {left_out}")
    columns = [image_column(rows, name).to_pylist() for name in mmmu_med.IMAGE_COLUMNS]
    yield from _images((row, cell) for column in columns for row, cell in enumerate(column) if cell)
    if not found:
        yield _counted(mmmu_med.adapter.every(rows))


_COMPARATORS: Mapping[str, Callable[[Dataset], Iterator[Finding]]] = {
    "vqarad": _vqarad,
    "slake": _slake,
    "mmmu_med": _mmmu_med,
}


def _content(rows: Dataset, images: int) -> Finding:
    return Finding(False, f"fingerprint {fingerprint(rows)}: {len(rows):,} rows, {images:,} images")


def _faults(found: Sequence[str], sound: str) -> Iterator[Finding]:
    yield from (Finding(True, fault) for fault in found)
    if not found:
        yield Finding(False, sound)


def _counted(questions: Dataset) -> Finding:
    counts = Counter(zip(questions["cell"][:], questions["format"][:], strict=True))
    return Finding(
        False, "questions: " + ", ".join(f"{cell} {count:,} ({form})" for (cell, form), count in counts.items())
    )


def _structure(text: list[dict[str, Any]], clusters: list[str], images: int | None) -> Iterator[Finding]:
    found = faults(text, clusters, images)
    yield from _faults(found, "every image has its nine questions, and every answer is one of its options")
    counts = Counter(cell.name for row in text for cell in [cell_of(row)] if cell)
    yield Finding(False, "questions: " + ", ".join(f"{name} {counts[name]:,}" for name in CELLS))


def _images(cells: Iterable[tuple[int, dict[str, Any] | None]]) -> Iterator[Finding]:
    seen: dict[tuple[bytes, str | None], str | None] = {}  # many rows hold the same image
    faulty = False
    for index, cell in cells:
        stored, path = (cell["bytes"], cell["path"]) if cell else (None, None)
        image = (hashlib.sha256(stored or b"").digest(), None if stored else path)
        if image not in seen:
            seen[image] = _image_fault(cell)
        if seen[image]:
            faulty = True
            yield Finding(True, f"row {index}: {seen[image]} (path {path!r})")
    if not faulty:
        yield Finding(False, "every image can be decoded")


def _image_fault(cell: dict[str, Any] | None) -> str | None:
    try:
        decode(cell, owner="")
    except DataError as error:
        return str(error.__cause__)
    return None


def _composition(text: list[dict[str, Any]]) -> Iterator[Finding]:
    """The published figures that a data set of the right shape could still miss."""
    normal = sum(not row["metadata"]["is_abnormal"] for row in text if row["metadata"]) / len(CELLS)
    yes = sum(_question_id(row) == "pathology_closed_pos" and row["answer"] == "yes" for row in text)
    for name, found, expected in (
        ("normal images", normal, NORMAL_IMAGES),
        ("pathology Closed+ questions whose answer is yes", yes, CLOSED_POS_YES),
    ):
        share, published = found / IMAGES_IN_ALL, expected / IMAGES_IN_ALL
        yield Finding(found != expected, f"{name}: {found:g} ({share:.1%}); published: {expected} ({published:.1%})")


def _question_id(row: dict[str, Any]) -> str | None:
    return (row["metadata"] or {}).get("question_id")
