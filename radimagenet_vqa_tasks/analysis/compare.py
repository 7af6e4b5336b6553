"""Runs against each other on the same questions, paired by key: who is better where, by how much, how surely."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from radimagenet_vqa_tasks.analysis.agreement import kappa_sheet
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.escape import plain
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme, value_of
from radimagenet_vqa_tasks.analysis.paired import (
    NO_DIFFERENCE,
    Difference,
    Pairs,
    average_difference,
    difference,
    holm,
)
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, require_facet, together
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import Record

SCHEMA = "radvqa.compare/1"
SIGNIFICANT = 0.05

METHOD = (
    "Intervals: Bonett-Price at the effective sample size for a cell, linearised and clustered on images for Avg. "
    "p: McNemar's exact test for a cell with one question an image, else a clustered t test. Holm: corrected over the "
    "cells of all comparisons; the verdict goes by it. wins, losses: questions that only the second run, and "
    "only the first one, has right."
)


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
            missing += 1
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


def compare_sheets(arms: Sequence[Arm], scheme: Scheme, *, by: Sequence[str] = (), force: bool = False) -> list[Sheet]:
    """Every other run against the first, whole and by each facet in `by`.

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
    found = [differences(one, scheme) for one in paired]
    corrected = iter(holm([of_pair[name].p for of_pair in found for name in base.cells]))
    p_values = [{name: next(corrected) for name in base.cells} for _ in found]
    sheets = [
        _sheet(one, of_pair, p, scheme, reasons[one.second.label])
        for one, of_pair, p in zip(paired, found, p_values, strict=True)
    ]
    for facet in by:
        require_facet(arms, facet)
        sheets += _facet_sheets(paired, facet, scheme)
    return [*sheets, kappa_sheet(arms)]


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


def _sheet(
    paired: Paired, found: Mapping[str, Difference], p: Mapping[str, float], scheme: Scheme, reasons: Sequence[str]
) -> Sheet:
    first, second = paired.first, paired.second
    rows, data = [], []
    for name, one in found.items():
        means = _means(paired, name, scheme)
        p_holm = p.get(name, math.nan)
        rows.append(
            [Item(name_of(name, paired.cells)), *(Item(percent(mean)) for mean in means), signed(one)]
            + [Item(text) for text in (p_shown(one.p), p_shown(p_holm), str(one.n), str(one.wins), str(one.losses))]
            + [Item(_verdict(one, p_holm if name in p else one.p))]
        )
        data.append(_data(paired, name, means, one, p_holm, scheme))
    heads = ["accuracy, %", first.label, second.label, "difference", "p", "p (Holm)", "n"]
    heads += ["wins", "losses", "verdict"]
    notes = [f"NOT COMPARABLE, forced: {reason}." for reason in reasons]
    notes.append(METHOD)
    if paired.missing:
        notes.append(f"{paired.missing:,} questions have no verdict on one side or both and are left out.")
    notes += together({arm.label: arm_notes(arm, scheme) for arm in (first, second)})
    rules = frozenset({len(paired.cells) - 1})
    return Sheet(f"{second.label} against {first.label}, paired by question", heads, rows, notes, data, rules)


def _facet_sheets(paired: Sequence[Paired], facet: str, scheme: Scheme) -> list[Sheet]:
    """One sheet a pair of runs: the difference in each of a facet's groups, corrected over the groups of all pairs."""
    groups = [_grouped(one, facet) for one in paired]
    found = [{value: _mean_difference(group, scheme) for value, group in of_pair.items()} for of_pair in groups]
    corrected = iter(holm([one.p for of_pair in found for one in of_pair.values()]))
    return [
        _facet_sheet(one, facet, of_pair, {value: next(corrected) for value in of_pair}, groups[index], scheme)
        for index, (one, of_pair) in enumerate(zip(paired, found, strict=True))
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


def _facet_sheet(
    paired: Paired,
    facet: str,
    found: Mapping[str, Difference],
    p: Mapping[str, float],
    groups: Mapping[str, Paired],
    scheme: Scheme,
) -> Sheet:
    first, second = paired.first, paired.second
    rows, data = [], []
    for value, one in found.items():
        means = _means(groups[value], AVG, scheme)
        rows.append(
            [Item(value), *(Item(percent(mean)) for mean in means), signed(one)]
            + [Item(text) for text in (p_shown(one.p), p_shown(p[value]), str(one.n), str(one.wins), str(one.losses))]
            + [Item(_verdict(one, p[value]))]
        )
        cell = AVG if len(groups[value].cells) > 1 else next(iter(groups[value].cells))
        data.append(_data(paired, cell, means, one, p[value], scheme, facet, value))
    heads = [facet, first.label, second.label, "difference", "p", "p (Holm)", "n", "wins", "losses", "verdict"]
    notes = [
        "Means of the cells that a group has, paired by question; intervals and tests as above. Holm: over all groups."
    ]
    return Sheet(f"{second.label} against {first.label}, by {facet}", heads, rows, notes, data)


def _means(paired: Paired, name: str, scheme: Scheme) -> tuple[float, float]:
    """The accuracies of first and second on what they share."""
    cells = [paired.pairs(cell, scheme) for cell in (paired.cells if name == AVG else (name,))]
    if any(not pairs[0] for pairs in cells):
        return math.nan, math.nan
    of_first = [sum(second) / len(second) for _, second, _ in cells]
    of_second = [sum(first) / len(first) for first, _, _ in cells]
    return sum(of_first) / len(cells), sum(of_second) / len(cells)


def _verdict(one: Difference, p: float) -> str:
    if math.isnan(p):
        return ""
    if p >= SIGNIFICANT:
        return "not told apart"
    return "second better" if one.value > 0 else "first better"


def percent(share: float) -> str:
    """A share in per cent, or a dash."""
    return "-" if math.isnan(share) else f"{100 * share:.1f}"


def signed(one: Difference) -> Item:
    """A difference in points with its interval."""
    if math.isnan(one.value):
        return Item("-")
    if math.isnan(one.low):
        return Item(f"{100 * one.value:+.1f}", "[no interval]")
    return Item(f"{100 * one.value:+.1f}", f"[{100 * one.low:+6.1f}, {100 * one.high:+6.1f}]")


def p_shown(p: float) -> str:
    """A p value for people."""
    return "" if math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def _data(
    paired: Paired,
    name: str,
    means: tuple[float, float],
    one: Difference,
    p_holm: float,
    scheme: Scheme,
    by: str = "",
    group: str = "",
) -> dict[str, object]:
    return {
        "first": paired.first.label,
        "second": paired.second.label,
        "by": by,
        "group": group,
        "cell": name,
        "first_accuracy": means[0],
        "second_accuracy": means[1],
        "difference": one.value,
        "low": one.low,
        "high": one.high,
        "p": one.p,
        "p_holm": p_holm,
        "test": one.test,
        "n": one.n,
        "images": one.clusters,
        "only_second_right": one.wins,
        "only_first_right": one.losses,
        "protocol": scheme.protocol,
        "closed_by": scheme.closed_by,
    }
