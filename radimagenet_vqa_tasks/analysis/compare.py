"""Runs against each other on the same questions, paired by key: who is better where, by how much, how surely."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from radimagenet_vqa_tasks.analysis.agreement import kappa_sheet
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.asked import unlike
from radimagenet_vqa_tasks.analysis.decisions import Decision, Margins, decide
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme, value_of
from radimagenet_vqa_tasks.analysis.numbers import DifferenceRow, fields
from radimagenet_vqa_tasks.analysis.paired import (
    NO_DIFFERENCE,
    Difference,
    Pairs,
    average_difference,
    difference,
)
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, require_facet, together
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import Record

SCHEMA = "radvqa.compare/1"
DEFAULT_MARGINS = Margins()

METHOD = (
    "Intervals: Bonett-Price at the effective sample size, clustered on images. p: McNemar's exact test for a cell "
    "with one question an image, else a test that flips the signs of images; corrected after Holm over all that this "
    "comparison decides ({tests} tests: every cell, Avg, group and run), and the verdict goes by it. {intervals} same "
    "within the margin: two one-sided tests with a margin of {cell:g} points, of {average:g} for Avg. detectable: the "
    "difference that is found in 80 of 100 such comparisons; power: in how many of 100 one of the margin is. wins, "
    "losses: questions that only the second run, and "
    "only the first one, has right."
)
ALONE = "Each interval holds for its own line and not for all lines together (--simultaneous)."
TOGETHER = "The intervals hold for all lines together (Bonferroni)."


@dataclass(frozen=True)
class Paired:
    """Two arms' shared questions by cell, those without a verdict on either side left out."""

    first: Arm
    second: Arm
    cells: Mapping[str, Sequence[tuple[Record, Record]]]
    missing: int

    def pairs(self, cell: str, scheme: Scheme) -> Pairs:
        """The second's scores, the first's, and the clusters: a difference is what the second adds."""
        records = self.cells[cell]
        return (
            [scheme.score(second) or 0.0 for _, second in records],
            [scheme.score(first) or 0.0 for first, _ in records],
            [first.cluster for first, _ in records],
        )


def pair(first: Arm, second: Arm, scheme: Scheme) -> Paired:
    """Match two arms' questions by key."""
    others = {record.key: record for record in second.records}
    cells: dict[str, list[tuple[Record, Record]]] = {name: [] for name in first.cells}
    missing = 0
    for record in first.records:
        other = others.get(record.key)
        if other is None:
            continue
        if scheme.score(record) is None or scheme.score(other) is None:
            missing += "missing" in (record.outcome, other.outcome)
        else:
            cells[scheme.cell(record)].append((record, other))
    return Paired(first, second, cells, missing)


def obstacles(first: Arm, second: Arm) -> list[str]:
    """Why a comparison of these two would mislead; empty where it would not."""
    found = []
    if any(ours != theirs for ours, theirs in _fingerprints(first, second)):
        found.append(f"they answered other data (fingerprints {first.fingerprint} and {second.fingerprint})")
    if first.major != second.major:
        found.append(f"they ran other versions of the tasks ({first.version} and {second.version})")
    if refused := unlike(first, second).refused:
        found.append(f"they were asked otherwise ({'; '.join(refused)})")
    if first.judges != second.judges:
        judges = " and ".join(" + ".join(arm.judges) or "nobody" for arm in (first, second))
        found.append(f"their open answers have other judges ({judges}); `radvqa judge` gives both the same")
    elif len(first.judges) > 1:
        found.append(
            f"their open answers have several judges ({', '.join(first.judges)}); `radvqa judge` gives them one"
        )
    ours, theirs = ({record.key for record in arm.records} for arm in (first, second))
    if ours != theirs:
        found.append(
            f"only {len(ours & theirs):,} questions are in both ({len(ours - theirs):,} only in the first, "
            f"{len(theirs - ours):,} only in the second)"
        )
    return found


def _fingerprints(first: Arm, second: Arm) -> list[tuple[str, str]]:
    """Of each cell that both have, the data it asked about; benchmarks exist whose cells are separate data sets."""
    ours, theirs = ({record.cell: record.fingerprint for record in arm.records} for arm in (first, second))
    return [(ours[cell], theirs[cell]) for cell in ours if cell in theirs]


def compare_sheets(
    arms: Sequence[Arm],
    scheme: Scheme,
    *,
    by: Sequence[str] = (),
    force: bool = False,
    margins: Margins = DEFAULT_MARGINS,
    simultaneous: bool = False,
) -> list[Sheet]:
    """Every other run against the first as tables, and how far their answers agree.

    Raises RunError where they do not compare and nobody forces it, or no record says a facet.
    """
    found = compared(arms, scheme, by=by, force=force, margins=margins, simultaneous=simultaneous)
    method = _method(found.decided.values(), margins, simultaneous)
    sheets = [_sheet(found, index, scheme, method) for index in range(len(found.paired))]
    sheets += [_facet_sheet(found, index, facet, scheme) for facet in by for index in range(len(found.paired))]
    return [*sheets, kappa_sheet(arms)]


