"""VQA-RAD's rows (`flaviagiammarino/vqa-rad`, test) as Question columns, and the functions that its task files name.

The data set has an image, a question and an answer, and nothing else. A question is closed if its answer is yes or no,
as in the paper's tool. Many questions share an image, and some are there twice; both are told by content.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import pyarrow.compute as pc
from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES, Format
from radimagenet_vqa_tasks.data.adapter import Adapter, raise_faults, require_columns
from radimagenet_vqa_tasks.data.questions import (
    IMAGE,
    Questions,
    fingerprint,
    image_column,
    one_image_each,
    question_dataset,
)
from radimagenet_vqa_tasks.utils.aggregation import average_of

FAMILY = FAMILIES["vqarad"]
QUESTIONS = 451  # of the test split
COLUMNS = (IMAGE, "question", "answer")

_CELLS: dict[Format, str] = {"open": "vqarad_open", "closed": "vqarad_closed"}


@cache
def adapter(expected: int | None) -> Adapter:
    """The adapter that insists on so many questions (None: any number)."""
    return Adapter(FAMILY.name, partial(_adapt, expected=expected))


def _adapt(rows: Dataset, expected: int | None) -> Dataset:
    text, clusters = read(rows)
    raise_faults(faults(text, clusters, expected), FAMILY.title, "radvqa verify --family vqarad")
    targets = [row["answer"].strip() for row in text]
    formats = [_format(target) for target in targets]
    return question_dataset(
        one_image_each(image_column(rows)),
        Questions(
            question=[row["question"] for row in text],
            choices=[[]] * len(text),
            target=[
                target.lower() if form == "closed" else target for target, form in zip(targets, formats, strict=True)
            ],
            format=formats,
            key=_keys(text, clusters),
            cluster=clusters,
            cell=[_CELLS[form] for form in formats],
            facets=[{}] * len(text),
        ),
        fingerprint(rows),
    )


def read(rows: Dataset) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows without their images, and for each a digest of its image ("" where there is none).

    Raises DataError where a column is missing.
    """
    require_columns(rows, COLUMNS, FAMILY.title, "Use the test split of flaviagiammarino/vqa-rad.")
    text = rows.remove_columns(IMAGE).with_format("arrow")[:].to_pylist()
    images = pc.struct_field(image_column(rows), "bytes")
    return text, [_digest(image.as_buffer()) if image.is_valid else "" for chunk in images.chunks for image in chunk]


def faults(text: Sequence[dict[str, Any]], clusters: Sequence[str], expected: int | None) -> list[str]:
    """What is wrong with these rows, one message a fault; see `read`."""
    found = []
    for index, (row, cluster) in enumerate(zip(text, clusters, strict=True)):
        for name in ("question", "answer"):
            if not (row[name] or "").strip():
                found.append(f"row {index}: the {name} is empty")
        if not cluster:
            found.append(f"row {index}: the image is missing")
    if expected is not None and len(text) != expected:
        found.append(f"the test split has {expected:,} questions; here are {len(text):,} (for a part, use --limit)")
    return found


def _format(target: str) -> Format:
    return "closed" if target.lower() in ("yes", "no") else "open"


def _keys(text: Sequence[dict[str, Any]], clusters: Sequence[str]) -> list[str]:
    """A name of each row by its content; the second of two equal rows is "...#2"."""
    seen: Counter[str] = Counter()
    keys = []
    for row, cluster in zip(text, clusters, strict=True):
        key = f"{cluster}:{_digest(repr((row['question'], row['answer'])).encode('utf-8', 'surrogatepass'))}"
        seen[key] += 1
        keys.append(key if seen[key] == 1 else f"{key}#{seen[key]}")
    return keys


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def __getattr__(name: str) -> partial[Dataset]:
    # The task files name vqarad.vqarad_open, vqarad.vqarad_open_textonly and so on.
    return adapter(QUESTIONS).process_docs(name)


average = partial(average_of, cells=tuple(FAMILY.cells))
