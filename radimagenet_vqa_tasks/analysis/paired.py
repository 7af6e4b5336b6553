"""Two sets of answers to the same questions: differences with clustered intervals, exact tests, and agreement.

Everything is paired by question, and all errors come from the clusters' influences. The test exchanges the two runs
within clusters: if they are equally good, every cluster's difference could as well have had the other sign.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from radimagenet_vqa_tasks.analysis.clusters import NOISE, Floats, Influences, clustered_error, influences
from radimagenet_vqa_tasks.analysis.statistics import NOTHING, Estimate, share_interval
from radimagenet_vqa_tasks.analysis.student import LEVEL, t_quantile, z_quantile

Test = Literal[
    "McNemar, exact",
    "sign flips, exact",
    "sign flips, normal",
    "normal",
    "too few",
    "",
]
Pairs = tuple[Sequence[float], Sequence[float], Sequence[Hashable]]  # scores of the one, of the other, clusters

ENUMERATED = 16  # clusters that differ: up to so many, all 2^16 signs are tried
FEWEST = 6  # with fewer that differ no p below 5 % exists: 2 / 2^5 is 0.0625


@dataclass(frozen=True)
class Difference:
    """First minus second, as a share between -1 and 1.

    Attributes:
        low, high: the 95 % interval.
        p: two-sided, uncorrected; NaN where there are too few clusters for a test.
        wins, losses: questions that only the first, and only the second, has right.
    """

    value: float
    low: float
    high: float
    p: float
    n: int
    clusters: int
    wins: int
    losses: int
    test: Test
    spread: Spread | None = field(default=None, repr=False)

    @property
    def error(self) -> float:
        """The standard error that the 95 % interval is made of; NaN for no data."""
        return self.spread.error(LEVEL) if self.spread else math.nan

    def interval(self, level: float) -> tuple[float, float]:
        """The interval at another level than 95 %."""
        return self.spread.interval(level) if self.spread else (math.nan, math.nan)


@dataclass(frozen=True)
class Spread:
    """What an interval of a difference is made of, at any level: the shares of wins and losses, and the clusters."""

    more: float
    less: float
    found: Influences

    def interval(self, level: float) -> tuple[float, float]:
        """Bonett and Price's (2012) adjusted Wald interval of paired proportions, at the effective size."""
        centre, error = self._adjusted(level)
        margin = z_quantile(level) * error
        return max(-1.0, centre - margin), min(1.0, centre + margin)

    def error(self, level: float) -> float:
        """The standard error in the interval of that level: few clusters have a larger one at a higher level."""
        return self._adjusted(level)[1]

    def effective_size(self, level: float) -> float:
        """How many independent questions tell as much, for an interval of that level."""
        return self.found.effective_size(self.more + self.less - (self.more - self.less) ** 2, level)

    def _adjusted(self, level: float) -> tuple[float, float]:
        """Centre and error after one question is added to either kind of disagreement."""
        size = self.effective_size(level)
        more, less = (self.more * size + 1) / (size + 2), (self.less * size + 1) / (size + 2)
        centre = more - less
        return centre, math.sqrt((more + less - centre**2) / (size + 2))


NO_DIFFERENCE = Difference(math.nan, math.nan, math.nan, math.nan, 0, 0, 0, 0, "")


def difference(pairs: Pairs) -> Difference:
    """The difference of two accuracies on the same questions; NaN for no questions."""
    return average_difference({"": pairs})


def average_difference(cells: Mapping[str, Pairs]) -> Difference:
    """The unweighted mean of the cells' differences. NaN if a cell is empty.

    The interval is Bonett and Price's (2012) for paired proportions, at the effective size that the clusters leave: it
    keeps a width where the two never differ. The test flips the signs of clusters; with one question a cluster in one
    cell that is McNemar's.
    """
    if not cells or any(not len(first) for first, _, _ in cells.values()):
        return NO_DIFFERENCE
    values = {name: np.subtract(first, second, dtype=float) for name, (first, second, _) in cells.items()}
    found = influences({name: (values[name], cells[name][2]) for name in cells})  # type: ignore[misc]
    more, less = (
        float(np.mean([np.maximum(sign * of_cell, 0).mean() for of_cell in values.values()])) for sign in (1, -1)
    )
    spread = Spread(more, less, found)
    low, high = spread.interval(LEVEL)
    every = np.concatenate(list(values.values()))
    wins, losses = int((every > 0).sum()), int((every < 0).sum())
    test, p = flip_test(found)
    return Difference(found.mean, low, high, p, found.n, found.clusters, wins, losses, test, spread)


