"""What questions about one image or patient have in common: the one place that knows which scores share a cluster.

Everything that estimates or tests works on `Influences`: by how much each cluster moves a mean of cells. Whether there
is variation to measure is decided by counts of clusters that differ, never by whether a variance exceeds 0.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radimagenet_vqa_tasks.analysis.student import LEVEL, t_quantile

Floats = NDArray[np.float64]
Cells = Mapping[str, tuple[Sequence[float], Sequence[Hashable]]]  # values and their clusters, by cell

NOISE = 1e-9  # an influence smaller than this part of the largest is rounding


@dataclass(frozen=True)
class Influences:
    """The unweighted mean of cells' means, and what it rests on.

    Attributes:
        mean: of the cells' means.
        totals: each cluster's part in the mean; they sum to it.
        residuals: by how much each cluster moves the mean away from what it is; they sum to 0.
        plain: the variance that the mean would have if questions were independent.
        n: values, in all cells.
    """

    mean: float
    totals: Floats
    residuals: Floats
    plain: float
    n: int

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return len(self.totals)

    @property
    def variance(self) -> float:
        """The clustered variance of the mean; NaN for one cluster. G / (G - 1) corrects for few of them."""
        count = self.clusters
        return float(count / (count - 1) * (self.residuals**2).sum()) if count > 1 else math.nan

    @property
    def freedom(self) -> float:
        """Degrees of freedom of that variance: Satterthwaite's, at most one less than there are clusters.

        The squares' sum has the variance of its fourth powers' sum. Where few clusters carry all variation, as where
        three answers in a thousand are wrong, few degrees are left.
        """
        squares = self.residuals**2
        spread = float((squares**2).sum())
        return min(self.clusters - 1.0, max(1.0, 2 * float(squares.sum()) ** 2 / spread)) if spread else 1.0

    @property
    def vary(self) -> bool:
        """Whether clusters differ by more than rounding."""
        return bool(len(_beyond_rounding(self.residuals)) > 1)

    @property
    def moved(self) -> Floats:
        """The totals of the clusters that are not 0."""
        return _beyond_rounding(self.totals)

    def effective_size(self, unit: float, level: float = LEVEL) -> float:
        """How many independent questions tell as much, if one has the variance `unit`, for an interval of this level.

        After Korn and Graubard (1998): the design effect is at least that of independent questions, and the size
        shrinks with the degrees of freedom that the variance is known by. Where nothing varies, each cluster counts
        once.
        """
        if self.clusters < 2 or not self.vary or unit <= 0:
            return float(self.clusters)
        size = unit / max(self.variance, self.plain)
        if self.clusters == self.n:
            return size
        return size * (t_quantile(self.n - 1, level) / t_quantile(self.freedom, level)) ** 2


def influences(cells: Cells) -> Influences:
    """The influences of the clusters in these cells, none of which is empty."""
    values = {name: np.asarray(column, dtype=float) for name, (column, _) in cells.items()}
    means = {name: float(column.mean()) for name, column in values.items()}
    weights = {name: len(column) * len(cells) for name, column in values.items()}
    places, count = _places([owner for _, owners in cells.values() for owner in owners])
    shares = np.concatenate([column / weights[name] for name, column in values.items()])
    centred = np.concatenate([(column - means[name]) / weights[name] for name, column in values.items()])
    plain = sum(float(values[name].var()) / max(1, len(values[name]) - 1) for name in cells) / len(cells) ** 2
    return Influences(
        float(np.mean(list(means.values()))),
        _sums(shares, places, count),
        _sums(centred, places, count),
        plain,
        len(shares),
    )


def clustered_error(moves: Floats, clusters: Sequence[Hashable]) -> tuple[float, int]:
    """The standard error of an estimate, NaN for one cluster, and the number of clusters.

    `moves` says by how much each observation moves the estimate; they sum to 0.
    """
    places, count = _places(clusters)
    totals = _sums(moves, places, count)
    return (math.sqrt(count / (count - 1) * float((totals**2).sum())) if count > 1 else math.nan), count


def _places(clusters: Sequence[Hashable]) -> tuple[NDArray[np.intp], int]:
    index = {cluster: position for position, cluster in enumerate(dict.fromkeys(clusters))}
    return np.fromiter((index[cluster] for cluster in clusters), np.intp, len(clusters)), len(index)


def _sums(values: Floats, places: NDArray[np.intp], count: int) -> Floats:
    return np.bincount(places, weights=values, minlength=count).astype(float)


def _beyond_rounding(totals: Floats) -> Floats:
    size = np.abs(totals)
    return totals[size > NOISE * size.max()] if len(totals) and size.max() > NOISE / max(1, len(totals)) else totals[:0]
