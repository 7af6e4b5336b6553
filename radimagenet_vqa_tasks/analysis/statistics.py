"""Estimates with clustered errors: questions about one image are not independent.

`_totals` alone knows which scores share a cluster; every error below is made from it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radimagenet_vqa_tasks.analysis.student import Z, t_quantile


@dataclass(frozen=True)
class Estimate:
    """A share (or a kappa), its 95 % interval, and what it rests on. All NaN where nothing was scored."""

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
    mean = float(values.mean())
    low, high = wilson(mean, effective_size(values, clusters))
    return Estimate(mean, low, high, len(values), len(set(clusters)))


def effective_size(values: NDArray[np.float64], clusters: Sequence[Hashable]) -> float:
    """How many independent values tell as much about the mean as these clustered ones; the clusters, if none differ."""
    n, mean = len(values), float(values.mean())
    variance = float(((values - mean) ** 2).mean()) / n
    totals = _totals(values - mean, clusters)
    if variance == 0 or len(totals) < 2:
        return float(len(totals))
    return n / max(1.0, _variance(totals / n) / variance)


def average(cells: Mapping[str, tuple[Sequence[float], Sequence[Hashable]]]) -> Estimate:
    """The unweighted mean of cells' accuracies, with the error that follows from their sharing clusters.

    Each cluster's influence on the mean is the sum of its influences on the cells (linearisation); the interval is
    Student's with one degree of freedom less than there are clusters. NaN if a cell is empty.
    """
    if not cells or any(not scores for scores, _ in cells.values()):
        return NOTHING
    mean, error, n, count = mean_of_cells(cells)
    if count < 2:
        return Estimate(mean, math.nan, math.nan, n, count)
    margin = t_quantile(count - 1) * error
    return Estimate(mean, max(0.0, mean - margin), min(1.0, mean + margin), n, count)


def mean_of_cells(cells: Mapping[str, tuple[Sequence[float], Sequence[Hashable]]]) -> tuple[float, float, int, int]:
    """The unweighted mean of the cells' means, its clustered standard error (NaN for one cluster), n and clusters."""
    means = {name: float(np.mean(scores)) for name, (scores, _) in cells.items()}
    residuals = [
        (np.asarray(scores, dtype=float) - means[name]) / (len(scores) * len(cells))
        for name, (scores, _) in cells.items()
    ]
    owners = [owner for _, clusters in cells.values() for owner in clusters]
    error, count = clustered_error(np.concatenate(residuals), owners)
    return float(np.mean(list(means.values()))), error, len(owners), count


def clustered_error(influences: NDArray[np.float64], clusters: Sequence[Hashable]) -> tuple[float, int]:
    """The standard error of an estimate, NaN for one cluster, and the number of clusters.

    `influences` says by how much each observation moves the estimate; they sum to 0.
    """
    totals = _totals(influences, clusters)
    return math.sqrt(_variance(totals)) if len(totals) > 1 else math.nan, len(totals)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of a share that rests on n (not necessarily whole) independent trials."""
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    margin = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
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
