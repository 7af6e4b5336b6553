"""RadImageNet-VQA's rows as Question columns, and the functions that its task files name.

The benchmark has nine questions an image. Which of the nine a row is, its `metadata.question_id` says, except for the
two multiple-choice ones, whose ids nobody has published: those are told by question_type and content_type. Closed+ and
Closed- go by question_id too, not by answer: on normal images the pathology Closed+ question has the answer "no".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import pyarrow.compute as pc
from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.cells import CELLS, Cell
from radimagenet_vqa_tasks.data.adapter import Adapter, raise_faults
from radimagenet_vqa_tasks.data.provenance import marked
from radimagenet_vqa_tasks.data.questions import (
    IMAGE,
    Questions,
    fingerprint,
    image_column,
    one_image_each,
    question_dataset,
)
from radimagenet_vqa_tasks.data.sources import built_images
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.taxonomy import clean_label, regions
from radimagenet_vqa_tasks.utils.aggregation import average_of
from radimagenet_vqa_tasks.utils.prompts import LETTERS

IMAGES = 1000  # of the benchmark; the paper, section 3.2

COLUMNS = (IMAGE, "question", "choices", "answer", "question_type", "metadata")
METADATA = ("content_type", "is_abnormal", "location", "modality", "pathology", "question_id")

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
    """The questions of one cell as Question columns; see `Adapter.questions`.

    `images` is how many images the whole data set must have (None: any number).
    """
    return adapter(images).questions(rows, cell, with_image=with_image)


@cache
def adapter(images: int | None) -> Adapter:
    """The adapter that insists on so many images (None: any number)."""
    return Adapter("radvqa", partial(_adapt, images=images))


def _adapt(rows: Dataset, images: int | None) -> Dataset:
    text, clusters = read(rows)
    built = built_images("radvqa") if images is not None else None
    raise_faults(faults(text, clusters, built or images), "RadImageNet-VQA", "radvqa verify")
    cells = [cell for row in text if (cell := cell_of(row))]
    return question_dataset(
        one_image_each(image_column(rows)),
        Questions(
            question=[row["question"] for row in text],
            choices=[row["choices"] or [] for row in text],
            target=[row["answer"] for row in text],
            format=[cell.format for cell in cells],
            key=[f"{cluster}:{cell.name}" for cluster, cell in zip(clusters, cells, strict=True)],
            cluster=clusters,
            cell=[cell.name for cell in cells],
            facets=[_facets(row["metadata"], cell) for row, cell in zip(text, cells, strict=True)],
        ),
        marked(fingerprint(rows)) if built else fingerprint(rows),
    )


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
    paths = pc.struct_field(image_column(rows), "path").to_pylist()
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


def process_docs(name: str, *, images: int | None) -> partial[Dataset]:
    """The `process_docs` of the task called `name`: a cell, with "_textonly" for its twin without images."""
    return adapter(images).process_docs(name)


def __getattr__(name: str) -> partial[Dataset]:
    # The task files name radvqa.anatomy_open, radvqa.anatomy_open_textonly and so on: eighteen alike.
    return process_docs(name, images=IMAGES)


average = partial(average_of, cells=tuple(CELLS))
average_anatomy = partial(average_of, cells=tuple(name for name in CELLS if CELLS[name].subject == "anatomy"))
average_pathology = partial(average_of, cells=tuple(name for name in CELLS if CELLS[name].subject == "pathology"))
