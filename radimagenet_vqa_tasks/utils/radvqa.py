"""RadImageNet-VQA's rows as Question columns, and the functions that its task files name.

The benchmark has nine questions an image. Which of the nine a row is, its `metadata.question_id` says, except for the
two multiple-choice ones, whose ids nobody has published: those are told by question_type and content_type. Closed+ and
Closed- go by question_id too, not by answer: on normal images the pathology Closed+ question has the answer "no".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import pyarrow.compute as pc
from datasets import Dataset

from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.judge.chosen import chosen
from radimagenet_vqa_tasks.taxonomy import clean_label, regions
from radimagenet_vqa_tasks.utils.aggregation import average_of
from radimagenet_vqa_tasks.utils.cells import CELLS, Cell
from radimagenet_vqa_tasks.utils.prompts import LETTERS
from radimagenet_vqa_tasks.utils.questions import IMAGE, Questions, question_dataset, without_images

IMAGES = 1000  # of the benchmark; the paper, section 3.2

COLUMNS = (IMAGE, "question", "choices", "answer", "question_type", "metadata")
METADATA = ("content_type", "is_abnormal", "location", "modality", "pathology", "question_id")

SHOWN = 5  # faults spelled out in an error message; the rest are counted

# The benchmark's own question_id where it differs from the cell's name.
_CELL_OF_QUESTION_ID = {"abnormal_closed": "abnormality_closed"}


def cell_of(row: dict[str, Any]) -> Cell | None:
    """The cell that a row belongs to, or None if it is none of the nine."""
    metadata = row["metadata"] or {}
    if row["question_type"] == "multiple_choice":
        return CELLS["anatomy_mc" if metadata.get("content_type") == "anatomy" else "pathology_mc"]
    question_id = metadata.get("question_id") or ""
    cell = CELLS.get(_CELL_OF_QUESTION_ID.get(question_id, question_id))
    return cell if cell and cell.format == row["question_type"] else None


def questions(rows: Dataset, cell: str, *, images: int | None = IMAGES, with_image: bool = True) -> Dataset:
    """The questions of one cell as Question columns; the `process_docs` of every task.

    `images` is how many images the whole data set must have (None: any number). Without `with_image` there is no
    image column, so nothing can be decoded. Raises DataError, naming rows, where `rows` is not the benchmark, and
    RunError where the judge's settings are wrong.
    """
    if CELLS[cell].format == "open":
        chosen()  # a judge that cannot be had is an error now, not when the model has answered
    every, rows_of = _adapted(_ByFingerprint(rows), images)
    return (every if with_image else without_images(every)).select(rows_of[cell])


@dataclass(frozen=True, eq=False)
class _ByFingerprint:
    """A data set as a cache key: the host loads it anew for each task, from the same files."""

    rows: Dataset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByFingerprint) and self.rows._fingerprint == other.rows._fingerprint

    def __hash__(self) -> int:
        return hash(self.rows._fingerprint)


@lru_cache(maxsize=2)
def _adapted(source: _ByFingerprint, images: int | None) -> tuple[Dataset, dict[str, list[int]]]:
    """All rows as Question columns, and the row numbers of each cell."""
    rows = source.rows
    text, clusters = read(rows)
    _raise(faults(text, clusters, images))
    cells = [cell_of(row) for row in text]
    every = question_dataset(
        rows,
        Questions(
            question=[row["question"] for row in text],
            choices=[row["choices"] or [] for row in text],
            target=[row["answer"] for row in text],
            format=[cell.format for cell in cells if cell],
            key=[f"{cluster}:{cell.name}" for cluster, cell in zip(clusters, cells, strict=True) if cell],
            cluster=clusters,
            cell=[cell.name for cell in cells if cell],
            facets=[_facets(row["metadata"], cell) for row, cell in zip(text, cells, strict=True) if cell],
        ),
    )
    return every, {name: [row for row, cell in enumerate(cells) if cell and cell.name == name] for name in CELLS}


def read(rows: Dataset) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows without their images, and for each a name of its image: the path that its nine rows share.

    Raises DataError where a column is missing. Where a path is missing, the image is named after its place.
    """
    missing = [name for name in COLUMNS if name not in rows.column_names]
    if not missing:
        missing = [f"metadata.{name}" for name in METADATA if name not in rows.features["metadata"]]
    if missing:
        raise DataError(
            f"this is not the `benchmark` configuration of RadImageNet-VQA: column {', '.join(missing)} is missing "
            f"(found: {', '.join(rows.column_names)}). Use the file benchmark/test-00000-of-00001.parquet."
        )
    text = rows.remove_columns(IMAGE).with_format("arrow")[:].to_pylist()
    paths = pc.struct_field(rows.select_columns([IMAGE]).with_format("arrow")[:][IMAGE], "path").to_pylist()
    return text, [path or f"image-{index // len(CELLS):04d}" for index, path in enumerate(paths)]


