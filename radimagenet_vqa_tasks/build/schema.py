"""The columns of the three configurations, in the types of the files on the hub, and how rows are put into them.

`alignment` is {image, conversations, metadata}, `instruct` and `benchmark` are {image, question, choices, answer,
question_type, metadata}. An image is a cell {bytes, path}: its file's bytes, as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.data.provenance import BUILT

METADATA = pa.struct(
    [
        ("content_type", pa.string()),
        ("correct_text", pa.null()),
        ("is_abnormal", pa.bool_()),
        ("location", pa.string()),
        ("modality", pa.string()),
        ("pathology", pa.string()),
        ("question_id", pa.string()),
    ]
)
CELL = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
QUESTIONS = pa.schema(
    [
        ("image", CELL),
        ("question", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("answer", pa.string()),
        ("question_type", pa.string()),
        ("metadata", METADATA),
    ]
)
CONVERSATIONS = pa.schema(
    [
        ("image", CELL),
        ("conversations", pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())]))),
        ("metadata", METADATA),
    ]
)
SCHEMAS: Mapping[str, pa.Schema] = {"alignment": CONVERSATIONS, "instruct": QUESTIONS, "benchmark": QUESTIONS}

_TEXTS = (
    "image.path",
    "question",
    "choices.list.element",
    "answer",
    "question_type",
    *(f"conversations.list.element.{name}" for name in ("from", "value")),
    *(f"metadata.{field.name}" for field in METADATA),
)


def features(schema: pa.Schema) -> dict[str, Any]:
    """What the `datasets` library calls these columns; what makes it see images in `image`."""
    return {field.name: {"_type": "Image"} if field.name == "image" else _feature(field.type) for field in schema}


def _feature(kind: pa.DataType) -> Any:
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        # Forms that older releases of the library read too; a Sequence of a struct would be turned inside out.
        return [inner] if pa.types.is_struct(kind.value_type) else {"feature": inner, "_type": "Sequence"}
    return {"dtype": str(kind), "_type": "Value"}


def cells(images: Sequence[bytes], paths: Sequence[str]) -> pa.StructArray:
    """Images as cells {bytes, path}."""
    return pa.StructArray.from_arrays([_bytes(images, pa.binary()), strings(paths)], fields=list(CELL))


def strings(texts: Sequence[str]) -> pa.Array:
    """An Arrow column of texts."""
    return _bytes([text.encode("utf-8", "surrogateescape") for text in texts], pa.string())


def _bytes(values: Sequence[bytes], kind: pa.DataType) -> pa.Array:
    # Arrow's own conversion of lists imports pandas first, if it is there: a second for every process.
    offsets = _offsets(map(len, values), len(values))
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))])


def _offsets(lengths: Iterable[int], count: int) -> NDArray[np.int32]:
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.fromiter(lengths, np.int64, count), out=offsets[1:])
    return offsets


def repeated(images: pa.StructArray, times: int | Sequence[int]) -> pa.StructArray:
    """The image column of rows of which so many in turn share an image: each image is held, and written, once."""
    place = np.repeat(np.arange(len(images), dtype=np.int32), times)
    shared = pa.Array.from_buffers(pa.int32(), len(place), [None, pa.py_buffer(place)])
    held = [pa.DictionaryArray.from_arrays(shared, images.field(index)) for index in range(2)]
    return pa.StructArray.from_arrays(held, names=["bytes", "path"])


def columns(schema: pa.Schema, images: pa.StructArray, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A table of `rows` beside their images."""
    texts = [column([row[field.name] for row in rows], field.type) for field in schema if field.name != "image"]
    names = [field.name for field in schema if field.name != "image"]
    return pa.Table.from_arrays([images, *texts], names=["image", *names])


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An Arrow column of these values; only lists may be None."""
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    if pa.types.is_string(kind):
        return strings(values)
    if pa.types.is_boolean(kind):
        packed = np.packbits(np.array(values, np.bool_), bitorder="little")
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(packed)])
    if pa.types.is_struct(kind):
        fields = [column([value[field.name] for value in values], field.type) for field in kind]
        return pa.StructArray.from_arrays(fields, fields=list(kind))
    return _lists(values, kind)


def _lists(values: Sequence[Sequence[Any] | None], kind: pa.DataType) -> pa.Array:
    held = np.packbits(np.array([value is not None for value in values], np.bool_), bitorder="little")
    offsets = _offsets((len(value or ()) for value in values), len(values))
    inner = column([item for value in values for item in value or ()], kind.value_type)
    return pa.Array.from_buffers(kind, len(values), [pa.py_buffer(held), pa.py_buffer(offsets)], children=[inner])


class Writer:
    """A Parquet file of one configuration. The same tables give the same bytes."""

    def __init__(self, file: Path, config: str, about: Mapping[str, Any]) -> None:
        """`about` is what the file says of itself under `BUILT`, for instance how many images the data set has."""
        self.schema = SCHEMAS[config]
        self._file, self._about = file, {"config": config, "version": __version__, **about}
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        """Add one row group."""
        if self._writer is None:
            self._writer = _open(self._file, table.schema)
        self._writer.write_table(table, row_group_size=max(1, len(table)))

    def close(self) -> None:
        """Finish the file."""
        if self._writer is None:
            self.write(self.schema.empty_table())
        described = {"info": {"features": features(self.schema)}}
        self._writer.add_key_value_metadata(
            {b"huggingface": json.dumps(described).encode(), BUILT: json.dumps(self._about, sort_keys=True).encode()}
        )
        self._writer.close()


def _open(file: Path, schema: pa.Schema) -> Any:
    """A writer that stores an image shared by several rows once, and no compression on what is compressed already."""
    return pq.ParquetWriter(
        file,
        schema,
        compression="none",
        write_statistics=False,
        store_schema=False,  # it would say that images are dictionaries, which is how they are written only
        # An image is looked up among those before it only where rows share it.
        use_dictionary=[column for column in _TEXTS if column.split(".")[0] in schema.names]
        + (["image.bytes"] if pa.types.is_dictionary(schema.field("image").type.field("bytes").type) else []),
        dictionary_pagesize_limit=1 << 30,
    )
