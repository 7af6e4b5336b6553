"""Sheets as the page's template wants them: every text made harmless, numbers that line up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.escape import plain

_FIGURE_SPACE = "\u2007"  # as wide as a digit
_NUMBER = re.compile(r"[-+<]?[\d.,]+\??")
_COUNT = re.compile(r"([\d,]+) (\([\d.]+ %\))")
_PADDING = re.compile(r"(?<=\[) *|(?<=, ) *")
MOST = 400  # rows of one table, and characters of one field: what is longer is not read but searched
NOTE = 4_000  # characters of a note
_SHORT = 8  # characters of a text that may stand under numbers


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        detail: an interval, which stands in a column of its own so that numbers with and without one line up.
        span: over how many of its column's columns the text goes.
    """

    text: str
    detail: str
    mark: str
    tied: bool
    span: int


@dataclass(frozen=True)
class ColumnView:
    """One column of a Sheet.

    Attributes:
        group: the head above its head.
        span: 2 where it holds intervals too, else 1.
        numeric: whether it holds numbers.
    """

    group: str
    head: str
    span: int
    numeric: bool
    fields: list[Field]


@dataclass(frozen=True)
class TableView:
    """A Sheet for HTML.

    Attributes:
        groups: (name, columns) of the heads above the heads; empty where there are none.
        rules: the rows that a line follows.
    """

    title: str
    groups: list[tuple[str, int]]
    columns: list[ColumnView]
    rows: list[list[Field]]
    rules: frozenset[int]
    notes: list[str]


def view(sheet: Sheet, without: Sequence[str] = ()) -> TableView:
    """The sheet's view, without the notes that are said elsewhere."""
    columns = [
        _column(head, [row[at] for row in sheet.rows[:MOST]], names=at < sheet.names)
        for at, head in enumerate(sheet.columns)
    ]
    more = len(sheet.rows) - MOST
    groups = [(name, sum(one.span for one in same)) for name, same in groupby(columns, key=lambda one: one.group)]
    return TableView(
        title=plain(sheet.title, None),
        groups=groups if any(name for name, _ in groups) else [],
        columns=columns,
        rows=[list(row) for row in zip(*(one.fields for one in columns), strict=True)],
        rules=sheet.rules,
        notes=[
            *([f"{more:,} more rows: `radvqa table` prints them all."] if more > 0 else []),
            *(plain(note, NOTE) for note in sheet.notes if note not in without),
        ],
    )


def _column(head: str | tuple[str, str], fields: Sequence[Item | str], *, names: bool) -> ColumnView:
    group, name = ("", head) if isinstance(head, str) else head
    items = [field if isinstance(field, Item) else Item(field) for field in fields]
    span = 2 if any(item.detail for item in items) else 1
    items = [_split(item) for item in items] if span == 2 else items
    intervals = _intervals([plain(item.detail) for item in items])
    return ColumnView(
        plain(group),
        plain(name),
        span,
        not names and any(_NUMBER.fullmatch(item.text) for item in items),
        [_field(item, interval, span) for item, interval in zip(items, intervals, strict=True)],
    )


def _field(item: Item, interval: str, span: int) -> Field:
    alone = bool(interval) or len(item.text) <= _SHORT
    return Field(plain(item.text, MOST), interval, item.mark, item.tied, 1 if alone else span)


def _split(item: Item) -> Item:
    """A count and its share, "178 (2.0 %)", stand like a number and its interval."""
    found = _COUNT.fullmatch(item.text)
    return Item(found[1], found[2], item.mark, item.tied) if found and not item.detail else item


def _intervals(details: Sequence[str]) -> list[str]:
    """Intervals padded so that their numbers line up, and not more."""
    padded = [_PADDING.findall(detail) for detail in details if ", " in detail]
    spare = [min(map(len, paddings)) for paddings in zip(*padded, strict=False)]

    def repadded(detail: str) -> str:
        counts = iter(spare)
        return _PADDING.sub(lambda found: _FIGURE_SPACE * (len(found[0]) - next(counts, 0)), detail)

    return [repadded(detail) if ", " in detail else detail for detail in details]
