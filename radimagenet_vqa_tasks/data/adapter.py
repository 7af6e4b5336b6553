"""What all adapters share: rows are turned into Question columns once, and every task takes its own of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES
from radimagenet_vqa_tasks.data.questions import without_images
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.judge.chosen import chosen

SHOWN = 5  # faults spelled out in an error message; the rest are counted


@dataclass(frozen=True)
class Adapter:
    """One family's way from its data set's rows to Question columns.

    Attributes:
        family: its name in `cells.FAMILIES`.
        adapt: all rows to Question columns. Raises DataError, naming rows, where they are not the benchmark's.
    """

    family: str
    adapt: Callable[[Dataset], Dataset]

    def every(self, rows: Dataset) -> Dataset:
        """All questions of the family in these rows."""
        return _adapted(self, _ByFingerprint(rows))[0]

    def questions(self, rows: Dataset, cell: str, *, with_image: bool = True) -> Dataset:
        """The questions of one cell; without `with_image` there is no image column, so nothing can be decoded.

        Raises DataError where `rows` is not the benchmark, and RunError where the judge's settings are wrong.
        """
        if FAMILIES[self.family].cells[cell].format == "open":
            chosen()  # a judge that cannot be had is an error now, not when the model has answered
        every, rows_of = _adapted(self, _ByFingerprint(rows))
        if cell not in rows_of:
            raise DataError(
                f"the data hold none of the questions of {cell} ({FAMILIES[self.family].title}): they are another "
                "configuration or another data set. Fetch them again; `radvqa verify` reports everything."
            )
        return (every if with_image else without_images(every)).select(rows_of[cell])

    def process_docs(self, name: str) -> partial[Dataset]:
        """The `process_docs` of the task called `name`: a cell, with "_textonly" for its twin without images."""
        cell, textonly, rest = name.partition("_textonly")
        cells = FAMILIES[self.family].cells
        if cell not in cells or rest:
            raise AttributeError(f"no task is called {name!r}; the cells are {', '.join(cells)}")
        return partial(self.questions, cell=cell, with_image=not textonly)


@dataclass(frozen=True, eq=False)
class _ByFingerprint:
    """A data set as a cache key: the host loads it anew for each task, from the same files."""

    rows: Dataset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByFingerprint) and self.rows._fingerprint == other.rows._fingerprint

    def __hash__(self) -> int:
        return hash(self.rows._fingerprint)


@lru_cache(maxsize=8)
def _adapted(adapter: Adapter, source: _ByFingerprint) -> tuple[Dataset, dict[str, list[int]]]:
    """All rows as Question columns, and the row numbers of each cell."""
    every = adapter.adapt(source.rows)
    rows_of: dict[str, list[int]] = {}
    for row, cell in enumerate(every["cell"][:]):
        rows_of.setdefault(cell, []).append(row)
    return every, rows_of


def require_columns(rows: Dataset, wanted: Sequence[str], title: str, remedy: str) -> None:
    """Raise DataError if a column is missing: the rows are another configuration's or another data set's."""
    missing = [name for name in wanted if name not in rows.column_names]
    if missing:
        raise DataError(
            f"this is not {title}: column {', '.join(missing)} is missing "
            f"(found: {', '.join(rows.column_names)}). {remedy}"
        )


def raise_faults(found: Sequence[str], title: str, verify: str) -> None:
    """Raise DataError if there are faults, spelling out the first few; `verify` is the command that tells all."""
    if not found:
        return
    more = f"; and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    raise DataError(
        f"the data are damaged or not {title}'s: {'; '.join(found[:SHOWN])}{more}. Fetch them again; `{verify}` "
        "reports everything."
    )
