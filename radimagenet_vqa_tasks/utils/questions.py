"""The Question columns: the one form that every benchmark's rows are turned into.

An adapter (`radvqa.py`, ...) makes them from a data set's own columns; prompts, extraction, outcomes and records read
nothing else. All of it works on Arrow columns: no image is decoded here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, Image, concatenate_datasets

from radimagenet_vqa_tasks.utils.cells import Format

IMAGE = "image"
WITH_IMAGE = "with_image"


@dataclass(frozen=True)
class Questions:
    """The Question columns of a whole data set; one entry a row in each.

    Attributes:
        question: the text as the data set has it, without options or instructions.
        choices: the options' texts, letters left off; empty unless the format is "mc".
        target: the right answer: a capital letter for "mc", "yes" or "no" for "closed", a text for "open".
        format: "open", "closed" or "mc".
        key: unique in the data set, and the same wherever the data are the same.
        cluster: what the row shares with others (its image), so that errors can be clustered.
        cell: the task's short name, for instance "pathology_mc".
        facets: what results are broken down by; every row has the same names.
    """

    question: Sequence[str]
    choices: Sequence[Sequence[str]]
    target: Sequence[str]
    format: Sequence[Format]
    key: Sequence[str]
    cluster: Sequence[str]
    cell: Sequence[str]
    facets: Sequence[Mapping[str, str | bool]]


def question_dataset(rows: Dataset, questions: Questions) -> Dataset:
    """`questions` beside the undecoded `image` column of `rows`, plus what every record must say of its data."""
    images = without_decoding(rows.select_columns([IMAGE]))
    table = pa.table(
        {
            "question": pa.array(questions.question, pa.string()),
            "choices": pa.array(questions.choices, pa.list_(pa.string())),
            "target": pa.array(questions.target, pa.string()),
            "format": pa.array(questions.format, pa.string()),
            "key": pa.array(questions.key, pa.string()),
            "cluster": pa.array(questions.cluster, pa.string()),
            "cell": pa.array(questions.cell, pa.string()),
            "facets": pa.array(questions.facets),
            "fingerprint": pa.array([fingerprint(rows)] * len(rows), pa.string()),
        }
    )
    return concatenate_datasets([images, Dataset(table), _constant(WITH_IMAGE, True, len(rows))], axis=1)


def without_decoding(rows: Dataset) -> Dataset:
    """The same rows with their image column as stored: {bytes, path}."""
    return rows.cast_column(IMAGE, Image(decode=False))


def without_images(questions: Dataset) -> Dataset:
    """The same questions for a model that is to see none of the images: there is no column to decode."""
    blind = _constant(WITH_IMAGE, False, len(questions))
    return concatenate_datasets([questions.remove_columns([IMAGE, WITH_IMAGE]), blind], axis=1)


def _constant(name: str, value: bool, length: int) -> Dataset:
    return Dataset(pa.table({name: pa.array([value] * length)}))


def fingerprint(rows: Dataset) -> str:
    """A digest of all that a model is shown or scored by: every column's values and the images' bytes, in row order.

    The same data give the same 16 hexadecimal digits whatever file, cache or library version they come from.
    """
    digest = hashlib.sha256()
    table = rows.with_format("arrow")[:]
    for name in sorted(table.column_names):
        digest.update(name.encode())
        if name == IMAGE:
            _add_images(digest, pc.struct_field(table[name], "bytes"))
        else:
            digest.update(repr(table[name].to_pylist()).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def _add_images(digest: hashlib._Hash, column: pa.ChunkedArray) -> None:
    """Add each image, or a mark where it is the one before it: nine rows in a row hold the same."""
    before = None
    for chunk in column.chunks:
        for scalar in chunk:
            image = scalar.as_buffer() if scalar.is_valid else pa.py_buffer(b"")
            if before is not None and image.equals(before):
                digest.update(b"=")
            else:
                digest.update(b"!" + len(image).to_bytes(8, "little"))
                digest.update(image)
            before = image
