"""Estimates with clustered errors: questions about one image are not independent.

`_totals` alone knows which scores share a cluster; every error below is made from it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A share between 0 and 1, its 95 % interval, and what it rests on. All NaN where nothing was scored."""

    value: float
    low: float
    high: float
    n: int
    clusters: int


NOTHING = Estimate(math.nan, math.nan, math.nan, 0, 0)


def accuracy(scores: Sequence[float], clusters: Sequence[Hashable]) -> Estimate:
    """The mean of 0/1 scores with a Wilson interval at the effective sample size.

    The effective size is n divided by the design effect (clustered over binomial variance, at least 1), after Korn and
    Graubard (1998): unlike a normal interval it stays within 0 and 1 and keeps its width where every answer, or none,
    is right; there the clusters are taken for the effective size.
    """
    if not scores:
        return NOTHING
    values = np.asarray(scores, dtype=float)
    n, mean, count = len(values), float(values.mean()), len(set(clusters))
    binomial = mean * (1 - mean) / n
    if binomial == 0 or count < 2:
        effective = float(count)
    else:
        effective = n / max(1.0, _variance(_totals(values - mean, clusters) / n) / binomial)
    low, high = wilson(mean, effective)
    return Estimate(mean, low, high, n, count)


def average(cells: Mapping[str, tuple[Sequence[float], Sequence[Hashable]]]) -> Estimate:
    """The unweighted mean of cells' accuracies, with the error that follows from their sharing clusters.

    Each cluster's influence on the mean is the sum of its influences on the cells (linearisation); the interval is
    Student's with one degree of freedom less than there are clusters. NaN if a cell is empty.
    """
    if not cells or any(not scores for scores, _ in cells.values()):
        return NOTHING
    means = {name: float(np.mean(scores)) for name, (scores, _) in cells.items()}
    residuals: list[float] = []
    owners: list[Hashable] = []
    for name, (scores, clusters) in cells.items():
        residuals += [(score - means[name]) / (len(scores) * len(cells)) for score in scores]
        owners += clusters
    mean, count = float(np.mean(list(means.values()))), len(set(owners))
    if count < 2:
        return Estimate(mean, math.nan, math.nan, len(owners), count)
    margin = stats.t.ppf(0.5 + LEVEL / 2, count - 1) * math.sqrt(_variance(_totals(np.asarray(residuals), owners)))
    return Estimate(mean, max(0.0, mean - margin), min(1.0, mean + margin), len(owners), count)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of a share that rests on n (not necessarily whole) independent trials."""
    z = stats.norm.ppf(0.5 + LEVEL / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - margin), min(1.0, centre + margin)


def _totals(residuals: NDArray[np.float64], clusters: Sequence[Hashable]) -> NDArray[np.float64]:
    """The sum of the residuals of each cluster."""
    index = {cluster: position for position, cluster in enumerate(dict.fromkeys(clusters))}
    totals = np.zeros(len(index))
    np.add.at(totals, [index[cluster] for cluster in clusters], residuals)
    return totals


def _variance(totals: NDArray[np.float64]) -> float:
    """Variance of an estimate from its clusters' influences, which sum to 0; G / (G - 1) corrects for few of them."""
    count = len(totals)
    return float(count / (count - 1) * (totals**2).sum())
