"""The Question columns: the one form that every benchmark's rows are turned into.

An adapter (`radvqa.py`, ...) makes them from a data set's own columns; prompts, extraction, outcomes and records read
nothing else. All of it works on Arrow columns: no image is decoded here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetInfo, Features, Image, concatenate_datasets
from datasets import Sequence as ListOf

from radimagenet_vqa_tasks.benchmarks.cells import Format

IMAGE = "image"
"""The image column of the data sets that have one image a row."""
IMAGES = "images"
ARM = "arm"

# An image is its file's bytes or, where they are null, the file at `path`.
_IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_FEATURES = Features({IMAGES: ListOf(Image(decode=False))})


@dataclass(frozen=True)
class Questions:
    """The Question columns of a whole data set; one entry a row in each.

    Attributes:
        question: the text as the data set has it, without options or instructions.
        choices: the options' texts, letters left off; empty unless the format is "mc".
        target: the right answer: a capital letter for "mc", "yes" or "no" for "closed", a text for the others.
        format: "open", "closed", "mc" or "phrase".
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


def question_dataset(images: pa.ChunkedArray, questions: Questions, data_fingerprint: str) -> Dataset:
    """`questions` beside their undecoded images (lists of {bytes, path}), plus what every record says of its data."""
    count = len(questions.key)
    table = {
        "question": pa.array(questions.question, pa.string()),
        "choices": pa.array(questions.choices, pa.list_(pa.string())),
        "target": pa.array(questions.target, pa.string()),
        "format": pa.array(questions.format, pa.string()),
        "key": pa.array(questions.key, pa.string()),
        "cluster": pa.array(questions.cluster, pa.string()),
        "cell": pa.array(questions.cell, pa.string()),
        "facets": pa.array(questions.facets),
        "fingerprint": pa.array([data_fingerprint] * count, pa.string()),
    }
    # With a name of its own, for `datasets` would make one from a copy of all the images.
    pictures = Dataset(pa.table({IMAGES: images}), DatasetInfo(features=_FEATURES), fingerprint=data_fingerprint)
    return concatenate_datasets([pictures, Dataset(pa.table(table)), _constant(ARM, "image", count)], axis=1)


def without_images(questions: Dataset) -> Dataset:
    """The same questions for a model that is to see none of the images: there is no column to decode."""
    blind = _constant(ARM, "textonly", len(questions))
    return concatenate_datasets([questions.remove_columns([IMAGES, ARM]), blind], axis=1)


def _constant(name: str, value: str, length: int) -> Dataset:
    return Dataset(pa.table({name: pa.array([value] * length)}))


def image_column(rows: Dataset, name: str = IMAGE) -> pa.ChunkedArray:
    """A column of images as stored, {bytes, path}: views of the data set's own buffers."""
    column = rows.select_columns([name]).with_format("arrow")[:][name]
    # Where no row has an image, a data set may have lost the column's type.
    return pa.chunked_array([pa.nulls(len(column), _IMAGE_TYPE)]) if pa.types.is_null(column.type) else column


def one_image_each(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of images as lists of one; the images themselves are not copied."""
    chunks = [
        pa.ListArray.from_arrays(pa.array(range(len(chunk) + 1), pa.int32()), _as_stored(chunk))
        for chunk in column.chunks
    ]
    return pa.chunked_array(chunks, pa.list_(_IMAGE_TYPE))


def several_images_each(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Several columns of images, with nulls, as lists of those that there are, in the columns' order."""
    held = [pc.is_valid(column).to_pylist() for column in columns]
    length = len(held[0])
    everything = pa.concat_arrays([_as_stored(chunk) for column in columns for chunk in column.chunks])
    taken, offsets = [], [0]
    for row in range(length):
        taken += [place * length + row for place, valid in enumerate(held) if valid[row]]
        offsets.append(len(taken))
    images = everything.take(pa.array(taken, pa.int64()))
    return pa.chunked_array([pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), images)])


def files_as_images(paths: Iterable[Path]) -> pa.ChunkedArray:
    """Lists of one image each, which stays in its file until a model looks at it."""
    return pa.chunked_array([pa.array([[{"bytes": None, "path": str(path)}] for path in paths], pa.list_(_IMAGE_TYPE))])


def _as_stored(chunk: pa.StructArray) -> pa.StructArray:
    """The chunk in `_IMAGE_TYPE`. An image without bytes loses its path: no row may name a file of this machine."""
    stored = pc.struct_field(chunk, "bytes").cast(pa.binary())
    path = pc.if_else(pc.is_valid(stored), pc.struct_field(chunk, "path").cast(pa.string()), None)
    return pa.StructArray.from_arrays([stored, path], fields=list(_IMAGE_TYPE))


def fingerprint(rows: Dataset, files: Iterable[Path] = ()) -> str:
    """A digest of all that a model is shown or scored by: every column's values and the images' bytes, in row order.

    The same data give the same 16 hexadecimal digits whatever file, cache or library version they come from. `files`
    are images that the rows only name.
    """
    digest = hashlib.sha256()
    table = rows.with_format("arrow")[:]
    for name in sorted(table.column_names):
        digest.update(name.encode())
        if is_image(table.schema.field(name).type):
            _add_images(digest, pc.struct_field(table[name], "bytes"))
        else:
            digest.update(repr(table[name].to_pylist()).encode("utf-8", "surrogatepass"))
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def is_image(kind: pa.DataType) -> bool:
    """Whether a column of this Arrow type holds images."""
    return pa.types.is_struct(kind) and {field.name for field in kind} == {"bytes", "path"}


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