def faults(text: Sequence[dict[str, Any]], clusters: Sequence[str], images: int | None) -> list[str]:
    """What is wrong with these rows, one message a fault, naming the row or the image; see `read`."""
    found = [f"row {index}: {fault}" for index, row in enumerate(text) for fault in [_row_fault(row)] if fault]
    by_image: dict[str, Counter[str]] = defaultdict(Counter)
    for row, cluster in zip(text, clusters, strict=True):
        cell = cell_of(row)
        by_image[cluster][cell.name if cell else "?"] += 1
    for cluster, counts in by_image.items():
        missing = [name for name in CELLS if name not in counts]
        repeated = [name for name in CELLS if counts[name] > 1]
        if missing:
            found.append(f"image {cluster!r} lacks {', '.join(missing)}")
        if repeated:
            found.append(f"image {cluster!r} has {', '.join(repeated)} more than once")
    if images is not None and len(by_image) != images:
        found.append(
            f"the benchmark has {images:,} images with nine questions each, {images * len(CELLS):,} rows; here are "
            f"{len(by_image):,} images and {len(text):,} rows (to run a part of it, use --limit on the whole)"
        )
    return found


def _row_fault(row: dict[str, Any]) -> str | None:
    metadata = row["metadata"] or {}
    # The ids of multiple-choice rows are unpublished, and may be missing; other rows without one are no cell.
    null = [name for name in METADATA if name != "question_id" and metadata.get(name) is None]
    if null:
        return f"metadata.{null[0]} is null"
    if metadata["location"] not in regions():
        return f"metadata.location {metadata['location']!r} is none of {', '.join(regions())}"
    cell = cell_of(row)
    if cell is None:
        return (
            f"question_type {row['question_type']!r} with metadata.question_id {metadata.get('question_id')!r} is none "
            "of the nine kinds of question"
        )
    if not row["question"]:
        return "the question is empty"
    return _answer_fault(row["answer"], row["choices"], cell)


def _answer_fault(answer: str | None, choices: list[str | None] | None, cell: Cell) -> str | None:
    if cell.format == "closed" and answer not in ("yes", "no"):
        return f"the answer {answer!r} of a closed question is neither 'yes' nor 'no'"
    if cell.format == "open" and not answer:
        return "the answer is empty"
    if cell.format == "mc":
        if not choices or not all(choices):
            return "choices is null or holds an empty option, on a multiple-choice question"
        letters = LETTERS[: len(choices)]
        if not answer or answer not in set(letters):
            return f"the answer {answer!r} is not one of the letters {', '.join(letters)}"
    return None


def _facets(metadata: dict[str, Any], cell: Cell) -> dict[str, str | bool]:
    return {
        "subject": cell.subject,
        "template": metadata["question_id"] or cell.name,
        "location": metadata["location"],
        "modality": metadata["modality"],
        "pathology": clean_label(metadata["pathology"]),
        "abnormal": metadata["is_abnormal"],
    }


def _raise(found: Sequence[str]) -> None:
    """Raise DataError if there are faults, spelling out the first few."""
    if not found:
        return
    more = f"; and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    raise DataError(
        f"the data are damaged or not RadImageNet-VQA's: {'; '.join(found[:SHOWN])}{more}. Fetch them again; `radvqa "
        "verify` reports everything."
    )


def process_docs(name: str, *, images: int | None) -> partial[Dataset]:
    """The `process_docs` of the task called `name`: a cell, with "_textonly" for its twin without images."""
    cell, textonly, rest = name.partition("_textonly")
    if cell not in CELLS or rest:
        raise AttributeError(f"no task is called {name!r}; the cells are {', '.join(CELLS)}")
    return partial(questions, cell=cell, images=images, with_image=not textonly)


def __getattr__(name: str) -> partial[Dataset]:
    # The task files name radvqa.anatomy_open, radvqa.anatomy_open_textonly and so on: eighteen alike.
    return process_docs(name, images=IMAGES)


average = partial(average_of, cells=tuple(CELLS))
average_anatomy = partial(average_of, cells=tuple(name for name in CELLS if CELLS[name].subject == "anatomy"))
average_pathology = partial(average_of, cells=tuple(name for name in CELLS if CELLS[name].subject == "pathology"))
