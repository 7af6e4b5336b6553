"""Reads files of answers: JSON Lines, JSON, CSV, TSV, Excel, Parquet, and sample logs of lmms-eval.

A file is hostile input: whatever is wrong with its form is one error that names the place, and no value is turned into
something that it is not. Which question an answer belongs to is not decided here.
"""

from __future__ import annotations

import csv
import json
import math
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.logs import log_name, parse

KEY, INDEX = ("key",), ("index", "row_index")
RESPONSE = ("response", "prediction", "model_prediction")
"""What the columns may be called. `answer` is not among them: in many tools' files that is the right one."""

LONGEST_FIELD = 100_000_000  # characters of one field of a CSV file

LARGEST_SHEET = 1_000_000_000  # bytes of a workbook once it is unpacked

_Row = tuple[str, dict[str, Any]]  # where it stands, and its fields


@dataclass(frozen=True)
class Columns:
    """What a file's columns are called, where that is not one of the usual names."""

    key: str | None = None
    response: str | None = None


@dataclass(frozen=True)
class Given:
    """One answer of a file.

    Attributes:
        place: where it stands, for messages.
        response: the model's words; None for null content.
        key: of the question; else `index`, its row in the benchmark's own file, or `doc_id`, its place in its task.
        arm, task: as the file has them; None where it does not say.
        question: the file's text of the question, by which an index or a doc_id can be checked.
        target: the file's right answer, for the same purpose; sample logs have it.
        failed: whether there is no answer but the record of a request that failed, or of one that may have.
        asked: the digest of what the model was asked with, where a record says it.
    """

    place: str
    response: str | None
    key: str | None = None
    index: int | None = None
    doc_id: int | None = None
    arm: str | None = None
    task: str | None = None
    question: str | None = None
    target: str | None = None
    failed: bool = False
    asked: str = ""


USUAL = Columns()


def read_answers(path: Path, columns: Columns = USUAL) -> list[Given]:
    """All answers in a file, or in the sample logs of a folder. Raises RunError."""
    if path.is_dir():
        logs = sorted(path.rglob("*_samples_*.jsonl"))
        if not logs:
            raise RunError(f"{plain(path, None)} holds no sample logs (*_samples_*.jsonl). Name a file of answers.")
        return [given for log in logs for given in read_answers(log, columns)]
    try:
        task, stamp = log_name(path)
        if stamp:
            return list(_of_log(path, task))
        read = _READERS.get(path.suffix.lower())
        if read is None:
            raise RunError(
                f"{plain(path, None)} is none of {', '.join(_READERS)}. Save the answers in one of these forms."
            )
        found = list(_given(path, read(path), columns))
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{plain(path, None)} cannot be read as {path.suffix[1:]}: {error}.") from error
    if not found:
        raise RunError(f"{plain(path, None)} holds no answers.")
    return found


def _given(path: Path, rows: Iterator[_Row], columns: Columns) -> Iterator[Given]:
    for place, row in rows:
        where = f"{plain(path, None)}, {place}"
        response = _column(where, row, (columns.response,) if columns.response else RESPONSE, "the model's words")
        by_key = (columns.key,) if columns.key else KEY
        index = None
        if not any(name in row for name in by_key):
            name = _column(where, row, INDEX, f"the question ({by_key[0]!r}, or {INDEX[0]!r})")
            index = _whole(where, name, row[name])
        yield Given(
            where,
            _text(where, response, row[response]),
            key=None if index is not None else str(_named(where, by_key[0], row)),
            index=index,
            arm=_optional(where, "arm", row),
            task=_optional(where, "task", row),
            question=row["question"] if isinstance(row.get("question"), str) else None,
        )


def _column(where: str, row: Mapping[str, Any], names: Sequence[str], what: str) -> str:
    found = [name for name in names if name in row]
    if len(found) == 1:
        return found[0]
    if found:
        raise RunError(f"{where} has {' and '.join(map(repr, found))} for {what}: name the one that counts.")
    held = ", ".join(repr(plain(name, 40)) for name in list(row)[:12])
    raise RunError(
        f"{where} says nothing of {what}: it needs a column {' or '.join(map(repr, names))} (here are {held}). "
        "--key and --response name columns of other names."
    )


