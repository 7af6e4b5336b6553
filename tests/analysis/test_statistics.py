"""Estimates and their clustered intervals, against hand-computed and simulated values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cluster_bootstrap import means
from scipy import stats

from radimagenet_vqa_tasks.analysis.clusters import influences
from radimagenet_vqa_tasks.analysis.statistics import accuracy, average, share_interval, wilson


def test_wilson_equals_scipy() -> None:
    """The interval is Wilson's, as scipy computes it."""
    expected = stats.binomtest(7, 20).proportion_ci(method="wilson")
    assert wilson(7 / 20, 20) == pytest.approx((expected.low, expected.high))


def test_the_exact_bound_guards_the_end_near_0() -> None:
    """Of one right in 20 the lower end is the exact one-sided bound, below Wilson's; in the middle it is Wilson's."""
    exact = stats.binomtest(1, 20, alternative="greater").proportion_ci(0.95, method="exact").low
    low, high = share_interval(1 / 20, 20)
    assert (low, high) == (pytest.approx(exact), pytest.approx(wilson(1 / 20, 20)[1]))
    assert low < wilson(1 / 20, 20)[0]
    assert share_interval(19 / 20, 20) == pytest.approx((1 - high, 1 - low))
    assert share_interval(0.5, 100) == pytest.approx(wilson(0.5, 100))


def test_accuracy_of_independent_questions_is_that_of_a_share() -> None:
    """One question a cluster: n / (n - 1) is all that the cluster variance adds, so the effective n is 19."""
    estimate = accuracy([1.0] * 14 + [0.0] * 6, list(range(20)))
    assert estimate.value == 0.7
    assert (estimate.low, estimate.high) == pytest.approx(share_interval(0.7, 19))


def test_accuracy_of_identical_twins_has_half_the_questions() -> None:
    """Each question asked twice with the same outcome: effective n = 9, less what nine degrees of freedom cost."""
    scores = [1.0, 1.0] * 7 + [0.0, 0.0] * 3
    estimate = accuracy(scores, [index // 2 for index in range(20)])
    size = 9 * (stats.t.ppf(0.975, 19) / stats.t.ppf(0.975, 9)) ** 2
    assert (estimate.n, estimate.clusters) == (20, 10)
    assert (estimate.low, estimate.high) == pytest.approx(share_interval(0.7, size))


def test_few_varying_clusters_leave_few_degrees_of_freedom() -> None:
    """One wrong image of forty: its influence is nearly all variation, which leaves two degrees (Satterthwaite)."""
    found = influences({"": ([0.0] * 4 + [1.0] * 156, [index // 4 for index in range(160)])})
    # One total of -39/40 and 39 of 1/40, in units of 1/40: 2 (a^2 + 39 b^2)^2 / (a^4 + 39 b^4) with a = 39, b = 1.
    assert found.freedom == pytest.approx(2 * (39**2 + 39) ** 2 / (39**4 + 39))


def test_rounding_is_no_variation() -> None:
    """Three images with the same share of right answers: 1/3 has rounding noise, and the three count once each."""
    found = influences({cell: ([1.0, 0.0, 0.0] * 3, [0, 0, 0, 1, 1, 1, 2, 2, 2]) for cell in "abc"})
    assert not found.vary and found.effective_size(2 / 9) == 3
    low, high = (estimate := average({"a": ([1.0, 0.0, 0.0], [0, 0, 0])})).low, estimate.high
    assert low < 1 / 3 < high and high - low > 0.5


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_accuracy_at_the_edge_keeps_a_width(score: float) -> None:
    """Forty of forty right does not mean certainty, and nine cells that are all right do not either."""
    estimate = accuracy([score] * 40, list(range(40)))
    assert estimate.high - estimate.low == pytest.approx(1 - 40 / (40 + 1.959964**2), abs=1e-6)
    mean = average({str(cell): ([score] * 40, list(range(40))) for cell in range(9)})
    assert (mean.low, mean.high) == (estimate.low, estimate.high)


def test_accuracy_of_nothing_is_nan() -> None:
    """An empty denominator is NaN, never 0."""
    assert math.isnan(accuracy([], []).value)


def test_average_counts_what_cells_share() -> None:
    """Two cells that always agree on an image give an Avg as uncertain as either; independent ones a narrower one."""
    clusters = list(range(8))
    same = [1.0, 0.0] * 4
    other = [1.0, 1.0, 0.0, 0.0] * 2
    tied = average({"a": (same, clusters), "b": (same, clusters)})
    free = average({"a": (same, clusters), "b": (other, clusters)})
    # Eight residuals of +-1/16 each: the variance is 8/7 * 8 / 16^2 = 1/28, and the effective size 1/4 / (1/28) = 7.
    shrunk = (stats.t.ppf(0.975, 15) / stats.t.ppf(0.975, 7)) ** 2
    assert (tied.low, tied.high) == pytest.approx(share_interval(0.5, 7 * shrunk))
    # Four totals of +-1/8 and four of 0 are half of that variance.
    assert (free.low, free.high) == pytest.approx(share_interval(0.5, 14 * shrunk))


def test_average_with_an_empty_cell_is_nan() -> None:
    """A mean over fewer cells than asked for is not given."""
    assert math.isnan(average({"a": ([1.0], [0]), "b": ([], [])}).value)


def test_intervals_agree_with_the_bootstrap() -> None:
    """Nine dependent questions an image, pooled and as nine cells: 5,000 draws of images give the same intervals."""
    random = np.random.default_rng(11)
    images = 300
    scores = (random.random((images, 9)) < random.beta(1.5, 1, (images, 1))).astype(float)
    cells = {str(cell): (scores[:, cell].tolist(), list(range(images))) for cell in range(9)}
    replicates = means(cells, 5000)
    mean = average(cells)
    assert (mean.low, mean.high) == pytest.approx(
        tuple(np.quantile(replicates.mean(axis=1), [0.025, 0.975])), abs=0.004
    )
    for column, of_cell in enumerate(cells.values()):
        found = accuracy(*of_cell)
        assert (found.low, found.high) == pytest.approx(
            tuple(np.quantile(replicates[:, column], [0.025, 0.975])), abs=0.009
        )
    pooled = accuracy(scores.ravel().tolist(), np.repeat(np.arange(images), 9).tolist())
    assert (pooled.low, pooled.high) == pytest.approx((mean.low, mean.high), abs=0.004)
