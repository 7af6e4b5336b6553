"""Shares and means of shares with 95 % intervals that know of clusters and never have a width of 0."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.clusters import Cells, influences
from radimagenet_vqa_tasks.analysis.student import LEVEL, z_quantile


@dataclass(frozen=True)
class Estimate:
    """A share (or a kappa), its 95 % interval, and what it rests on. All NaN where nothing was scored."""

    value: float
    low: float
    high: float
    n: int
    clusters: int


NOTHING = Estimate(math.nan, math.nan, math.nan, 0, 0)


def accuracy(scores: Sequence[float], clusters: Sequence[Hashable], level: float = LEVEL) -> Estimate:
    """The mean of scores between 0 and 1, with the interval of `share_interval` at the effective sample size."""
    return average({"": (scores, clusters)}, level)


def average(cells: Cells, level: float = LEVEL) -> Estimate:
    """The unweighted mean of cells' accuracies; its interval counts what the cells share. NaN if a cell is empty."""
    if not cells or any(not len(scores) for scores, _ in cells.values()):
        return NOTHING
    found = influences(cells)
    low, high = share_interval(found.mean, found.effective_size(found.mean * (1 - found.mean), level), level)
    return Estimate(found.mean, low, high, found.n, found.clusters)


def share_interval(share: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval, widened near 0 and 1 where its coverage dips.

    Near 0 the interval can only err by its lower end, which is the exact one-sided bound there (Clopper and Pearson's),
    as Brown, Cai and DasGupta (2001) widen it; near 1 likewise. `n` independent questions, not necessarily whole.
    """
    from scipy.special import betaincinv

    low, high = wilson(share, n, level)
    right, wrong = share * n, (1 - share) * n
    if right > 0:
        low = min(low, float(betaincinv(right, wrong + 1, 1 - level)))
    if wrong > 0:
        high = max(high, 1 - float(betaincinv(wrong, right + 1, 1 - level)))
    return low, high


def wilson(share: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval of a share that rests on n (not necessarily whole) independent trials."""
    z = z_quantile(level)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(max(0.0, share * (1 - share)) / n + z * z / (4 * n * n))
    low, high = max(0.0, centre - margin), min(1.0, centre + margin)
    return (0.0 if share <= 0 else low), (1.0 if share >= 1 else high)
