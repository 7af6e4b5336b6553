"""The types of a data set's columns, looked at before any value is.

A copy that went through CSV or a data frame has the same names and other types: a list of options becomes one text,
whose letters would be options, and `False` becomes a text, which is true. So every column that a benchmark reads must
be of the kind that it says; images are files with a name, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Kind
from radimagenet_vqa_tasks.errors import DataError


def require_columns(benchmark: Benchmark, rows: Dataset) -> None:
    """Raise DataError where a column is missing, of another kind than the benchmark says, or no sound text."""
    missing = [name for name in benchmark.columns if name not in rows.column_names]
    if missing:
        found = ", ".join(rows.column_names)
        raise _other_data(benchmark, f"column {', '.join(missing)} is missing (found: {found})")
    table = rows.with_format("arrow")[:]
    for name in benchmark.columns:
        kind: Kind = "image" if name in benchmark.images else benchmark.kinds.get(name, "text")
        for place, column in _parts(name, table[name], kind):
            if isinstance(column, str):
                raise _other_data(benchmark, f"{place} holds {column}")
            _require_text(benchmark, place, column)


def _parts(name: str, column: pa.ChunkedArray, kind: Kind) -> Iterable[tuple[str, pa.ChunkedArray | str]]:
    """The column's parts that hold values, each with its place; of one that is of another kind, what is wrong."""
    if pa.types.is_null(column.type):
        return  # nothing in any row: the benchmark says of each what it lacks
    if isinstance(kind, Mapping):
        if not pa.types.is_struct(column.type):
            yield name, _instead(column, f"fields ({', '.join(kind)})")
            return
        held = {column.type.field(at).name for at in range(column.type.num_fields)}
        for field, inner in kind.items():
            if field in held:
                yield from _parts(f"{name}.{field}", pc.struct_field(column, field), inner)
        return
    fits, said = _KINDS[kind]
    if not fits(column.type):
        yield name, _instead(column, said)
    elif kind == "image":
        yield name, pc.struct_field(column, "path")
    else:
        yield name, column


def _instead(column: pa.ChunkedArray, wanted: str) -> str:
    """What a column holds in the place of what is wanted, with the first row that shows it."""
    for row, value in enumerate(column):
        if value.is_valid:
            return f"{column.type}, where {wanted} belong (row {row}: {_shown(value)})"
    return f"{column.type}, where {wanted} belong"


def _shown(value: pa.Scalar) -> str:
    try:
        return f"{value.as_py()!r:.60}"
    except (UnicodeDecodeError, ValueError, OverflowError):
        return "no text"


def _require_text(benchmark: Benchmark, name: str, column: pa.ChunkedArray) -> None:
    """Raise DataError where a text is no UTF-8, which Arrow takes on trust."""
    start = 0
    for chunk in column.chunks:
        try:
            chunk.validate(full=True)
        except pa.ArrowInvalid:
            row = next((start + at for at, value in enumerate(chunk) if _shown(value) == "no text"), start)
            raise _other_data(benchmark, f"{name} holds bytes that are no UTF-8 text (row {row})") from None
        start += len(chunk)


def _other_data(benchmark: Benchmark, found: str) -> DataError:
    source = benchmark.source
    where = " or ".join(source.files.format(part) for part in benchmark.parts)
    return DataError(
        f"this is not {source.title}: {found}. Use {where} of {source.repository} as it is published; a copy through "
        "CSV or a data frame has other types."
    )


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)


def _is_list_of_texts(kind: pa.DataType) -> bool:
    return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_text(kind.value_type)


def _is_image(kind: pa.DataType) -> bool:
    if not pa.types.is_struct(kind):
        return False
    fields = {field.name: field.type for field in kind}
    stored = fields.get("bytes")
    binary = stored is not None and (
        pa.types.is_binary(stored) or pa.types.is_large_binary(stored) or pa.types.is_null(stored)
    )
    return binary and set(fields) == {"bytes", "path"} and _is_text(fields["path"])


_KINDS: Mapping[str, tuple[Callable[[pa.DataType], bool], str]] = {
    "text": (_is_text, "texts"),
    "texts": (_is_list_of_texts, "lists of texts"),
    "truth": (pa.types.is_boolean, "true and false"),
    "id": (lambda kind: _is_text(kind) or pa.types.is_integer(kind), "texts or whole numbers"),
    "image": (_is_image, "images (bytes and path)"),
}
