"""One document of records as rows: JSON, a dict of them by id or a list; or CSV, with a line of names at its top.

The host loads such a file as one row with its whole text, because the `datasets` library would make a dict of records
one row with a column for each of them. Only named fields are taken, so that a record's other fields (a report, the
explanation of the answer) can get nowhere. Values that are no text stay JSON: a list may stand for a list in one
record and a text in the next.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from datasets import Dataset

from radimagenet_vqa_tasks.errors import DataError

ID = "id"
"""The column of the records' ids: their names in a dict; in a list their own field of that name, or their number."""


def record_rows(rows: Dataset, names: Sequence[str], title: str, *, table: bool = False) -> Dataset:
    """The records of the documents in `rows`, one a row, with the fields `names` as text; rows of columns stay.

    With `table` the documents are CSV. A field that no record has becomes no column. Raises DataError where a document
    holds no records.
    """
    if rows.column_names != ["text"]:
        return rows
    records = _lines if table else _records
    found = [pair for text in rows["text"] for pair in records(text, title)]
    held = [name for name in names if name == ID or any(name in record for _, record in found)]
    return Dataset.from_dict(
        {name: [_text(id_ if name == ID else record.get(name), id_, title) for id_, record in found] for name in held}
    )


def _records(text: str, title: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{title}'s file is no JSON document ({error}). Fetch or copy it again.") from error
    for id_, record in _pairs(document):
        if not isinstance(record, dict):
            raise DataError(f"{title}'s file holds something else than a record ({record!r:.60}). Fetch it again.")
        yield id_, record


def _lines(text: str, title: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        for number, record in enumerate(reader):
            if None in record:
                where = f"line {reader.line_num} has more fields than the first line has names"
                raise DataError(f"{title}'s table is damaged: {where}. Fetch it again.")
            yield str(number), record
    except csv.Error as error:
        where = f"line {reader.line_num}"
        raise DataError(f"{title}'s file is no table of comma-separated values ({where}: {error}).") from error


def _pairs(document: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(document, dict):
        return document.items()
    every = document if isinstance(document, list) else [document]
    return ((str(one.get(ID, number)) if isinstance(one, dict) else "", one) for number, one in enumerate(every))


def _text(value: Any, id_: str, title: str) -> str | None:
    text = value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        (text or "").encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(
            f"{title}'s record {id_!r} holds half of a character (a lone surrogate), which is no text. Fetch it again."
        ) from None
    return text
