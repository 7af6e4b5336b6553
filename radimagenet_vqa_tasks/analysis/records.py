"""The answers of runs as one table, a row a question: for data frames, and as a file for spreadsheets."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radimagenet_vqa_tasks import escape
from radimagenet_vqa_tasks.analysis.runs import Run, read_runs
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import Record, as_dict

if TYPE_CHECKING:
    import pyarrow as pa

SHEET_ROWS = 1_048_575  # of an XLSX sheet, without its head
SHEET_TEXT = 32_767  # characters of an XLSX field

_KINDS: tuple[type | tuple[type, ...], ...] = (bool, (int, float))


def write_records(names: Sequence[str | Path], output: Path) -> str:
    """Write the answers of these runs to a Parquet, CSV or XLSX file, whole or not at all; say what was written.

    Args:
        names: folders of sample logs, or logs; "NAME=PATH" gives a name.
        output: the file; its ending says in which form.

    Raises RunError where there is nothing to write, or the file cannot be written.
    """
    write = WRITERS.get(output.suffix.lower())
    if write is None:
        raise RunError(f"{escape.plain(output, None)} ends in none of {', '.join(WRITERS)}: name such a file with -o.")
    runs = read_runs(names, texts=True)
    table = table_of(runs)
    new = output.with_name(f".{output.name}.{os.getpid()}.new")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        notes = [*(note for run in runs for note in run.notes), *write(table, new)]
        new.replace(output)
    except OSError as error:
        raise RunError(
            f"the table could not be written to {escape.plain(output, None)}: {error.strerror or error}. Name another "
            "file with -o."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    said = [f"Note: {escape.plain(note, None)}." for note in notes]
    counted = f"{table.num_rows:,} rows of {table.num_columns} columns"
    return "\n".join([*said, f"{escape.plain(output, None)}: {counted}"])


def table_of(runs: Sequence[Run]) -> pa.Table:
    """One row a record: its fields as columns, facets as `facet_NAME`, scores under their own names."""
    import pyarrow as pa

    rows = [_row(run.name, benchmark, record) for run in runs for benchmark, record in _records(run)]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pa.table({name: _array(values) for name, values in columns.items()})


def _records(run: Run) -> Iterator[tuple[str, Record]]:
    return ((arm.benchmark.name, record) for arm in run.arms for record in arm.records)


def _row(run: str, benchmark: str, record: Record) -> dict[str, Any]:
    found = as_dict(record)
    facets, scores, shown = found.pop("facets"), found.pop("scores"), found.pop("shown") or {}
    fields = {
        "run": run,
        "benchmark": benchmark,
        **found,
        "earlier_verdicts": json.dumps(found["earlier_verdicts"]),
        "shown_key": shown.get("key"),
        "shown_target": shown.get("target"),
    }
    others = {**scores, **{f"facet_{name}": value for name, value in facets.items()}}
    # A score or facet of a damaged log must not take the place of a field.
    return fields | {name: value for name, value in others.items() if name not in fields}


def _array(values: Sequence[Any]) -> pa.Array:
    """One type a column: facets of two benchmarks may share a name. What is none of one kind is a text."""
    import pyarrow as pa

    held = [value for value in values if value is not None]
    if any(isinstance(value, list) for value in held):
        return pa.array(values, pa.list_(pa.string()))
    for kind, type_ in zip(_KINDS, (pa.bool_(), pa.float64()), strict=True):
        if held and all(isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) for value in held):
            with suppress(pa.ArrowInvalid, OverflowError):  # a number too large is a text
                return pa.array(values, type_)
    return pa.array([None if value is None else _encodable(str(value)) for value in values], pa.string())


def _encodable(text: str) -> str:
    """Without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _parquet(table: pa.Table, path: Path) -> list[str]:
    import pyarrow.parquet as pq

    pq.write_table(table, path)
    return []


def _csv(table: pa.Table, path: Path) -> list[str]:
    # The mark at the beginning is how a spreadsheet knows UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_shown(name) for name in table.column_names])
        writer.writerows([_field(value, escape.csv_field) for value in row.values()] for row in table.to_pylist())
    return []


def _xlsx(table: pa.Table, path: Path) -> list[str]:
    """Texts are stored as texts, whatever they look like: the field's type says so, and the text stays as it is."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    if table.num_rows > SHEET_ROWS:
        raise RunError(f"{table.num_rows:,} rows are more than an XLSX sheet holds ({SHEET_ROWS:,}): write .parquet.")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("records")
    sheet.freeze_panes = "A2"
    cut = 0

    def cell(value: Any) -> Any:
        nonlocal cut
        text = _field(value, _shown)
        if not isinstance(text, str):
            return text
        cut += len(text) > SHEET_TEXT
        made = WriteOnlyCell(sheet, text[:SHEET_TEXT])
        made.data_type = "s"
        return made

    sheet.append([cell(name) for name in table.column_names])
    for row in table.to_pylist():
        sheet.append([cell(value) for value in row.values()])
    book.save(path)
    return [f"{cut:,} texts are cut to the {SHEET_TEXT:,} characters of an XLSX field; .parquet holds them whole"] * (
        cut > 0
    )


def _shown(text: object) -> str:
    """A text with its line breaks, without the codes that no spreadsheet can hold."""
    return "\n".join(escape.plain(line, None) for line in str(text).splitlines())


def _field(value: Any, text: Callable[[object], str]) -> Any:
    if isinstance(value, list):
        return text(json.dumps(value, ensure_ascii=False)) if value else None
    return text(value) if isinstance(value, str) else value


WRITERS: Mapping[str, Callable[[Any, Path], list[str]]] = {".parquet": _parquet, ".csv": _csv, ".xlsx": _xlsx}