def _text(where: str, name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise RunError(f"{where}: {name!r} is no text ({plain(repr(value), 40)}).")


def _named(where: str, name: str, row: Mapping[str, Any]) -> str:
    value = row[name]
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # keys that are numbers are written as such
    raise RunError(f"{where}: {name!r} is no key ({plain(repr(value), 40)}).")


def _whole(where: str, name: str, value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,12}(\.0+)?", value.strip(), re.ASCII):
        return int(float(value))
    if isinstance(value, float) and math.isfinite(value) and value.is_integer() and abs(value) < 1e12:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise RunError(f"{where}: {name!r} is no row number ({plain(repr(value), 40)}).")


def _optional(where: str, name: str, row: Mapping[str, Any]) -> str | None:
    return _text(where, name, row.get(name)) or None


def _json_lines(path: Path) -> Iterator[_Row]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield f"line {number}", _object(f"{plain(path, None)}, line {number}", line)


def _object(where: str, text: bytes) -> dict[str, Any]:
    found = _json(where, text)
    if not isinstance(found, dict):
        raise RunError(f"{where} is no JSON object.")
    return found


def _json(where: str, text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8-sig"), object_pairs_hook=_once)
    except _TwiceError as error:
        raise RunError(f"{where} has the field {plain(error, 40)!r} twice.") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{where} is no JSON ({plain(error, 120)}).") from error


class _TwiceError(Exception):
    """A JSON object that has a name twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return found


def _json_document(path: Path) -> Iterator[_Row]:
    """A list of objects; or an object of objects, whose names are the keys where they have none of their own."""
    found = _json(plain(path, None), path.read_bytes())
    if isinstance(found, dict):
        if not all(isinstance(one, dict) for one in found.values()):
            raise RunError(f"{plain(path, None)} is no list of answers, and no object that holds one under each key.")
        yield from ((f"entry {plain(key, 40)!r}", {KEY[0]: key, **one}) for key, one in found.items())
        return
    if not isinstance(found, list):
        raise RunError(f"{plain(path, None)} is no list of answers.")
    for number, one in enumerate(found, start=1):
        if not isinstance(one, dict):
            raise RunError(f"{plain(path, None)}, entry {number} is no JSON object.")
        yield f"entry {number}", one


def _table(delimiter: str) -> Callable[[Path], Iterator[_Row]]:
    def read(path: Path) -> Iterator[_Row]:
        csv.field_size_limit(LONGEST_FIELD)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=delimiter, strict=True)
            try:
                names = next(rows, [])
                _require_once(path, names)
                for fields in rows:
                    if not fields:
                        continue
                    place = f"line {rows.line_num}"
                    if len(fields) != len(names):
                        raise RunError(
                            f"{plain(path, None)}, {place} has {len(fields)} fields; the first line names {len(names)}."
                        )
                    yield place, dict(zip(names, fields, strict=True))
            except csv.Error as error:
                raise RunError(f"{plain(path, None)}, line {rows.line_num} cannot be read: {error}.") from error

    return read


def _parquet(path: Path) -> Iterator[_Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        names = list(file.schema_arrow.names)
        _require_once(path, names)
        wanted = [name for name in names if not pa.types.is_nested(file.schema_arrow.field(name).type)]
        number = 0
        for batch in file.iter_batches(batch_size=1000, columns=wanted):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row
    except pa.ArrowException as error:
        raise RunError(f"{plain(path, None)} cannot be read as Parquet: {plain(error, 200)}.") from error


def _sheet(path: Path) -> Iterator[_Row]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST_SHEET:
                raise RunError(f"{plain(path, None)} would be more than {LARGEST_SHEET:,} bytes: that is no table.")
        book = load_workbook(path, read_only=True, data_only=True)
        if len(book.worksheets) != 1:
            raise RunError(f"{plain(path, None)} has {len(book.worksheets)} sheets: keep the one with the answers.")
        rows = book.worksheets[0].iter_rows(values_only=True)
        names = ["" if value is None else str(value) for value in next(rows, ())]
        _require_once(path, [name for name in names if name])
        for number, values in enumerate(rows, start=2):
            if any(value is not None for value in values):
                yield f"row {number}", {name: value for name, value in zip(names, values, strict=False) if name}
    except RunError:
        raise
    except Exception as error:
        # The library raises a different type for almost every way in which a workbook can be damaged.
        raise RunError(f"{plain(path, None)} cannot be read as Excel: {plain(error, 200)}.") from error


def _require_once(path: Path, names: Sequence[str]) -> None:
    twice = next((name for name in names if list(names).count(name) > 1), None)
    if twice is not None:
        raise RunError(f"{plain(path, None)} has the column {plain(twice, 40)!r} twice: keep one of them.")


_READERS: Mapping[str, Callable[[Path], Iterator[_Row]]] = {
    ".jsonl": _json_lines,
    ".json": _json_document,
    ".csv": _table(","),
    ".tsv": _table("\t"),
    ".xlsx": _sheet,
    ".parquet": _parquet,
}


def _of_log(path: Path, task: str) -> Iterator[Given]:
    """The answers in a sample log of the host: with records of this pack, or without, as `--predict_only` leaves it."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            where = f"{plain(path, None)}, line {number}"
            fields = _object(where, line)
            if "record" in fields:
                record, fault = parse(line)
                if record is None:
                    raise RunError(f"{where} {fault}.")
                failed = record.outcome == "missing" and record.judge is None
                yield Given(where, record.response, key=record.key, arm=record.arm, failed=failed, asked=record.asked)
                continue
            yield _of_line(where, fields, task)


def _of_line(where: str, fields: Mapping[str, Any], task: str) -> Given:
    words = next((fields[name] for name in ("filtered_resps", "resps") if name in fields), ...)
    while isinstance(words, list) and len(words) == 1:
        words = words[0]
    if words is ... or isinstance(words, list):
        raise RunError(f"{where} holds no response, or several: it is no sample log of a task that was asked once.")
    response = _text(where, "filtered_resps", words)
    return Given(
        where,
        response,
        doc_id=_whole(where, "doc_id", fields.get("doc_id")),
        task=task,
        question=_optional(where, "input", fields),
        target=_optional(where, "target", fields),
        # Here a request that failed and an empty answer look the same.
        failed=not response,
    )