def flip_test(found: Influences) -> tuple[Test, float]:
    """The name and the two-sided p of the test that flips the signs of clusters' totals.

    Exact where all that are not 0 are of one size, or they are few enough to try all signs; else by the normal limit.
    "too few" where not even clusters that all differ the same way could give a p below 5 %.
    """
    moved = found.moved
    if found.clusters < FEWEST:
        return "too few", math.nan
    sizes = np.abs(moved)
    if not len(moved) or sizes.max() - sizes.min() <= NOISE * sizes.max():
        p = mcnemar(int((moved > 0).sum()), int((moved < 0).sum()))
        return ("McNemar, exact" if found.clusters == found.n else "sign flips, exact"), p
    if len(moved) <= ENUMERATED:
        return "sign flips, exact", flips(moved)
    return "sign flips, normal", math.erfc(abs(float(moved.sum())) / math.sqrt(2 * float((moved**2).sum())))


def flips(totals: Floats) -> float:
    """The share of all assignments of signs whose sum is at least as far from 0 as the sum as it is."""
    sums = np.zeros(1)
    for total in totals:
        sums = np.concatenate([sums + total, sums - total])
    # Sums that are equal in exact arithmetic must count as equal.
    return float((np.abs(sums) >= abs(float(totals.sum())) - NOISE * float(np.abs(totals).max())).mean())


def mcnemar(wins: int, losses: int) -> float:
    """McNemar's exact two-sided p, twice the smaller tail of a fair coin's tosses; 1 where nothing differs."""
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(wins, losses), wins + losses, 0.5))) if wins + losses else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction; NaN stays NaN and does not count as a test."""
    values = np.asarray(p_values, dtype=float)
    tests = np.flatnonzero(~np.isnan(values))
    order = tests[np.argsort(values[tests], kind="stable")]
    adjusted = np.minimum(1.0, np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1)))
    values[order] = adjusted
    return [float(value) for value in values]


def kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    clusters: Sequence[Hashable],
    strata: Sequence[Hashable] | None = None,
) -> Estimate:
    """Cohen's kappa of two sets of answers to the same questions, with a linearised interval clustered on images.

    NaN where chance alone would agree on everything. With `strata`, the agreement that chance explains is taken within
    each: that both answer yes or no to one kind of question and a letter to another is no agreement.
    """
    n = len(first)
    if not n:
        return NOTHING
    [stratum], (ours, theirs) = _codes(strata or [None] * n), _codes(first, second)
    labels = 1 + int(max(ours.max(), theirs.max()))
    sizes = np.bincount(stratum)
    shape = len(sizes), labels
    often, often_theirs = (
        np.bincount(stratum * labels + answers, minlength=shape[0] * shape[1]).reshape(shape)
        for answers in (ours, theirs)
    )
    by_chance = (often * often_theirs).sum(axis=1) / sizes
    agreed, expected = (ours == theirs).astype(float), float(by_chance.sum())
    if n - expected < 1e-9:
        return Estimate(math.nan, math.nan, math.nan, n, len(set(clusters)))
    value = float((agreed.sum() - expected) / (n - expected))
    # What one more question of the kind adds to the agreement by chance.
    added = (often_theirs[stratum, ours] + often[stratum, theirs] - by_chance[stratum]) / sizes[stratum]
    error, count = clustered_error((agreed - added - value * (1 - added)) / (n - expected), clusters)
    low, high = _kappa_interval(value, 1 - expected / n, 0.0 if math.isnan(error) else error, n, count)
    return Estimate(value, low, high, n, count)


def _kappa_interval(value: float, by_chance: float, error: float, n: int, count: int) -> tuple[float, float]:
    """Kappa is 1 - disagreement / what chance would disagree on: the interval of the former, on kappa's scale.

    The effective size is the one at which the share of disagreement has kappa's linearised error, so that the
    interval is that of a share near 1 (skewed, never empty) and the linearised one in the middle.
    """
    disagreement = min(1.0, max(0.0, (1 - value) * by_chance))
    unit = disagreement * (1 - disagreement)
    size = unit / (error * by_chance) ** 2 if error > NOISE and unit > 0 else float(count)
    if count > 1 and count < n and error > 0:
        size *= (t_quantile(n - 1) / t_quantile(count - 1)) ** 2
    low, high = share_interval(disagreement, size)
    return max(-1.0, 1 - high / by_chance), min(1.0, 1 - low / by_chance)


def _codes(*columns: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    """The columns' labels as numbers, the same label as the same number."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(chain.from_iterable(columns)))}
    return [np.fromiter((numbers[label] for label in column), np.intp, len(column)) for column in columns]
