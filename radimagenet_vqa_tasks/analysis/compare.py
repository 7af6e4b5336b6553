"""Runs against each other on the same questions, paired by key: who is better where, by how much, how surely."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.escape import plain
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.analysis.paired import (
    NO_DIFFERENCE,
    Difference,
    Pairs,
    average_difference,
    difference,
    holm,
    kappa,
)
from radimagenet_vqa_tasks.analysis.records import Record
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, together
from radimagenet_vqa_tasks.errors import RunError

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
    unjudged: int

    def pairs(self, cell: str, scheme: Scheme) -> Pairs:
        """The second's scores, the first's, and the clusters: a difference is what the second adds."""
        records = self.cells[cell]
        return (
            [scheme.score(second) or 0.0 for _, second in records],
            [scheme.score(first) or 0.0 for first, _ in records],
            [first["cluster"] for first, _ in records],
        )


def pair(first: Arm, second: Arm, scheme: Scheme) -> Paired:
    """Match two arms' questions by key."""
    others = {record["key"]: record for record in second.records}
    cells: dict[str, list[tuple[Record, Record]]] = {name: [] for name in first.cells}
    unjudged = 0
    for record in first.records:
        other = others.get(record["key"])
        if other is None:
            continue
        if scheme.score(record) is None or scheme.score(other) is None:
            unjudged += 1
        else:
            cells[scheme.cell(record)].append((record, other))
    return Paired(first, second, cells, unjudged)


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
    ours, theirs = ({record["key"] for record in arm.records} for arm in (first, second))
    if ours != theirs:
        found.append(
            f"only {len(ours & theirs):,} questions are in both ({len(ours - theirs):,} only in the first, "
            f"{len(theirs - ours):,} only in the second)"
        )
    return found


def _fingerprints(first: Arm, second: Arm) -> list[tuple[str, str]]:
    """Of each cell that both have, the data it asked about; benchmarks exist whose cells are separate data sets."""
    ours, theirs = ({record["cell"]: record["fingerprint"] for record in arm.records} for arm in (first, second))
    return [(ours[cell], theirs[cell]) for cell in ours if cell in theirs]


def compare_sheets(arms: Sequence[Arm], scheme: Scheme, *, force: bool = False) -> list[Sheet]:
    """Every other run against the first. Raises RunError where they do not compare and nobody forces it."""
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
    return found | ({AVG: average_difference(pairs)} if paired.first.family.averaged else {})


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
    if paired.unjudged:
        notes.append(f"{paired.unjudged:,} questions have no verdict on one side or both and are left out.")
    notes += together({arm.label: arm_notes(arm, scheme) for arm in (first, second)})
    rules = frozenset({len(paired.cells) - 1})
    return Sheet(f"{second.label} against {first.label}, paired by question", heads, rows, notes, data, rules)


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


def kappa_sheet(arms: Sequence[Arm]) -> Sheet:
    """Cohen's kappa between each two runs' answers (yes, no, a letter, none) to questions that are not open."""
    answers = [
        {record["key"]: record["extracted"] for record in arm.records if record["format"] != "open"} for arm in arms
    ]
    cells = {record["key"]: record["cell"] for arm in arms for record in arm.records}
    rows, data = [], []
    for arm, own in zip(arms, answers, strict=True):
        row = [Item(arm.label)]
        for other, theirs in zip(arms, answers, strict=True):
            shared = [key for key in own if key in theirs]
            value = kappa(*([values[key] for key in shared] for values in (own, theirs, cells)))
            row.append(Item("-" if math.isnan(value) else f"{value:.2f}"))
            data.append({"first": arm.label, "second": other.label, "kappa": value, "n": len(shared)})
        rows.append(row)
    notes = [
        "1: the same answer everywhere; 0: no more agreement than chance, taken within each cell. Agreement says "
        "nothing of being right."
    ]
    title = "Agreement of answers (Cohen's kappa; closed and multiple-choice questions)"
    return Sheet(title, ["", *(arm.label for arm in arms)], rows, notes, data)


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
    paired: Paired, name: str, means: tuple[float, float], one: Difference, p_holm: float, scheme: Scheme
) -> dict[str, object]:
    return {
        "first": paired.first.label,
        "second": paired.second.label,
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
