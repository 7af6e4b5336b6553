"""What a comparison decides: better, the same within a margin, or neither; and what it could have decided.

All that one comparison decides is one family. Of runs that are equal everywhere, at most one family in twenty holds a
"better"; of runs that differ by the margin everywhere, at most one in twenty holds a "same".
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from radimagenet_vqa_tasks.analysis.paired import Difference, holm
from radimagenet_vqa_tasks.analysis.student import LEVEL, z_quantile

ALPHA = 0.05
POWER = 0.8

Outcome = Literal["second better", "first better", "same within the margin", "cannot tell", "too few", ""]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Margins:
    """Differences that do not matter, as shares: of a cell or a group, and of Avg."""

    cell: float = 0.02
    average: float = 0.01


@dataclass(frozen=True)
class Decision:
    """What is decided of one difference.

    Attributes:
        low, high: the interval to show: of this difference alone, or simultaneous with all others of the family.
        level: of that interval.
        p_holm: corrected over the family; NaN where there is no test.
        margin: within which a difference counts as none.
        detectable: the difference that is found with a probability of 80 %, after correction.
        power: the probability with which a difference of the margin is found, after correction.
        needed: about how many questions would tell a difference of the margin from none.
    """

    difference: Difference
    low: float
    high: float
    level: float
    p_holm: float
    outcome: Outcome
    margin: float
    detectable: float
    power: float
    needed: int | None

    def __str__(self) -> str:
        if self.outcome != "cannot tell" or self.needed is None:
            return self.outcome
        return f"cannot tell (needs about {self.needed:,} questions)"


def decide(
    found: Mapping[Key, Difference],
    margins: Mapping[Key, float],
    *,
    simultaneous: bool = False,
    same_first: bool = False,
) -> dict[Key, Decision]:
    """Decide on all differences of one family.

    "Better" is Holm's correction of the tests, "same" that of two one-sided tests (`same_within`). Simultaneous
    intervals are Bonferroni's: all of them hold the truth in 95 % of families. A difference whose interval excludes 0
    is then called better but for borderline cases; Holm's correction may call one better whose interval just touches 0.
    With `same_first` a difference that is surely there and surely within the margin is called the same.
    """
    corrected = dict(zip(found, holm([one.p for one in found.values()]), strict=True))
    tests = max(1, sum(not math.isnan(p) for p in corrected.values()))
    level = 1 - (1 - LEVEL) / tests if simultaneous else LEVEL
    same = same_within({key: one for key, one in found.items() if not math.isnan(one.p)}, margins)
    decided = {}
    for key, one in found.items():
        low, high = one.interval(level)
        decided[key] = Decision(
            difference=one,
            low=low,
            high=high,
            level=level,
            p_holm=corrected[key],
            outcome=_outcome(one, corrected[key], key in same, same_first),
            margin=margins[key],
            detectable=detectable(one, tests),
            power=power_of(margins[key], one.error, tests),
            needed=needed_questions(one, margins[key], tests),
        )
    return decided


def same_within(found: Mapping[Key, Difference], margins: Mapping[Key, float]) -> set[Key]:
    """The differences that lie surely within their margins: two one-sided tests, corrected after Holm.

    With m differences left, those whose interval at the level 1 - 2 * 0.05 / m lies within the margin are the same;
    then the others are tried again without them.
    """
    left, same = dict(found), set[Key]()
    while left:
        level = 1 - 2 * ALPHA / len(left)
        passed = {key for key, one in left.items() if _inside(one.interval(level), margins[key])}
        if not passed:
            break
        same |= passed
        left = {key: one for key, one in left.items() if key not in passed}
    return same


def _inside(interval: tuple[float, float], margin: float) -> bool:
    return -margin < interval[0] and interval[1] < margin


def _outcome(one: Difference, p: float, same: bool, same_first: bool) -> Outcome:
    if one.test == "":
        return ""
    if math.isnan(p):
        return "too few"
    if p < ALPHA and not (same and same_first):
        return "second better" if one.value > 0 else "first better"
    return "same within the margin" if same else "cannot tell"


def detectable(one: Difference, tests: int, power: float = POWER) -> float:
    """The difference that a two-sided test, corrected for so many, finds with this probability; NaN for no data."""
    found = (z_quantile(1 - ALPHA / tests) + one_sided(power)) * one.error
    return min(found, 1.0)  # and not the other way round, which would make 1 of NaN


def power_of(difference: float, error: float, tests: int) -> float:
    """The probability that a two-sided test, corrected for so many, finds this difference; NaN for no data."""
    if math.isnan(error):
        return math.nan
    steps = difference / error if error > 0 else math.inf
    return 0.5 * math.erfc((z_quantile(1 - ALPHA / tests) - steps) / math.sqrt(2))


def needed_questions(one: Difference, margin: float, tests: int, power: float = POWER) -> int | None:
    """About how many questions show that there is no difference, if there is none; None for no data.

    As many, to within a tenth, show a difference of the margin, if there is one. To two digits, for it is a guess.
    """
    if not one.n or not margin > 0:
        return None
    steps = (z_quantile(1 - 2 * ALPHA / tests) + one_sided((1 + power) / 2)) * one.error / margin
    exact = one.n * steps**2
    digits = 10 ** max(0, math.floor(math.log10(exact)) - 1) if exact >= 1 else 1
    return int(math.ceil(exact / digits) * digits)


def one_sided(probability: float) -> float:
    """A normal variable lies below this with the probability; it is at least a half."""
    return z_quantile(2 * probability - 1)
