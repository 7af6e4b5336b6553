"""Estimates and their clustered intervals, against hand-computed and simulated values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cluster_bootstrap import means
from scipy import stats

from radimagenet_vqa_tasks.analysis.statistics import accuracy, average, wilson


def test_wilson_equals_scipy() -> None:
    """The interval is Wilson's, as scipy computes it."""
    expected = stats.binomtest(7, 20).proportion_ci(method="wilson")
    assert wilson(7 / 20, 20) == pytest.approx((expected.low, expected.high))


def test_accuracy_of_independent_questions_is_wilson() -> None:
    """One question a cluster: the design effect is about 1 and the interval is the plain one."""
    scores = [1.0] * 14 + [0.0] * 6
    estimate = accuracy(scores, list(range(20)))
    assert estimate.value == 0.7
    # n / (n - 1) is all that the cluster variance adds: the effective n is 19.
    assert (estimate.low, estimate.high) == pytest.approx(wilson(0.7, 19))


def test_accuracy_of_identical_twins_has_half_the_questions() -> None:
    """Each question asked twice with the same outcome carries the weight of one (effective n = 9, hand-computed)."""
    scores = [1.0, 1.0] * 7 + [0.0, 0.0] * 3
    estimate = accuracy(scores, [index // 2 for index in range(20)])
    assert (estimate.n, estimate.clusters) == (20, 10)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(0.7, 9))


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_accuracy_at_the_edge_keeps_a_width(score: float) -> None:
    """Forty of forty right does not mean certainty."""
    estimate = accuracy([score] * 40, list(range(40)))
    assert estimate.high - estimate.low == pytest.approx(1 - 40 / (40 + 1.959964**2), abs=1e-6)


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
    # Residuals are +-1/2, eight of them: the variance of the mean is 8/7 * 8 * (1/16)^2 = 1/28.
    margin = stats.t.ppf(0.975, 7) * math.sqrt(1 / 28)
    assert (tied.low, tied.high) == pytest.approx((0.5 - margin, 0.5 + margin))
    assert free.high - free.low == pytest.approx((tied.high - tied.low) / math.sqrt(2))


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


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_intervals_cover_at_the_nominal_rate(share: float) -> None:
    """Nominal 95 % intervals cover 93 to 97 % with nine dependent questions an image, for a cell and for the mean."""
    random = np.random.default_rng(2512)
    images, questions, trials = 60, 9, 2000
    clusters = np.repeat(np.arange(images), questions).tolist()
    covered_pooled = covered_average = 0
    for _ in range(trials):
        # Each image has its own difficulty; its questions share it.
        easy = random.beta(4 * share, 4 * (1 - share), (images, 1))
        scores = (random.random((images, questions)) < easy).astype(float)
        pooled = accuracy(scores.ravel().tolist(), clusters)
        mean = average({str(cell): (scores[:, cell].tolist(), list(range(images))) for cell in range(questions)})
        covered_pooled += pooled.low <= share <= pooled.high
        covered_average += mean.low <= share <= mean.high
    assert 0.93 <= covered_pooled / trials <= 0.97
    assert 0.93 <= covered_average / trials <= 0.97
