"""The Question columns: the one form that every benchmark's rows are turned into.

The adapter makes them from a data set's own columns; prompts, reading, outcomes and records see nothing else. All of it
works on Arrow columns: no image is decoded here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetInfo, Features, Image, concatenate_datasets
from datasets import Sequence as ListOf

from radimagenet_vqa_tasks.benchmarks.benchmark import Question
from radimagenet_vqa_tasks.scoring.record import ArmName, Shown

IMAGE = "image"
"""The image column of the data sets that have one image a row."""
IMAGES = "images"
ARM = "arm"
SHOWN = "shown"

# An image is its file's bytes or, where they are null, the file at `path`.
_IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_SHOWN_TYPE = pa.struct([("key", pa.string()), ("target", pa.string())])
_TEXT_COLUMNS = ("question", "target", "format", "key", "cluster", "picture", "cell")
_FEATURES = Features({IMAGES: ListOf(Image(decode=False))})


class StoredImages:
    """A data set's images as they are stored: {bytes, path}, in the data set's own buffers, none of them decoded."""

    def __init__(self, columns: Sequence[pa.ChunkedArray], rows: int) -> None:
        self._columns = [
            pa.chunked_array([_as_stored(chunk) for chunk in column.chunks], _IMAGE_TYPE) for column in columns
        ]
        self._paths = [pc.struct_field(column, "path").to_pylist() for column in columns]
        self._held = [pc.is_valid(column).to_pylist() for column in columns]
        self._rows = rows
        self._digests: dict[int, str] = {}

    def path(self, row: int) -> str | None:
        """The name of the row's first image."""
        return next((paths[row] for paths in self._paths if paths[row]), None)

    def held(self, row: int) -> int:
        """How many images the row has."""
        return sum(valid[row] for valid in self._held)

    def digest(self, row: int) -> str:
        """A digest of the bytes of the row's images, "" where it has none."""
        if row not in self._digests:
            stored = [image["bytes"] for column in self._columns for image in [column[row]] if image.is_valid]
            digest = hashlib.sha256()
            for image in stored:
                digest.update(hashlib.sha256(image.as_buffer() if image.is_valid else b"").digest())
            self._digests[row] = digest.hexdigest()[:16] if any(image.is_valid for image in stored) else ""
        return self._digests[row]

    def each(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Row by row in each column: the image, None where there is none."""
        for column, held in zip(self._columns, self._held, strict=True):
            for row, image in enumerate(column):
                yield row, image.as_py() if held[row] else None

    def of_rows(self, rows: Sequence[int]) -> pa.ChunkedArray:
        """A list of images for each of these rows, in the columns' order. The images themselves are not copied."""
        if not self._columns or not rows:
            return pa.chunked_array([pa.array([[]] * len(rows), pa.list_(_IMAGE_TYPE))])
        if len(self._columns) > 1:
            return self._gathered(rows)
        [column] = self._columns
        pieces = [column.slice(start, length) for start, length in _runs(rows)]
        chunks = [chunk for piece in pieces for chunk in piece.chunks if len(chunk)]
        return pa.chunked_array([_lists_of_one(chunk) for chunk in chunks], pa.list_(_IMAGE_TYPE))

    def _gathered(self, rows: Sequence[int]) -> pa.ChunkedArray:
        """Several columns, with nulls, as lists of those images that there are."""
        everything = pa.concat_arrays([chunk for column in self._columns for chunk in column.chunks])
        taken, offsets = [], [0]
        for row in rows:
            taken += [place * self._rows + row for place, valid in enumerate(self._held) if valid[row]]
            offsets.append(len(taken))
        images = everything.take(pa.array(taken, pa.int64()))
        return pa.chunked_array([pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), images)])


def stored_images(rows: Dataset, names: Sequence[str]) -> StoredImages:
    """The images in these columns of a data set."""
    return StoredImages([image_column(rows, name) for name in names], len(rows))


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring rows as (first, how many), so that a whole data set stays in few pieces."""
    start, length = rows[0], 1
    for row in rows[1:]:
        if row == start + length:
            length += 1
        else:
            yield start, length
            start, length = row, 1
    yield start, length


def _lists_of_one(chunk: pa.StructArray) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(range(len(chunk) + 1), pa.int32()), chunk)


def question_dataset(
    images: pa.ChunkedArray | None,
    questions: Sequence[Question],
    data_fingerprint: str,
    benchmark: str,
    arm: ArmName = "image",
) -> Dataset:
    """`questions` beside their undecoded images (lists of {bytes, path}), plus what every record says of its data.

    Without images there is no column that could be decoded.
    """
    columns = {name: [getattr(one, name) for one in questions] for name in _TEXT_COLUMNS}
    table = {
        **{name: pa.array(values, pa.string()) for name, values in columns.items()},
        "views": pa.array([list(one.views) for one in questions], pa.list_(pa.string())),
        "choices": pa.array([list(one.choices) for one in questions], pa.list_(pa.string())),
        "facets": pa.array([dict(one.facets) for one in questions]),
        "fingerprint": pa.array([data_fingerprint] * len(questions), pa.string()),
        SHOWN: pa.array([_as_dict(one.shown) for one in questions], _SHOWN_TYPE),
    }
    shared = [Dataset(pa.table(table)), _constant(ARM, arm, len(questions))]
    if images is None:
        return concatenate_datasets(shared, axis=1)
    # With a name of its own, for `datasets` would make one from a copy of all the images.
    name = f"{data_fingerprint}-{benchmark}-{arm}"
    pictures = Dataset(pa.table({IMAGES: images}), DatasetInfo(features=_FEATURES), fingerprint=name)
    return concatenate_datasets([pictures, *shared], axis=1)


def in_arm(questions: Dataset, arm: ArmName) -> Dataset:
    """The same questions, and images, in another arm."""
    return concatenate_datasets([questions.remove_columns([ARM]), _constant(ARM, arm, len(questions))], axis=1)


def _as_dict(shown: Shown | None) -> dict[str, str | None] | None:
    return None if shown is None else {"key": shown.key, "target": shown.target}


def _constant(name: str, value: str, length: int) -> Dataset:
    return Dataset(pa.table({name: pa.array([value] * length)}))


def image_column(rows: Dataset, name: str = IMAGE) -> pa.ChunkedArray:
    """A column of images as stored, {bytes, path}: views of the data set's own buffers."""
    column = rows.select_columns([name]).with_format("arrow")[:][name]
    # Where no row has an image, a data set may have lost the column's type.
    return pa.chunked_array([pa.nulls(len(column), _IMAGE_TYPE)]) if pa.types.is_null(column.type) else column


def files_as_images(paths: Iterable[Sequence[Path]]) -> pa.ChunkedArray:
    """Lists of images, each of which stays in its file until a model looks at it."""
    lists = [[{"bytes": None, "path": str(path)} for path in of_question] for of_question in paths]
    return pa.chunked_array([pa.array(lists, pa.list_(_IMAGE_TYPE))])


def _as_stored(chunk: pa.StructArray) -> pa.StructArray:
    """The chunk in `_IMAGE_TYPE`. An image without bytes loses its path: no row may name a file of this machine."""
    stored = pc.struct_field(chunk, "bytes").cast(pa.binary())
    path = pc.if_else(pc.is_valid(stored), pc.struct_field(chunk, "path").cast(pa.string()), None)
    return pa.StructArray.from_arrays([stored, path], fields=list(_IMAGE_TYPE))
