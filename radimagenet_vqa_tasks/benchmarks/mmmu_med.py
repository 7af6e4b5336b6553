"""MMMU's five Health & Medicine subjects (`MMMU/MMMU`, validation) as Question columns, and their tasks' functions.

Only multiple-choice questions are asked, as in the paper. A question has up to seven images; its text and options
refer to them as "<image 1>", and the model sees them in that order before the text. The options are a string that
holds a Python list: it is parsed, never evaluated.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow.compute as pc
from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES
from radimagenet_vqa_tasks.data.adapter import Adapter, raise_faults, require_columns
from radimagenet_vqa_tasks.data.questions import (
    Questions,
    fingerprint,
    image_column,
    question_dataset,
    several_images_each,
)
from radimagenet_vqa_tasks.utils.aggregation import average_of
from radimagenet_vqa_tasks.utils.prompts import LETTERS

FAMILY = FAMILIES["mmmu_med"]
IMAGE_COLUMNS = tuple(f"image_{number}" for number in range(1, 8))
COLUMNS = ("id", "question", "options", "answer", "question_type", "subfield", "topic_difficulty", *IMAGE_COLUMNS)
LONGEST_OPTIONS = 20_000  # characters

CONFIGURATIONS: Mapping[str, str] = {
    "Basic_Medical_Science": "mmmu_med_mc_basic_medical_science",
    "Clinical_Medicine": "mmmu_med_mc_clinical_medicine",
    "Diagnostics_and_Laboratory_Medicine": "mmmu_med_mc_diagnostics",
    "Pharmacy": "mmmu_med_mc_pharmacy",
    "Public_Health": "mmmu_med_mc_public_health",
}
"""The hub's configurations and their cells. A row's id tells its configuration: "validation_Pharmacy_7"."""

_ID = re.compile(r"validation_(?P<subject>\w+)_\d+")


def _adapt(rows: Dataset) -> Dataset:
    text, clusters = read(rows)
    raise_faults(faults(text, clusters), FAMILY.title, "radvqa verify --family mmmu_med")
    of_all = fingerprint(rows)
    asked = [index for index, row in enumerate(text) if is_asked(row)]
    rows = rows.select(asked)
    text, clusters = [text[index] for index in asked], [clusters[index] for index in asked]
    cells = [CONFIGURATIONS[_subject(row)] for row in text]
    return question_dataset(
        several_images_each([image_column(rows, name) for name in IMAGE_COLUMNS]),
        Questions(
            question=[row["question"] for row in text],
            choices=[parse_options(row["options"]) for row in text],
            target=[row["answer"] for row in text],
            format=["mc"] * len(text),
            key=[row["id"] for row in text],
            cluster=clusters,
            cell=cells,
            facets=[_facets(row, cell) for row, cell in zip(text, cells, strict=True)],
        ),
        of_all,
    )


adapter = Adapter(FAMILY.name, _adapt)


def read(rows: Dataset) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows without their images, and for each a digest of its images ("" where there are none).

    Raises DataError where a column is missing.
    """
    require_columns(rows, COLUMNS, "MMMU", "Use the validation split of MMMU/MMMU's Health & Medicine subjects.")
    text = rows.remove_columns(list(IMAGE_COLUMNS)).with_format("arrow")[:].to_pylist()
    digests = [hashlib.sha256() for _ in text]
    images = Counter[int]()
    for name in IMAGE_COLUMNS:
        column = pc.struct_field(image_column(rows, name), "bytes")
        for index, image in enumerate(image for chunk in column.chunks for image in chunk):
            if image.is_valid:
                digests[index].update(hashlib.sha256(image.as_buffer()).digest())
                images[index] += 1
    return text, [digest.hexdigest()[:16] if images[index] else "" for index, digest in enumerate(digests)]


def is_asked(row: Mapping[str, Any]) -> bool:
    """Whether a row is a multiple-choice question; the others, a few a subject, have no task."""
    return bool(row["question_type"] == "multiple-choice")


def faults(text: Sequence[Mapping[str, Any]], clusters: Sequence[str]) -> list[str]:
    """What is wrong with these rows, one message a fault; see `read`."""
    found = [
        f"question {row['id']!r}: {fault}"
        for row, cluster in zip(text, clusters, strict=True)
        for fault in [_fault(row, cluster)]
        if fault
    ]
    ids = Counter(row["id"] for row in text)
    return found + [f"question {name!r} is there {count} times" for name, count in ids.items() if count > 1]


def _fault(row: Mapping[str, Any], cluster: str) -> str | None:
    if _subject(row) not in CONFIGURATIONS:
        return f"its id names none of the subjects {', '.join(CONFIGURATIONS)} of the validation split"
    if row["question_type"] not in ("multiple-choice", "open"):
        return f"the question_type {row['question_type']!r} is neither 'multiple-choice' nor 'open'"
    if not is_asked(row):
        return None
    if not (row["question"] or "").strip():
        return "the question is empty"
    if not cluster:
        return "it has no image"
    try:
        letters = LETTERS[: len(parse_options(row["options"]))]
    except ValueError as error:
        return f"options {error}"
    if not row["answer"] or row["answer"] not in set(letters):
        return f"the answer {row['answer']!r} is not one of the letters {', '.join(letters)}"
    return None


def parse_options(options: str | None) -> list[str]:
    """The list of texts that a string holds in Python's notation. Raises ValueError, saying what is wrong with it."""
    if not options or len(options) > LONGEST_OPTIONS:
        raise ValueError("is empty" if not options else f"is longer than {LONGEST_OPTIONS:,} characters")
    try:
        parsed = ast.literal_eval(options)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise ValueError(f"{options[:60]!r} is no list of texts") from None
    if not isinstance(parsed, list) or not all(isinstance(option, str) and option.strip() for option in parsed):
        raise ValueError(f"{options[:60]!r} is no list of texts")
    if not 2 <= len(parsed) <= len(LETTERS):
        raise ValueError(f"holds {len(parsed)} options")
    return parsed


def _subject(row: Mapping[str, Any]) -> str:
    found = _ID.fullmatch(row["id"] or "")
    return found["subject"] if found else ""


def _facets(row: Mapping[str, Any], cell: str) -> dict[str, str | bool]:
    return {
        "subject": FAMILY.cells[cell].title,
        "subfield": row["subfield"] or "",
        "topic_difficulty": row["topic_difficulty"] or "",
    }


def __getattr__(name: str) -> partial[Dataset]:
    # The task files name mmmu_med.mmmu_med_mc_pharmacy, mmmu_med.mmmu_med_mc_pharmacy_textonly and so on.
    return adapter.process_docs(name)


average = partial(average_of, cells=tuple(FAMILY.cells))
