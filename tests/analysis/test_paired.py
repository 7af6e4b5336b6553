"""Paired differences, tests and agreement, against independent implementations, by hand and by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from cluster_bootstrap import means
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import contingency_tables
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests

from radimagenet_vqa_tasks.analysis.clusters import influences
from radimagenet_vqa_tasks.analysis.paired import average_difference, difference, flips, holm, kappa, mcnemar


def test_difference_by_hand() -> None:
    """Twenty images; five right only for the first, two only for the second, six both ways: +15 points."""
    first = [1.0] * 5 + [0.0] * 2 + [1.0] * 6 + [0.0] * 7
    second = [0.0] * 5 + [1.0] * 2 + [1.0] * 6 + [0.0] * 7
    found = difference((first, second, list(range(20))))
    assert (found.value, found.wins, found.losses, found.n) == (pytest.approx(0.15), 5, 2, 20)
    # Seven differ: P(at most 2 of 7) = 29/128, and as much on the other side.
    assert (found.p, found.test) == (pytest.approx(58 / 128), "McNemar, exact")
    # Bonett-Price with the 19 independent questions that n / (n - 1) leaves: (4.75 + 1 - 1.9 - 1) / 21 = 0.1357.
    more, less = 5.75 / 21, 2.9 / 21
    margin = 1.959964 * math.sqrt((more + less - (more - less) ** 2) / 21)
    assert (found.low, found.high) == pytest.approx((more - less - margin, more - less + margin), abs=1e-6)


def test_mcnemar_equals_statsmodels() -> None:
    """The exact test is the one of statsmodels."""
    for wins, losses in ((0, 0), (1, 0), (7, 2), (30, 31), (100, 60)):
        expected = contingency_tables.mcnemar([[3, wins], [losses, 4]], exact=True).pvalue if wins + losses else 1.0
        assert mcnemar(wins, losses) == pytest.approx(expected)


def test_clustered_error_equals_statsmodels() -> None:
    """The standard error of a mean is that of a regression on a constant with clustered errors."""
    random = np.random.default_rng(1)
    clusters = random.integers(0, 30, 200)
    values = (random.random(200) < 0.3 + 0.02 * clusters).astype(float)
    fitted = sm.OLS(values, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    found = influences({"": (values.tolist(), clusters.tolist())})
    assert (found.mean, math.sqrt(found.variance), found.n, found.clusters) == (
        pytest.approx(fitted.params[0]),
        pytest.approx(fitted.bse[0]),
        200,
        30,
    )


def test_flipped_signs_equal_brute_force() -> None:
    """The exact test tries every assignment of signs, as a loop over all of them does, also where sums tie."""
    for totals in ([1.0, 2.0, -1.0, 3.0, 1.0, 1.0], [0.1, 0.2, 0.3, -0.1, 0.5, 0.2, 0.3]):
        sums = [abs(math.fsum(map(math.prod, zip(signs, totals, strict=True)))) for signs in _signs(len(totals))]
        expected = sum(one >= abs(math.fsum(totals)) - 1e-12 for one in sums) / len(sums)
        assert flips(np.array(totals)) == pytest.approx(expected)


def _signs(count: int) -> list[tuple[int, ...]]:
    return list(itertools.product((1, -1), repeat=count))


def test_the_normal_limit_meets_the_exact_test() -> None:
    """Of sixteen clusters that differ all signs are tried, of seventeen none: both give nearly the same p."""
    totals = [3, 2, 1, 2, -1, 1, 2, 1, -2, 1, 3, 1, -1, 2, 1, 2, 1]
    clusters = [place for place, total in enumerate(totals) for _ in range(4)]
    first = [float(index < total) for total in totals for index in range(4)]
    second = [float(index < -total) for total in totals for index in range(4)]
    found = difference((first, second, clusters))
    assert (found.test, found.clusters) == ("sign flips, normal", 17)
    assert found.p == pytest.approx(flips(np.array(totals, dtype=float)), abs=0.003)


def test_a_cluster_moves_as_one() -> None:
    """Six images, each with the same three wins: six clusters all one way, not eighteen (p = 2 / 2^6)."""
    found = difference(([1.0] * 18, [0.0] * 18, [index // 3 for index in range(18)]))
    assert (found.test, found.p) == ("sign flips, exact", pytest.approx(2 / 2**6))


def test_all_wins_have_a_p_and_an_interval() -> None:
    """1,281 wins to 0 in cells of 427 images is the clearest result there is, and not a blank one."""
    cell = ([1.0] * 427, [0.0] * 427, list(range(427)))
    found = average_difference({"a": cell, "b": cell, "c": cell})
    assert found.p == pytest.approx(2 * 0.5**427) and found.low < 1 == found.high


def test_three_images_give_no_verdict() -> None:
    """Whatever they say, three images are too few: no p, made from rounding noise or otherwise."""
    cell = ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1, 2, 3])
    found = average_difference({"a": cell, "b": cell, "c": cell})
    assert (found.test, found.value) == ("too few", 1) and math.isnan(found.p) and found.low < 0.9


def test_average_difference_counts_what_cells_share() -> None:
    """Two cells that differ on the same images are as uncertain as one; the bootstrap over images agrees."""
    random = np.random.default_rng(3)
    images = 200
    easy = random.random((images, 1))
    first, second = ((random.random((images, 3)) < 0.2 + share * easy).astype(float) for share in (0.6, 0.4))
    clusters = list(range(images))
    cells = {str(cell): (first[:, cell].tolist(), second[:, cell].tolist(), clusters) for cell in range(3)}
    found = average_difference(cells)
    replicates = means({name: (np.subtract(a, b).tolist(), owners) for name, (a, b, owners) in cells.items()}, 4000)
    low, high = np.quantile(replicates.mean(axis=1), [0.025, 0.975])
    assert found.value == pytest.approx(float((first - second).mean()))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.006)


def test_a_cells_difference_agrees_with_the_bootstrap() -> None:
    """Four questions an image in one cell: the interval is that of a bootstrap over images, up to its noise."""
    random = np.random.default_rng(8)
    images, asked = 250, 4
    easy = random.beta(1, 1, (images, 1))
    first, second = ((random.random((images, asked)) < 0.15 + share * easy).ravel() for share in (0.7, 0.5))
    clusters = np.repeat(np.arange(images), asked).tolist()
    found = difference((first.astype(float).tolist(), second.astype(float).tolist(), clusters))
    replicates = means({"": (np.subtract(first, second, dtype=float).tolist(), clusters)}, 6000)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(replicates, [0.025, 0.975])), abs=0.005)


def test_identical_runs_differ_by_nothing_but_not_for_certain() -> None:
    """Forty identical answers: no difference, p is 1, and the intervals still have a width."""
    same = ([1.0] * 40, [1.0] * 40, list(range(40)))
    found = difference(same)
    assert (found.value, found.p) == (0, 1)
    assert found.low == pytest.approx(-found.high) and found.high > 0.03
    average = average_difference({"a": same, "b": same})
    assert (average.value, average.p, average.high) == (0, 1, found.high)


def test_one_image_gives_no_verdict() -> None:
    """A single cluster cannot say how much clusters vary."""
    found = average_difference({"a": ([1.0, 1.0], [0.0, 1.0], ["x", "x"])})
    assert found.value == 0.5 and found.low < -0.3 and found.high > 0.9 and math.isnan(found.p)


def test_an_empty_cell_gives_no_average() -> None:
    """A mean over fewer cells than asked for is not given."""
    assert math.isnan(average_difference({"a": ([1.0], [0.0], [0]), "b": ([], [], [])}).value)
    assert math.isnan(difference(([], [], [])).value)


def test_holm_equals_statsmodels() -> None:
    """The corrected p values are those of statsmodels; cells without a test do not count."""
    p = [0.01, 0.04, 0.03, 0.005, 0.9, 1.0, 0.0004]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1].tolist())
    near = [0.02, 0.021, 0.022]  # a smaller p is never corrected to more than a larger one
    assert holm(near) == pytest.approx([0.06] * 3)
    assert holm(near) == pytest.approx(multipletests(near, method="holm")[1].tolist())
    assert holm([0.01, math.nan, 0.04])[::2] == pytest.approx([0.02, 0.04])
    assert holm([]) == []


def test_kappa_equals_scikit_learn() -> None:
    """One stratum is Cohen's kappa as scikit-learn has it, unparsed answers being one more label."""
    random = np.random.default_rng(4)
    first, second = (random.choice(["A", "B", "C", "-"], 300, p=[0.4, 0.3, 0.2, 0.1]).tolist() for _ in range(2))
    second[:150] = first[:150]
    assert kappa(first, second, range(300)).value == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_takes_chance_within_strata() -> None:
    """Answering yes or no here and letters there is no agreement: two who guess both have a kappa of 0."""
    first, second = ["yes", "yes", "no", "no", "A", "A", "B", "B"], ["yes", "no", "yes", "no", "A", "B", "A", "B"]
    strata = ["closed"] * 4 + ["mc"] * 4
    assert kappa(first, second, range(8)).value == pytest.approx(1 / 3)
    assert kappa(first, second, range(8), strata).value == pytest.approx(0)


