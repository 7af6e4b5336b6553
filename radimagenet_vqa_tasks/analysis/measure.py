"""Records to the numbers of a table: cells and their mean, under either protocol, whole or in groups."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy, average
from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF, MAIN
from radimagenet_vqa_tasks.scoring.record import Record

Protocol = Literal["strict", "paper"]
ClosedBy = Literal["question", "answer"]

AVG = "Avg"

FEW = 20  # questions: with fewer, a value of a facet of free text is put together with others
RARE = f"(others, each of fewer than {FEW} questions)"

Scored = tuple[list[float], list[str]]  # scores and clusters


@dataclass(frozen=True)
class Measured:
    """A cell's accuracy and what it rests on; or the mean of several cells.

    Attributes:
        asked: records, judged or not; `estimate.n` of them have a score.
        missing: those for which the machinery gave none. By the paper's protocol others may have none either; see
            `unclaimed.py`.
        lower, upper: the accuracy if every missing answer were wrong, and if every one were right.
    """

    cell: str
    estimate: Estimate
    asked: int
    unparsed: int
    missing: int
    lower: float
    upper: float


@dataclass(frozen=True)
class Scheme:
    """How answers are counted: by whose rules, and what makes a closed question Closed+.

    By "question" it is the kind of question, as in the paper's table; by "answer" it is the right answer, as in the
    paper's caption. They differ on normal images, whose pathology Closed+ question has the answer "no".
    """

    protocol: Protocol = "strict"
    closed_by: ClosedBy = "question"

    def score(self, record: Record) -> float | None:
        """1 or 0; None for an answer without a verdict, and where the protocol claims nothing of it."""
        if self.protocol == "paper":
            return record.in_paper
        return None if record.outcome == "missing" else float(record.outcome == "correct")

    def cell(self, record: Record) -> str:
        """The cell that a record is counted in."""
        name = record.cell
        if self.closed_by == "question" or not name.endswith(("_closed_pos", "_closed_neg")):
            return name
        return f"{BENCHMARK_OF[name].cells[name].subject}_closed_{'pos' if record.target == 'yes' else 'neg'}"

    def by_cell(self, records: Sequence[Record]) -> dict[str, list[Record]]:
        """The records of each cell of their one family, in the order of its table."""
        family = BENCHMARK_OF[records[0].cell] if records else MAIN
        cells: dict[str, list[Record]] = {name: [] for name in family.cells}
        for record in records:
            cells[self.cell(record)].append(record)
        return cells

    def scored(self, records: Sequence[Record]) -> Scored:
        """Scores and clusters of the records that have a score."""
        if self.protocol == "paper":
            known = [record for record in records if record.in_paper is not None]
            return [record.in_paper or 0.0 for record in known], [record.cluster for record in known]
        judged = [record for record in records if record.outcome != "missing"]
        return [float(record.outcome == "correct") for record in judged], [record.cluster for record in judged]


def measure(records: Sequence[Record], scheme: Scheme) -> dict[str, Measured]:
    """Each cell of the records' family, and the unweighted mean of all under "Avg": NaN if one is empty."""
    cells = scheme.by_cell(records)
    scored = {name: scheme.scored(of_cell) for name, of_cell in cells.items()}
    measured = {name: share_of(name, cells[name], scheme) for name in cells}
    return measured | {AVG: _mean(list(measured.values()), scored)}


def mean_of(cells: Mapping[str, Sequence[Record]], scheme: Scheme) -> Measured:
    """The unweighted mean of these cells' accuracies; NaN if one is empty."""
    scored = {name: scheme.scored(records) for name, records in cells.items()}
    return _mean([share_of(name, cells[name], scheme) for name in cells], scored)


def _mean(measured: Sequence[Measured], scored: Mapping[str, Scored]) -> Measured:
    alone = next(iter(scored.values())) if len(scored) == 1 else None
    count = max(1, len(measured))
    return Measured(
        AVG,
        accuracy(*alone) if alone else average(scored),
        sum(one.asked for one in measured),
        sum(one.unparsed for one in measured),
        sum(one.missing for one in measured),
        sum(one.lower for one in measured) / count,
        sum(one.upper for one in measured) / count,
    )


def grouped(records: Sequence[Record], facet: str, scheme: Scheme, cells: Collection[str] = ()) -> dict[str, Measured]:
    """For each value of a facet the mean of the cells (all, or `cells`) that its records are in, largest group first.

    Only some of the cells may exist in a group: a template has questions of one cell. Rare values of free text are one
    group: they are wordings more than kinds.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        if not cells or scheme.cell(record) in cells:
            groups.setdefault(value_of(record, facet), []).append(record)
    if records and facet in BENCHMARK_OF[records[0].cell].free_facets:
        groups = _rare_together(groups)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {
        value: mean_of({name: found for name, found in scheme.by_cell(group).items() if found}, scheme)
        for value, group in ordered
    }


def _rare_together(groups: Mapping[str, list[Record]]) -> dict[str, list[Record]]:
    rare = [value for value, group in groups.items() if len(group) < FEW]
    if len(rare) < 2:
        return dict(groups)
    kept = {value: group for value, group in groups.items() if value not in set(rare)}
    return {**kept, RARE: [record for value in rare for record in groups[value]]}


def value_of(record: Record, facet: str) -> str:
    """A facet's value in words."""
    value = record.facet(facet)
    if isinstance(value, bool):
        return facet if value else f"not {facet}" if facet != "abnormal" else "normal"
    return str(value) if value is not None else "unknown"


def share_of(name: str, records: Sequence[Record], scheme: Scheme, estimate: Estimate | None = None) -> Measured:
    """The share of these records that is right, with what it rests on; `estimate` where there is a better one."""
    scored = scheme.scored(records)
    right, known = sum(scored[0]), len(scored[0])
    missing = sum(record.outcome == "missing" and scheme.score(record) is None for record in records)
    counted = known + missing or math.nan
    return Measured(
        name,
        estimate or accuracy(*scored),
        len(records),
        sum(record.outcome == "unparsed" for record in records),
        missing,
        right / counted,
        (right + missing) / counted,
    )
