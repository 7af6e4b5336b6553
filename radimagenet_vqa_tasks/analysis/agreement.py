"""How far runs give the same answers, right or wrong: Cohen's kappa between each two, as in ReXVQA's Figure 5."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.numbers import KappaRow, fields
from radimagenet_vqa_tasks.analysis.paired import kappa
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.scoring.record import Record


def kappa_rows(arms: Sequence[Arm]) -> list[KappaRow]:
    """Cohen's kappa of each run's answers (yes, no, a letter, none) to questions that are not open with each run's.

    Each with each, itself too: as many rows as runs, squared, in the order of the runs.
    """
    answers = [{record.key: record for record in arm.records if record.format != "open"} for arm in arms]
    found = {
        (one, other): _kappa(answers[one], answers[other])
        for one in range(len(arms))
        for other in range(one, len(arms))
    }
    return [
        _kappa_row(arm, theirs, found[min(one, other), max(one, other)])
        for one, arm in enumerate(arms)
        for other, theirs in enumerate(arms)
    ]


def kappa_sheet(arms: Sequence[Arm]) -> Sheet:
    """`kappa_rows` as a square."""
    data = kappa_rows(arms)
    shown = [_shown(one) for one in data]
    rows = []
    for one, arm in enumerate(arms):
        items = shown[one * len(arms) : (one + 1) * len(arms)]
        items[one] = Item(items[one].text)
        rows.append([Item(arm.label), *items])
    notes = [
        "1: the same answer everywhere; 0: no more agreement than chance, taken within each cell. Agreement says "
        "nothing of being right. In brackets: 95 % intervals, clustered on images."
    ]
    title = "Agreement of answers (Cohen's kappa; closed and multiple-choice questions)"
    return Sheet(title, ["", *(arm.label for arm in arms)], rows, notes, fields(data))


def _kappa_row(arm: Arm, theirs: Arm, agreement: Estimate) -> KappaRow:
    return KappaRow(
        family=arm.benchmark.name,
        with_image=arm.with_image,
        first=arm.label,
        second=theirs.label,
        kappa=agreement.value,
        low=agreement.low,
        high=agreement.high,
        n=agreement.n,
        images=agreement.clusters,
    )


def _kappa(ours: Mapping[str, Record], theirs: Mapping[str, Record]) -> Estimate:
    shared = [(ours[key], theirs[key]) for key in ours if key in theirs]
    return kappa(
        [one.extracted for one, _ in shared],
        [other.extracted for _, other in shared],
        [one.cluster for one, _ in shared],
        [one.cell for one, _ in shared],
    )


def _shown(one: KappaRow) -> Item:
    if math.isnan(one.kappa):
        return Item("-")
    interval = "[no interval]" if math.isnan(one.low) else f"[{one.low:.2f}, {one.high:.2f}]"
    return Item(f"{one.kappa:.2f}", interval)