def test_kappa_that_cannot_be_told_has_no_value() -> None:
    """Nothing shared, or one answer everywhere: NaN. Full agreement: 1, with an interval that claims no certainty."""
    assert math.isnan(kappa([], [], []).value)
    assert math.isnan(kappa(["A", "A"], ["A", "A"], [0, 1]).value)
    same = kappa(["A", "B"] * 9, ["A", "B"] * 9, range(18))
    # Of 18 questions none differs: 1 - 3.84 / (18 + 3.84) / 0.5.
    assert (same.value, same.low, same.high) == (1, pytest.approx(1 - 2 * (1 - 18 / (18 + 1.959964**2))), 1)


def test_the_error_of_kappa_equals_statsmodels() -> None:
    """Independent questions, one stratum: the variance is Fleiss, Cohen and Everitt's, but for n / (n - 1)."""
    random = np.random.default_rng(9)
    first = random.integers(0, 3, 400)
    second = np.where(random.random(400) < 0.5, first, random.integers(0, 3, 400))
    found = kappa(first.tolist(), second.tolist(), range(400))
    table = np.zeros((3, 3))
    np.add.at(table, (first, second), 1)
    expected = cohens_kappa(table)
    assert found.value == pytest.approx(expected.kappa)
    error = (found.high - found.low) / 2 / 1.959964
    assert error == pytest.approx(expected.std_kappa, rel=0.02)


