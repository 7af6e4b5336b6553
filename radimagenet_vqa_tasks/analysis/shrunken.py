"""Many small groups: whether they differ at all, and what is left of each group's number once chance is taken out.

Of a hundred pathologies with ten questions each the best has all right and the worst none, though all be equally hard.
So a test of heterogeneity comes first; then each group's share is drawn towards that of all groups, by as much as their
spread is chance (hierarchical beta-binomial; its two numbers are averaged over what the groups make likely).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radimagenet_vqa_tasks.analysis.clusters import NOISE, Floats, influences
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.analysis.student import LEVEL

Scores = tuple[Sequence[float], Sequence[Hashable]]  # of a group: scores and clusters

SHUFFLES = 1999
SEED = 13
AT_ONCE = 1_000_000  # numbers in memory while images are dealt
MEANS, PRIORS, POINTS = 17, 12, 200  # of the grids of the mean, of the prior's size, and of a group's share
LEAST, MOST = 0.5, 1000.0  # questions that the prior may be worth: groups from nearly free to alike


@dataclass(frozen=True)
class Shrunken:
    """Groups with their shrunken shares.

    Attributes:
        estimates: by group; the interval holds the group's own share with a probability of 95 %.
        mean: of the groups' distribution.
        p: of the test that all groups have one share.
    """

    estimates: Mapping[str, Estimate]
    mean: float
    p: float


def shrink(groups: Mapping[str, Scores]) -> Shrunken:
    """Shrink the shares of these groups, none of which is empty, towards each other."""
    found = [influences({"": scores}) for scores in groups.values()]
    share = np.array([one.mean for one in found])
    # Questions of one image are not independent: a group counts as so many that are.
    size = np.array([min(one.n, max(1.0, one.effective_size(one.mean * (1 - one.mean)))) for one in found])
    mean, prior, weight = _likely(share * size, size)
    estimates = {}
    for name, one, right, of in zip(groups, found, share * size, size, strict=True):
        value, low, high = _mixture(mean * prior + right, (1 - mean) * prior + of - right, weight)
        estimates[name] = Estimate(value, low, high, one.n, one.clusters)
    return Shrunken(estimates, float((mean * weight).sum()), heterogeneity(groups))


def _likely(right: Floats, size: Floats) -> tuple[Floats, Floats, Floats]:
    """Beta distributions (their means, and how many questions each is worth) and how likely the groups make each.

    All means within three standard errors, and all sizes of the prior on a logarithmic scale, are taken for equally
    likely beforehand.
    """
    from scipy.special import betaln

    overall = (right.sum() + 0.5) / (size.sum() + 1)
    error = max(math.sqrt(overall * (1 - overall) / size.sum()), float((right / size).std()) / math.sqrt(len(size)))
    means = np.clip(overall + error * np.linspace(-3, 3, MEANS), 1e-3, 1 - 1e-3)
    priors = np.geomspace(LEAST, MOST, PRIORS)
    mean, prior = (one.ravel() for one in np.meshgrid(means, priors))
    a, b = (mean * prior)[:, None], ((1 - mean) * prior)[:, None]
    fit = (betaln(right + a, size - right + b) - betaln(a, b)).sum(axis=1)
    weight = np.exp(fit - fit.max())
    kept = weight > 0.01
    return mean[kept], prior[kept], weight[kept] / weight[kept].sum()


def _mixture(a: Floats, b: Floats, weight: Floats) -> tuple[float, float, float]:
    """Mean and 95 % interval of a mixture of beta distributions."""
    from scipy.special import betainc

    at = np.linspace(0, 1, POINTS + 1)
    below = (betainc(a[:, None], b[:, None], at) * weight[:, None]).sum(axis=0)
    tail = (1 - LEVEL) / 2
    low, high = np.interp([tail, 1 - tail], below, at)
    return float((a / (a + b) * weight).sum()), float(low), float(high)


def heterogeneity(groups: Mapping[str, Scores], shuffles: int = SHUFFLES, seed: int = SEED) -> float:
    """The p of the test that all groups have one share: images are dealt to the groups anew, many times.

    What is compared is the groups' weighted variance of shares, which is Pearson's chi-square but for a constant. An
    image is dealt with all its questions in the group; 1 where there are no two groups.
    """
    totals, counts, sizes = _by_cluster(groups)
    if len(sizes) < 2:
        return 1.0
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])

    def spread(order: NDArray[np.intp]) -> Floats:
        right = np.add.reduceat(totals[order], starts, axis=-1)
        return (right**2 / np.add.reduceat(counts[order], starts, axis=-1)).sum(axis=-1)

    random, images, larger = np.random.default_rng(seed), np.arange(len(totals)), 0
    at_once = max(1, AT_ONCE // len(images))
    for start in range(0, shuffles, at_once):
        shape = min(at_once, shuffles - start), len(images)
        dealt = random.permuted(np.broadcast_to(images, shape), axis=1)
        larger += int((spread(dealt) >= spread(images) - NOISE).sum())
    return (1 + larger) / (1 + shuffles)


def _by_cluster(groups: Mapping[str, Scores]) -> tuple[Floats, Floats, list[int]]:
    """Right answers and questions of each image in each group, group after group; and how many images a group has."""
    totals: list[float] = []
    counts: list[float] = []
    sizes = []
    for scores, owners in groups.values():
        of_group: dict[Hashable, list[float]] = {}
        for score, owner in zip(scores, owners, strict=True):
            of_group.setdefault(owner, []).append(score)
        totals += [sum(own) for own in of_group.values()]
        counts += [float(len(own)) for own in of_group.values()]
        sizes.append(len(of_group))
    return np.array(totals), np.array(counts), sizes
