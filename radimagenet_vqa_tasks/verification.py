"""`radvqa verify`: is this copy of RadImageNet-VQA the benchmark that the paper describes?

Unlike the tasks, which stop at the first thing that is wrong, it looks at everything and reports every finding.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset

from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.hub import HUB, explained, parquet_files
from radimagenet_vqa_tasks.utils.cells import CELLS
from radimagenet_vqa_tasks.utils.images import decode
from radimagenet_vqa_tasks.utils.questions import IMAGE, fingerprint, without_decoding
from radimagenet_vqa_tasks.utils.radvqa import IMAGES, cell_of, faults, read

SAMPLE = Path(__file__).parent / "sample" / "test.parquet"

# The paper: section 3.2 for normal and abnormal images; the data set's own figure for the answers of Closed+.
NORMAL_IMAGES = 281
CLOSED_POS_YES = 719


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    is_fault: bool
    text: str

    def __str__(self) -> str:
        return f"{'FAULT' if self.is_fault else 'ok   '} {self.text}"


def verify(data: Path | None, *, sample: bool = False) -> list[Finding]:
    """Every finding about a local copy, the hub's data or the sample. Raises where there is nothing to look at."""
    rows = _load(data, sample)
    try:
        text, clusters = read(rows)
    except DataError as error:
        return [Finding(True, str(error))]
    return [
        Finding(False, f"fingerprint {fingerprint(rows)}: {len(rows):,} rows, {len(set(clusters)):,} images"),
        *_structure(text, clusters, None if sample else IMAGES),
        *_images(rows),
        *([] if sample else _composition(text)),
    ]


def _load(data: Path | None, sample: bool) -> Dataset:
    local = SAMPLE if sample else data
    with explained(local):
        if local:
            return load_dataset("parquet", data_files=parquet_files(local), split="train")
        return load_dataset(HUB, "benchmark", split="test")


def _structure(text: list[dict[str, Any]], clusters: list[str], images: int | None) -> Iterator[Finding]:
    found = faults(text, clusters, images)
    yield from (Finding(True, fault) for fault in found)
    if not found:
        yield Finding(False, "every image has its nine questions, and every answer is one of its options")
    counts = Counter(cell.name for row in text for cell in [cell_of(row)] if cell)
    yield Finding(False, "questions: " + ", ".join(f"{name} {counts[name]:,}" for name in CELLS))


def _images(rows: Dataset) -> Iterator[Finding]:
    seen: dict[bytes, str | None] = {}  # nine rows hold the same bytes
    faulty = False
    for index, cell in enumerate(without_decoding(rows.select_columns([IMAGE]))[IMAGE]):
        digest = hashlib.sha256(cell["bytes"] or b"").digest()
        if digest not in seen:
            seen[digest] = _image_fault(cell)
        if seen[digest]:
            faulty = True
            yield Finding(True, f"row {index}: {seen[digest]} (path {cell.get('path')!r})")
    if not faulty:
        yield Finding(False, "every image can be decoded")


def _image_fault(cell: dict[str, Any]) -> str | None:
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
        published = f"{name}: {found:g} ({found / IMAGES:.1%}); published: {expected} ({expected / IMAGES:.1%})"
        yield Finding(found != expected, published)


def _question_id(row: dict[str, Any]) -> str | None:
    return (row["metadata"] or {}).get("question_id")
