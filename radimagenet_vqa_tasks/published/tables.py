"""Reads the papers' tables: one CSV file a paper, one line a printed number.

Columns: table (its number in the paper, or the section whose text has the number), row (a model, a data set, a reader),
cell, value (as printed, shares in per cent; empty where nothing is printed or nothing can be told, which `note` then
explains), n (questions that the value rests on; empty where the paper does not say), note. What is printed is never
corrected here: disagreements.yaml says which numbers disagree.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import DataError

FOLDER = Path(__file__).parent
COLUMNS = ("table", "row", "cell", "value", "n", "note")
AVG = "Avg"

# Where each file's numbers were printed.
SOURCES: Mapping[str, str] = {
    "radimagenet_vqa": "RadImageNet-VQA (arXiv 2512.17396), Tables 1, 2, 4 and 7",
    "rexvqa": "ReXVQA (arXiv 2506.04353), Tables 1, 2, 3 and 6, sections 3.5 and 6.1",
    "ct_bench": "CT-Bench (arXiv 2602.14879), Tables 3 to 7, section 2.3",
}

# A mean of values rounded to 0.05, itself rounded to 0.05, can be this far from the mean of the printed values.
ROUNDING = 0.1

# Words that say how a checkpoint was tuned or packed, not which model it is.
_PACKAGING = frozenset({"instruct", "it", "hf", "ov", "chat", "preview", "latest"})


@dataclass(frozen=True)
class Printed:
    """One printed number; `value` is None where the paper has none or its text cannot be read."""

    table: str
    row: str
    cell: str
    value: float | None
    n: int | None
    note: str


@dataclass(frozen=True)
class Erratum:
    """A printed Avg that is not the mean of its row's nine cells."""

    row: str
    printed: float
    recomputed: float


def load(paper: str) -> tuple[Printed, ...]:
    """Every number of one paper. Raises DataError, naming file and line, where the file is not as it must be."""
    if paper not in SOURCES:
        raise DataError(f"there are no published numbers of {paper!r}; there are those of {', '.join(SOURCES)}")
    return printed_in(FOLDER / f"{paper}.csv")


@cache
def printed_in(path: Path) -> tuple[Printed, ...]:
    """The numbers in one file; see the module's docstring. Raises DataError."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}, not {reader.fieldnames}")
        found: dict[tuple[str, str, str], Printed] = {}
        for row in reader:
            place = f"{path}, line {reader.line_num}"
            printed = _printed(row, place)
            identity = (printed.table, printed.row, printed.cell)
            if identity in found:
                raise DataError(f"{place}: table {identity[0]} has {identity[1:]} a second time")
            found[identity] = printed
    return tuple(found.values())


def _printed(row: Mapping[str, str], place: str) -> Printed:
    if None in row or None in row.values():
        raise DataError(f"{place}: there must be {len(COLUMNS)} columns")
    for name in ("table", "row", "cell"):
        if not row[name]:
            raise DataError(f"{place}: {name} is empty")
    if not row["value"] and not row["note"]:
        raise DataError(f"{place}: a value is missing, and no note says why")
    try:
        value = float(row["value"]) if row["value"] else None
        n = int(row["n"]) if row["n"] else None
    except ValueError as error:
        raise DataError(f"{place}: {error}") from error
    if (n is not None and n <= 0) or (value is not None and not math.isfinite(value)):
        raise DataError(f"{place}: value {value} and n {n} cannot be")
    return Printed(row["table"], row["row"], row["cell"], value, n, row["note"])


@cache
def rows(paper: str, table: str) -> dict[str, dict[str, float]]:
    """The values of one table by row and cell, those that the paper does not have left out."""
    result: dict[str, dict[str, float]] = {}
    for printed in load(paper):
        if printed.table == table and printed.value is not None:
            result.setdefault(printed.row, {})[printed.cell] = printed.value
    return result


def table_2() -> dict[str, dict[str, float]]:
    """RadImageNet-VQA's zero-shot accuracies in per cent: model -> the nine cells and Avg."""
    return rows("radimagenet_vqa", "2")


def mean_of_nine(row: Mapping[str, float]) -> float:
    """The unweighted mean of a row's nine cells, which the paper says Avg is."""
    return sum(row[name] for name in CELLS) / len(CELLS)


def errata(table: str = "2") -> dict[str, Erratum]:
    """The rows of RadImageNet-VQA's table whose printed Avg is further from its cells' mean than rounding explains."""
    found = (Erratum(name, row[AVG], mean_of_nine(row)) for name, row in rows("radimagenet_vqa", table).items())
    return {erratum.row: erratum for erratum in found if abs(erratum.printed - erratum.recomputed) > ROUNDING + 1e-9}


def find_row(name: str, names: Iterable[str], *, guess: bool = False) -> str:
    """The one of `names` that means the same model as `name`. Raises DataError, naming candidates, where none does.

    "Qwen/Qwen2.5-VL-7B-Instruct" is "Qwen2.5-VL-7B-Instruct": the publisher, case and punctuation do not count, nor
    do words such as "Instruct". With `guess`, a part of a name is enough if it fits one only; without it, a name with
    more words than the paper's ("...-finetuned") is another model.
    """
    names = list(names)
    for form in (_bare, _unpackaged):
        same = [candidate for candidate in names if form(candidate) == form(name)]
        if len(same) == 1:
            return same[0]
    inside = [candidate for candidate in names if _bare(name) and _bare(name) in _bare(candidate)]
    if guess and len(inside) == 1:
        return inside[0]
    near = inside or get_close_matches(name.rpartition("/")[2], names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There are: {', '.join(names)}."
    raise DataError(f"no published row is called {name!r}. {hint}")


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+|[0-9]+", name.strip().rstrip("/").rpartition("/")[2].casefold())


def _bare(name: str) -> str:
    return "".join(_words(name))


def _unpackaged(name: str) -> str:
    return "".join(word for word in _words(name) if word not in _PACKAGING)
