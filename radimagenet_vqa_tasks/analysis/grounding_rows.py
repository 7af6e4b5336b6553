"""Whether a model looks, as typed rows: what the tables of `grounding_sheets.py` and `radvqa summary` are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from radimagenet_vqa_tasks.analysis.grounding import Grounding
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.numbers import (
    ArmShown,
    ByRules,
    Cell,
    Change,
    ClosedCells,
    Family,
    High,
    HighChange,
    Images,
    Low,
    LowChange,
    N,
    NumberRow,
    P,
    RunName,
    Share,
    Test,
)


class GainRow(NumberRow, frozen=True, kw_only=True):
    """What the own image adds to another arm."""

    family: Family
    run: RunName
    arm: ArmShown
    cell: Cell
    own: Annotated[Share, Meta(description="accuracy with the own image, on the questions that both arms have")]
    there: Annotated[Share, Meta(description="accuracy in the arm, on the same questions")]
    gain: Annotated[Change, Meta(description="own minus there, paired")]
    low: LowChange
    high: HighChange
    p: P
    p_holm: Annotated[Share, Meta(description="corrected over all gains of the run, Avg included")]
    test: Test
    chance: Annotated[Share, Meta(description="accuracy of uniform guessing; null where there is no list of answers")]
    corrected: Annotated[
        float,
        Meta(description="gain / (1 - chance), of Avg the mean of the cells': above 1 where the arm is below guessing"),
    ]
    n: N
    images: Images
    protocol: ByRules
    closed_by: ClosedCells


class FollowsRow(NumberRow, frozen=True, kw_only=True):
    """What answers are right for where another image is shown, for which another one is right and can be given."""

    family: Family
    run: RunName
    cell: Cell
    shown: Annotated[Share, Meta(description="right for the image that was shown")]
    shown_low: Low
    shown_high: High
    own: Annotated[Share, Meta(description="right for the one that was taken away")]
    own_low: Low
    own_high: High
    neither: Annotated[Share, Meta(description="not right for just one of the two")]
    chance: Annotated[Share, Meta(description="what a uniform guess gets of `shown`; null where it is not known")]
    lean: Annotated[Change, Meta(description="shown minus own")]
    lean_low: LowChange
    lean_high: HighChange
    effect: Annotated[
        Change, Meta(description="right on the same questions with their own image, minus own: what seeing it does")
    ]
    effect_low: LowChange
    effect_high: HighChange
    n: N
    images: Images


class MirageRow(NumberRow, frozen=True, kw_only=True):
    """Answers in an arm in which there is nothing to see; the three shares sum to 1."""

    family: Family
    run: RunName
    arm: ArmShown
    by: Annotated[str, Meta(description="`cell`, or the facet that says what a question asks about")]
    group: Annotated[str, Meta(description="the cell, or the facet's value")]
    answered: Annotated[Share, Meta(description="given as if there were an image")]
    low: Low
    high: High
    declined: Annotated[Share, Meta(description="saying that there is none, or that they cannot or will not answer")]
    silent: Annotated[Share, Meta(description="saying nothing at all")]
    n: N
    images: Images


class SameRow(NumberRow, frozen=True, kw_only=True):
    """How often the letter, yes, no or phrase is the same with the own image and in another arm."""

    family: Family
    run: RunName
    arm: ArmShown
    cell: Cell
    same: Annotated[Share, Meta(description="of the questions whose answers could be read both ways")]
    low: Low
    high: High
    n: N
    images: Images


class InWordsRow(NumberRow, frozen=True, kw_only=True):
    """Whether a run looks, in a line of words with numbers."""

    family: Family
    run: RunName
    in_words: Annotated[str, Meta(description="made by rule; names of runs in it: escape it")]


def _who(found: Grounding) -> tuple[str, str]:
    arm = found.arms["image"]
    return arm.benchmark.name, arm.name


def gain_rows(found: Grounding, scheme: Scheme) -> Iterator[GainRow]:
    """One row a gain."""
    family, run = _who(found)
    for one in found.gains:
        yield GainRow(
            family=family,
            run=run,
            arm=one.arm,
            cell=one.cell,
            own=one.seen,
            there=one.unseen,
            gain=one.difference.value,
            low=one.difference.low,
            high=one.difference.high,
            p=one.difference.p,
            p_holm=one.p_holm,
            test=one.difference.test,
            chance=one.chance,
            corrected=one.corrected,
            n=one.difference.n,
            images=one.difference.clusters,
            protocol=scheme.protocol,
            closed_by=scheme.closed_by,
        )


def follows_rows(found: Grounding) -> Iterator[FollowsRow]:
    """One row a cell."""
    family, run = _who(found)
    for one in found.follows:
        yield FollowsRow(
            family=family,
            run=run,
            cell=one.cell,
            shown=one.shown.value,
            shown_low=one.shown.low,
            shown_high=one.shown.high,
            own=one.own.value,
            own_low=one.own.low,
            own_high=one.own.high,
            neither=one.neither.value,
            chance=one.chance,
            lean=one.lean.value,
            lean_low=one.lean.low,
            lean_high=one.lean.high,
            effect=one.effect.value,
            effect_low=one.effect.low,
            effect_high=one.effect.high,
            n=one.shown.n,
            images=one.shown.clusters,
        )


def mirage_rows(found: Grounding) -> Iterator[MirageRow]:
    """One row an arm and group."""
    family, run = _who(found)
    for one in found.mirages:
        yield MirageRow(
            family=family,
            run=run,
            arm=one.arm,
            by=one.by,
            group=one.group,
            answered=one.answered.value,
            low=one.answered.low,
            high=one.answered.high,
            declined=one.declined,
            silent=one.silent,
            n=one.answered.n,
            images=one.answered.clusters,
        )


def same_rows(found: Grounding) -> Iterator[SameRow]:
    """One row an arm and cell."""
    family, run = _who(found)
    for one in found.same:
        yield SameRow(
            family=family,
            run=run,
            arm=one.arm,
            cell=one.cell,
            same=one.estimate.value,
            low=one.estimate.low,
            high=one.estimate.high,
            n=one.estimate.n,
            images=one.estimate.clusters,
        )
