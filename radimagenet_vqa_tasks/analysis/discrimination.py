"""Sensitivity, specificity and their mean: what closed answers are worth whatever the share of positive questions.

Which answer is the positive one, and what it says of the image, is in the cell's record. An answer that is always the
same has a balanced accuracy of a half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.baselines import p_of_share
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.numbers import (
    ArmShown,
    ByRules,
    Count,
    Family,
    High,
    Images,
    Low,
    NumberRow,
    RunName,
    Share,
    WithImage,
    fields,
)
from radimagenet_vqa_tasks.analysis.paired import holm
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import NOTHING, Estimate, accuracy, average
from radimagenet_vqa_tasks.analysis.table import INTERVALS, arm_notes, interval, of_scheme, together
from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.scoring.record import Record


class DiscriminationRow(NumberRow, frozen=True, kw_only=True):
    """How far closed questions of one subject tell their positive answer from the negative one."""

    run: RunName
    arm: ArmShown
    with_image: WithImage
    family: Family
    subject: Annotated[str, Meta(description="what the questions are about")]
    positive: Annotated[str, Meta(description="what the positive answer says")]
    sensitivity: Annotated[Share, Meta(description="right, of the questions whose answer is positive")]
    sensitivity_low: Low
    sensitivity_high: High
    specificity: Annotated[Share, Meta(description="right, of the questions whose answer is negative")]
    specificity_low: Low
    specificity_high: High
    balanced: Annotated[Share, Meta(description="the mean of the two: balanced accuracy")]
    balanced_low: Low
    balanced_high: High
    p: Annotated[Share, Meta(description="of the balanced accuracy against a half, two-sided, uncorrected")]
    p_holm: Annotated[Share, Meta(description="corrected over the table")]
    said: Annotated[Share, Meta(description="how many of the readable answers are positive")]
    said_low: Low
    said_high: High
    true: Annotated[Share, Meta(description="how many of the right answers to them are")]
    positives: Annotated[Count, Meta(description="questions whose answer is positive")]
    negatives: Annotated[Count, Meta(description="the others")]
    images: Images
    protocol: ByRules


@dataclass(frozen=True)
class Discrimination:
    """How far closed questions of one subject tell the positive answer from the negative one.

    Attributes:
        positive: what the positive answer says.
        sensitivity, specificity: of the questions whose right answer is the positive one, and of the others.
        balanced: their mean; NaN where there are only questions of one kind.
        said: the share of readable answers that are positive; `true` is that of the right answers to them.
        p: of the balanced accuracy against a half.
    """

    subject: str
    positive: str
    sensitivity: Estimate
    specificity: Estimate
    balanced: Estimate
    said: Estimate
    true: float
    p: float


def discriminations(records: Sequence[Record], scheme: Scheme) -> list[Discrimination]:
    """Of each subject that closed questions ask about."""
    groups: dict[tuple[str, tuple[str, str]], list[Record]] = {}
    for record in records:
        if record.format == "closed" and record.target in ("yes", "no"):
            cell = cell_called(record.cell)
            groups.setdefault((cell.subject, cell.positive), []).append(record)
    return [_discrimination(subject, *positive, of, scheme) for (subject, positive), of in groups.items()]


def _discrimination(
    subject: str, positive: str, called: str, records: Sequence[Record], scheme: Scheme
) -> Discrimination:
    scored = {
        kind: scheme.scored([record for record in records if (record.target == positive) is kind])
        for kind in (True, False)
    }
    both = {str(kind): of_kind for kind, of_kind in scored.items() if of_kind[0]}
    read = [record for record in records if record.extracted in ("yes", "no")]
    return Discrimination(
        subject,
        called,
        accuracy(*scored[True]),
        accuracy(*scored[False]),
        average(both) if len(both) == 2 else NOTHING,
        accuracy([float(one.extracted == positive) for one in read], [one.cluster for one in read]),
        sum(one.target == positive for one in read) / len(read) if read else math.nan,
        p_of_share(both, 0.5) if len(both) == 2 else math.nan,
    )


def discrimination_rows(arms: Sequence[Arm], scheme: Scheme) -> list[DiscriminationRow]:
    """Of all these arms; their tests are corrected together."""
    found = [(arm, one) for arm in arms for one in discriminations(arm.records, scheme)]
    corrected = holm([one.p for _, one in found])
    return [_row(arm, one, p, scheme) for (arm, one), p in zip(found, corrected, strict=True)]


def _row(arm: Arm, one: Discrimination, p_holm: float, scheme: Scheme) -> DiscriminationRow:
    return DiscriminationRow(
        run=arm.name,
        arm=arm.arm,
        with_image=arm.with_image,
        family=arm.benchmark.name,
        subject=one.subject,
        positive=one.positive,
        sensitivity=one.sensitivity.value,
        sensitivity_low=one.sensitivity.low,
        sensitivity_high=one.sensitivity.high,
        specificity=one.specificity.value,
        specificity_low=one.specificity.low,
        specificity_high=one.specificity.high,
        balanced=one.balanced.value,
        balanced_low=one.balanced.low,
        balanced_high=one.balanced.high,
        p=one.p,
        p_holm=p_holm,
        said=one.said.value,
        said_low=one.said.low,
        said_high=one.said.high,
        true=one.true,
        positives=one.sensitivity.n,
        negatives=one.specificity.n,
        images=one.balanced.clusters,
        protocol=scheme.protocol,
    )


def discrimination_sheet(arms: Sequence[Arm], scheme: Scheme) -> Sheet | None:
    """One benchmark's runs; None where none of them answers closed questions."""
    found = [(arm, one) for arm in arms for one in discriminations(arm.records, scheme)]
    if not found:
        return None
    rows = discrimination_rows(arms, scheme)
    notes = [
        f"{INTERVALS} sensitivity: right, of the questions whose answer is the positive one; specificity: of the "
        "others. balanced: their mean, 50 % for an answer that is always the same; p against that, corrected (Holm) "
        "over this table. said: how many readable answers are positive; true: how many should be.",
        *together({arm.label: arm_notes(arm, scheme) for arm in arms}),
    ]
    heads = ["", "positive", "sensitivity", "specificity", "balanced", "p (Holm)", "said", "true", "n"]
    title = f"{arms[0].benchmark.title}: closed questions, %{of_scheme(scheme)}"
    lines = [_line(arm, one, row.p_holm) for (arm, one), row in zip(found, rows, strict=True)]
    return Sheet(title, heads, lines, notes, fields(rows), names=2)


def _line(arm: Arm, one: Discrimination, p: float) -> list[Item | str]:
    name = " ".join((arm.label, one.subject)).strip()
    shares = (one.sensitivity, one.specificity, one.balanced)
    tested = "" if math.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}"
    counts = f"{one.sensitivity.n:,} + {one.specificity.n:,}"
    true = "-" if math.isnan(one.true) else f"{100 * one.true:.1f}"
    return [name, one.positive, *map(_shown, shares), tested, _shown(one.said), true, counts]


def _shown(estimate: Estimate) -> Item:
    return Item(f"{100 * estimate.value:.1f}", interval(estimate)) if estimate.n else Item("-")