@pytest.mark.parametrize("differing", [0.005, 0.05])
def test_intervals_of_kappa_near_1_cover(differing: float) -> None:
    """200 questions of which a half or five per cent are answered differently: 93 % or more hold the true kappa."""
    random, covered, trials = np.random.default_rng(12), 0, 600
    for _ in range(trials):
        first = random.random(200) < 0.5
        second = first ^ (random.random(200) < differing)
        found = kappa(first.tolist(), second.tolist(), range(200))
        covered += found.low <= 1 - 2 * differing <= found.high
    assert covered / trials >= 0.93


def test_the_interval_of_no_agreement_is_no_wider_than_it_must_be() -> None:
    """Two who guess: the error of kappa is 1 / sqrt(n) (Fleiss, Cohen and Everitt), and the interval has that width."""
    random = np.random.default_rng(13)
    first, second = (random.random(900) < 0.5 for _ in range(2))
    found = kappa(first.tolist(), second.tolist(), range(900))
    assert found.high - found.low == pytest.approx(2 * 1.96 / 30, rel=0.03)
    skewed = kappa((random.random(900) < 0.1).tolist(), (random.random(900) < 0.1).tolist(), range(900))
    assert skewed.high - skewed.low == pytest.approx(2 * 1.96 / 30, rel=0.3)


def test_intervals_of_kappa_cover_at_the_nominal_rate() -> None:
    """Sixty images whose five questions agree or differ together: 93 to 97 % of the intervals hold the truth.

    Of two answers both are yes in 0.4 of the images, both no in 0.4, and only the first yes in 0.2: the agreement is
    0.8, that of chance 0.6 x 0.4 + 0.4 x 0.6 = 0.48. Without the clusters, about 60 % would hold it.
    """
    random, covered, trials = np.random.default_rng(1), 0, 1000
    clusters = np.repeat(np.arange(60), 5).tolist()
    for _ in range(trials):
        kind = np.repeat(random.choice(3, size=60, p=[0.4, 0.4, 0.2]), 5)
        found = kappa((kind != 1).tolist(), (kind == 0).tolist(), clusters)
        covered += found.low <= (0.8 - 0.48) / (1 - 0.48) <= found.high
    assert 0.93 <= covered / trials <= 0.97