@dataclass(frozen=True)
class Line:
    """One difference of a comparison: of the run with this index, of a cell or Avg, or of a facet's group."""

    index: int
    facet: str
    name: str


@dataclass(frozen=True)
class Compared:
    """Every other run against the first, and all that is decided of them.

    Attributes:
        paired: the first run with each other.
        groups: of each of these the pairs of each facet's groups.
        reasons: why each of these does not compare, where somebody forced it.
    """

    paired: Sequence[Paired]
    groups: Sequence[Mapping[str, Mapping[str, Paired]]]
    decided: Mapping[Line, Decision]
    reasons: Sequence[Sequence[str]]

    def rows(self, scheme: Scheme) -> list[DifferenceRow]:
        """All differences, in the order of the tables."""
        return [self.row(line, scheme) for line in self.decided]

    def lines(self, index: int, facet: str) -> list[Line]:
        """The lines of one table."""
        return [line for line in self.decided if (line.index, line.facet) == (index, facet)]

    def row(self, line: Line, scheme: Scheme) -> DifferenceRow:
        """One difference with all that it rests on."""
        if not line.facet:
            return _difference_row(self.paired[line.index], line.name, self.decided[line], scheme)
        group = self.groups[line.index][line.facet][line.name]
        cell = AVG if len(group.cells) > 1 else next(iter(group.cells))
        return _difference_row(group, cell, self.decided[line], scheme, line.facet, line.name)


def compared(
    arms: Sequence[Arm],
    scheme: Scheme,
    *,
    by: Sequence[str] = (),
    force: bool = False,
    margins: Margins = DEFAULT_MARGINS,
    simultaneous: bool = False,
) -> Compared:
    """Every other run against the first, whole and by each facet in `by`; all that they decide is one family.

    Raises RunError where they do not compare and nobody forces it, or no record says a facet.
    """
    base, *others = arms
    if not others:
        raise RunError("there is one run here; name two or more, or --published, or --blind")
    reasons = {other.label: obstacles(base, other) for other in others}
    _refuse(base, reasons, force)
    paired = [pair(base, other, scheme) for other in others]
    if not any(records for one in paired for records in one.cells.values()):
        raise RunError("not one question is in both runs with a score: there is nothing to compare")
    for facet in by:
        require_facet(arms, facet)
    groups = [{facet: _grouped(one, facet) for facet in by} for one in paired]
    found = _family(paired, groups, scheme)
    widths = {line: margins.average if line.name == AVG and not line.facet else margins.cell for line in found}
    decided = decide(found, widths, simultaneous=simultaneous)
    return Compared(paired, groups, decided, [reasons[one.second.label] for one in paired])


def _family(
    paired: Sequence[Paired], groups: Sequence[Mapping[str, Mapping[str, Paired]]], scheme: Scheme
) -> dict[Line, Difference]:
    """All differences that are decided on together."""
    found: dict[Line, Difference] = {}
    for index, one in enumerate(paired):
        found |= {Line(index, "", name): value for name, value in differences(one, scheme).items()}
        for facet, of_facet in groups[index].items():
            found |= {Line(index, facet, name): _mean_difference(group, scheme) for name, group in of_facet.items()}
    return found


def _method(decided: Iterable[Decision], margins: Margins, simultaneous: bool) -> str:
    tests = sum(not math.isnan(one.p_holm) for one in decided)
    return METHOD.format(
        tests=tests,
        intervals=TOGETHER if simultaneous else ALONE,
        cell=100 * margins.cell,
        average=100 * margins.average,
    )


def _refuse(base: Arm, reasons: Mapping[str, Sequence[str]], force: bool) -> None:
    said = [f"{plain(label)}: {'; '.join(why)}" for label, why in reasons.items() if why]
    if said and not force:
        raise RunError(
            f"these runs do not compare with {plain(base.label)}. {'. '.join(said)}. --force compares what they share."
        )


def differences(paired: Paired, scheme: Scheme) -> dict[str, Difference]:
    """Second minus first in each cell and in their mean; NaN where a cell has no shared question."""
    pairs = {name: paired.pairs(name, scheme) for name in paired.cells}
    found = {name: difference(of_cell) if of_cell[0] else NO_DIFFERENCE for name, of_cell in pairs.items()}
    return found | ({AVG: average_difference(pairs)} if paired.first.benchmark.averaged else {})


HEADS = ("difference", "detectable", "power", "p (Holm)", "n", "wins", "losses", "verdict")


