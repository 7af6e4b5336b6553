"""How far runs give the same answers, right or wrong: Cohen's kappa between each two, as in ReXVQA's Figure 5."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.paired import kappa
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.scoring.record import Record


def kappa_sheet(arms: Sequence[Arm]) -> Sheet:
    """Cohen's kappa between each two runs' answers (yes, no, a letter, none) to questions that are not open."""
    answers = [{record.key: record for record in arm.records if record.format != "open"} for arm in arms]
    found = {
        (one, other): _kappa(answers[one], answers[other])
        for one in range(len(arms))
        for other in range(one, len(arms))
    }
    rows, data = [], []
    for one, arm in enumerate(arms):
        row = [Item(arm.label)]
        for other, theirs in enumerate(arms):
            agreement = found[min(one, other), max(one, other)]
            row.append(_shown(agreement) if one != other else Item(_shown(agreement).text))
            data.append(
                {
                    "first": arm.label,
                    "second": theirs.label,
                    "kappa": agreement.value,
                    "low": agreement.low,
                    "high": agreement.high,
                    "n": agreement.n,
                    "images": agreement.clusters,
                }
            )
        rows.append(row)
    notes = [
        "1: the same answer everywhere; 0: no more agreement than chance, taken within each cell. Agreement says "
        "nothing of being right. In brackets: 95 % intervals, clustered on images."
    ]
    title = "Agreement of answers (Cohen's kappa; closed and multiple-choice questions)"
    return Sheet(title, ["", *(arm.label for arm in arms)], rows, notes, data)


def _kappa(ours: Mapping[str, Record], theirs: Mapping[str, Record]) -> Estimate:
    shared = [(ours[key], theirs[key]) for key in ours if key in theirs]
    return kappa(
        [one.extracted for one, _ in shared],
        [other.extracted for _, other in shared],
        [one.cluster for one, _ in shared],
        [one.cell for one, _ in shared],
    )


def _shown(agreement: Estimate) -> Item:
    if math.isnan(agreement.value):
        return Item("-")
    interval = "[no interval]" if math.isnan(agreement.low) else f"[{agreement.low:.2f}, {agreement.high:.2f}]"
    return Item(f"{agreement.value:.2f}", interval)
