"""Where printed numbers disagree: read from disagreements.yaml, asked for by tables, written out as a page.

`python -m radimagenet_vqa_tasks.published.disagreements` prints docs/known_disagreements.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
import yaml

from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.published.sums import SUMS

FILE = "disagreements.yaml"
PAGE = "docs/known_disagreements.md"

_RESTS = {
    "computed": "Computed from the printed numbers.",
    "printed": "The paper prints both.",
    "code": "Seen in the code that the paper published.",
    "data": "Seen in the data.",
}

_HEAD = """# Known disagreements of the papers

Where the papers' printed numbers disagree with each other, with themselves, or with their own code and data. None is
corrected in the files of printed numbers, which hold what is printed; tables that show such a number say so beneath it.
The arithmetic is done anew from those files whenever this page is written, and a test holds the page against it.
"""


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which printed numbers are meant: of one table, those of some rows and cells; empty stands for all."""

    table: str
    rows: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()

    def covers(self, table: str, row: str | None, cell: str | None) -> bool:
        """Whether a number is meant; None asks for any row or cell."""
        return (
            self.table == table
            and (row is None or not self.rows or row in self.rows)
            and (cell is None or not self.cells or cell in self.cells)
        )


class Disagreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One disagreement; disagreements.yaml says what the fields are."""

    paper: str
    title: str
    text: str
    rests: Literal["computed", "printed", "code", "data"]
    marks: tuple[Mark, ...]
    note: str = ""
    sums: str = ""


@cache
def disagreements() -> tuple[Disagreement, ...]:
    """All of them, in the order of the page. Raises DataError where the file is not as it must be."""
    text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    return parsed(text)


def parsed(text: str) -> tuple[Disagreement, ...]:
    """The entries of a file. Raises DataError, naming the entry, where one has no such table, row, cell or sum."""
    try:
        found = msgspec.convert(yaml.safe_load(text), tuple[Disagreement, ...])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise DataError(f"{FILE}: {error}") from error
    for entry in found:
        _check(entry)
    return found


def notes_for(paper: str, table: str, row: str | None = None, cell: str | None = None) -> tuple[str, ...]:
    """What stands beneath a table that prints such a number of a paper; of any row or cell where none is named."""
    return tuple(
        entry.note
        for entry in disagreements()
        if entry.paper == paper and any(mark.covers(table, row, cell) for mark in entry.marks)
    )


def page() -> str:
    """The whole of docs/known_disagreements.md."""
    parts = [_HEAD]
    for paper, source in tables.SOURCES.items():
        parts.append(f"## {source.partition(', ')[0]}\n")
        parts += [_section(entry) for entry in disagreements() if entry.paper == paper]
    return "\n".join(parts)


def _section(entry: Disagreement) -> str:
    sums = f"\n{SUMS[entry.sums]()}\n" if entry.sums else ""
    return f"### {entry.title}\n\n{entry.text} {_RESTS[entry.rests]}\n{sums}"


def _check(entry: Disagreement) -> None:
    place = f"{FILE}, {entry.title!r}"
    if entry.sums and entry.sums not in SUMS:
        raise DataError(f"{place}: there is no sum {entry.sums!r}; there are {', '.join(SUMS)}")
    if entry.marks and not entry.note:
        raise DataError(f"{place}: marks without a note to print")
    for mark in entry.marks:
        printed = [one for one in tables.load(entry.paper) if one.table == mark.table]
        _known(place, f"row of table {mark.table}", mark.rows, (one.row for one in printed))
        _known(place, f"cell of table {mark.table}", mark.cells, (one.cell for one in printed))
        if not printed:
            raise DataError(f"{place}: {entry.paper}.csv has no table {mark.table!r}")


def _known(place: str, what: str, named: Iterable[str], there: Iterable[str]) -> None:
    known = set(there)
    for name in named:
        if name not in known:
            raise DataError(f"{place}: {name!r} is no {what}")


if __name__ == "__main__":
    print(page(), end="")