def _sheet(found: Compared, index: int, scheme: Scheme, method: str) -> Sheet:
    paired = found.paired[index]
    first, second = paired.first, paired.second
    lines = found.lines(index, "")
    data = [found.row(line, scheme) for line in lines]
    rows = [
        _row(name_of(row.cell, paired.cells), row, found.decided[line]) for line, row in zip(lines, data, strict=True)
    ]
    notes = [f"NOT COMPARABLE, forced: {reason}." for reason in found.reasons[index]]
    notes += [f"Asked otherwise: {'; '.join(marked)}." for marked in (unlike(first, second).marked,) if marked]
    notes.append(method)
    if paired.missing:
        notes.append(f"{paired.missing:,} questions have no verdict on one side or both and are left out.")
    notes += together({arm.label: arm_notes(arm, scheme) for arm in (first, second)})
    rules = frozenset({len(paired.cells) - 1})
    heads = ["accuracy, %", first.label, second.label, *HEADS]
    return Sheet(f"{second.label} against {first.label}, paired by question", heads, rows, notes, fields(data), rules)


def _row(name: str, row: DifferenceRow, decided: Decision) -> list[Item]:
    one = decided.difference
    seen = "-" if math.isnan(decided.detectable) else f"{100 * decided.detectable:.1f}"
    power = "-" if math.isnan(decided.power) else f"{100 * decided.power:.0f} %"
    texts = (seen, power, p_shown(decided.p_holm), str(one.n), str(one.wins), str(one.losses), str(decided))
    return [
        Item(name),
        *(Item(percent(mean)) for mean in (row.first_accuracy, row.second_accuracy)),
        signed(one.value, decided.low, decided.high),
        *(Item(text) for text in texts),
    ]


def _grouped(paired: Paired, facet: str) -> dict[str, Paired]:
    """The pairs of each of a facet's values, largest group first, with the cells that it has."""
    groups: dict[str, dict[str, list[tuple[Record, Record]]]] = {}
    for cell, pairs in paired.cells.items():
        for first, second in pairs:
            groups.setdefault(value_of(first, facet), {}).setdefault(cell, []).append((first, second))
    sizes = {value: sum(map(len, cells.values())) for value, cells in groups.items()}
    ordered = sorted(groups, key=lambda value: (-sizes[value], value))
    return {value: replace(paired, cells=groups[value]) for value in ordered}


def _mean_difference(group: Paired, scheme: Scheme) -> Difference:
    """The mean of the group's cells' differences; of one cell its own, with the test that belongs to it."""
    pairs = {cell: group.pairs(cell, scheme) for cell in group.cells}
    return difference(next(iter(pairs.values()))) if len(pairs) == 1 else average_difference(pairs)


def _facet_sheet(found: Compared, index: int, facet: str, scheme: Scheme) -> Sheet:
    first, second = found.paired[index].first, found.paired[index].second
    lines = found.lines(index, facet)
    data = [found.row(line, scheme) for line in lines]
    rows = [_row(row.group, row, found.decided[line]) for line, row in zip(lines, data, strict=True)]
    notes = [
        "Means of the cells that a group has, paired by question; intervals, tests and correction as above, the margin "
        "that of a cell."
    ]
    heads = [facet, first.label, second.label, *HEADS]
    return Sheet(f"{second.label} against {first.label}, by {facet}", heads, rows, notes, fields(data))


def _means(paired: Paired, name: str, scheme: Scheme) -> tuple[float, float]:
    """The accuracies of first and second on what they share."""
    cells = [paired.pairs(cell, scheme) for cell in (paired.cells if name == AVG else (name,))]
    if any(not pairs[0] for pairs in cells):
        return math.nan, math.nan
    of_first = [sum(second) / len(second) for _, second, _ in cells]
    of_second = [sum(first) / len(first) for first, _, _ in cells]
    return sum(of_first) / len(cells), sum(of_second) / len(cells)


def percent(share: float) -> str:
    """A share in per cent, or a dash."""
    return "-" if math.isnan(share) else f"{100 * share:.1f}"


def signed(value: float, low: float, high: float) -> Item:
    """A difference in points with its interval."""
    if math.isnan(value):
        return Item("-")
    return Item(f"{100 * value:+.1f}", f"[{100 * low:+6.1f}, {100 * high:+6.1f}]")


def p_shown(p: float) -> str:
    """A p value for people."""
    return "" if math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def _difference_row(
    paired: Paired, cell: str, decided: Decision, scheme: Scheme, by: str = "", group: str = ""
) -> DifferenceRow:
    one = decided.difference
    first, second = _means(paired, cell, scheme)
    return DifferenceRow(
        family=paired.first.benchmark.name,
        with_image=paired.first.with_image,
        first=paired.first.label,
        second=paired.second.label,
        by=by,
        group=group,
        cell=cell,
        first_accuracy=first,
        second_accuracy=second,
        difference=one.value,
        low=decided.low,
        high=decided.high,
        level=decided.level,
        p=one.p,
        p_holm=decided.p_holm,
        test=one.test,
        margin=decided.margin,
        verdict=decided.outcome,
        detectable=decided.detectable,
        power=decided.power,
        needed=decided.needed,
        n=one.n,
        images=one.clusters,
        only_second_right=one.wins,
        only_first_right=one.losses,
        protocol=scheme.protocol,
        closed_by=scheme.closed_by,
    )
