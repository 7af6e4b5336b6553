"""Two sets of answers to the same questions: differences with clustered intervals, tests, and agreement.

Everything is paired by question. Questions about one image are not independent, so all errors come from the clusters'
totals: the linearised formula, which needs no random numbers, and which a bootstrap over clusters agrees with in the
tests.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from radimagenet_vqa_tasks.analysis.statistics import (
    NOTHING,
    Estimate,
    clustered_error,
    effective_size,
    mean_of_cells,
)
from radimagenet_vqa_tasks.analysis.student import Z, t_quantile

Test = Literal["McNemar, exact", "t, clustered", ""]
Pairs = tuple[Sequence[float], Sequence[float], Sequence[Hashable]]  # scores of the one, of the other, clusters


@dataclass(frozen=True)
class Difference:
    """First minus second, as a share between -1 and 1.

    Attributes:
        low, high: the 95 % interval; NaN where there is none to be had.
        p: two-sided, uncorrected.
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


NO_DIFFERENCE = Difference(math.nan, math.nan, math.nan, math.nan, 0, 0, 0, 0, "")


def difference(pairs: Pairs) -> Difference:
    """The difference of two accuracies on the same questions.

    The interval is Bonett and Price's (2012) for paired proportions, at the effective size that the clusters leave: it
    keeps a width where the two never differ. The test is McNemar's exact one where no two questions share a cluster,
    else a t test on the clusters' totals.
    """
    first, second = np.asarray(pairs[0], dtype=float), np.asarray(pairs[1], dtype=float)
    if not len(first):
        return NO_DIFFERENCE
    values, clusters = first - second, pairs[2]
    n, count = len(values), len(set(clusters))
    wins, losses = int((values > 0).sum()), int((values < 0).sum())
    low, high = _bonett_price(wins / n, losses / n, effective_size(values, clusters))
    test: Test
    if count == n:
        test, p = "McNemar, exact", mcnemar(wins, losses)
    else:
        mean, error, _, _ = mean_of_cells({"": (values.tolist(), clusters)})
        test, p = "t, clustered", _t_test(mean, error, count)
    return Difference(float(values.mean()), low, high, p, n, count, wins, losses, test)


def average_difference(cells: Mapping[str, Pairs]) -> Difference:
    """The unweighted mean of the cells' differences: a t interval and test on the clusters' totals.

    NaN if a cell is empty; without an interval where no question of any cell differs.
    """
    if not cells or any(not len(pairs[0]) for pairs in cells.values()):
        return NO_DIFFERENCE
    values = {name: np.subtract(first, second, dtype=float) for name, (first, second, _) in cells.items()}
    mean, error, n, count = mean_of_cells({name: (values[name].tolist(), cells[name][2]) for name in cells})
    every = np.concatenate(list(values.values()))
    wins, losses = int((every > 0).sum()), int((every < 0).sum())
    low = high = math.nan
    if error > 0:
        margin = t_quantile(count - 1) * error
        low, high = max(-1.0, mean - margin), min(1.0, mean + margin)
    return Difference(mean, low, high, _t_test(mean, error, count), n, count, wins, losses, "t, clustered")


def mcnemar(wins: int, losses: int) -> float:
    """McNemar's exact two-sided p, twice the smaller tail of a fair coin's tosses; 1 where nothing differs."""
    from scipy.special import bdtr  # a second for scipy.special, and four for scipy.stats: hence not at the top

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

    NaN where chance alone would agree on everything; without an interval where every answer is the same, or there is
    one cluster. With `strata`, the agreement that chance explains is taken within each: that both answer yes or no to
    one kind of question and a letter to another is no agreement.
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
    if not error > 0:
        return Estimate(value, math.nan, math.nan, n, count)
    margin = t_quantile(count - 1) * error
    return Estimate(value, max(-1.0, value - margin), min(1.0, value + margin), n, count)


def _codes(*columns: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    """The columns' labels as numbers, the same label as the same number."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(chain.from_iterable(columns)))}
    return [np.fromiter((numbers[label] for label in column), np.intp, len(column)) for column in columns]


def _bonett_price(wins: float, losses: float, n: float) -> tuple[float, float]:
    """The adjusted Wald interval: one question is added to either kind of disagreement."""
    more, less = (wins * n + 1) / (n + 2), (losses * n + 1) / (n + 2)
    centre = more - less
    margin = Z * math.sqrt((more + less - centre**2) / (n + 2))
    return max(-1.0, centre - margin), min(1.0, centre + margin)


def _t_test(mean: float, error: float, clusters: int) -> float:
    if mean == 0:
        return 1.0
    if not error > 0:  # one cluster, or the same difference in all of them: there is no error to measure it by
        return math.nan
    from scipy.special import stdtr

    return float(2 * stdtr(clusters - 1, -abs(mean) / error))
