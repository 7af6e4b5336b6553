"""The quantiles of every interval, against scipy."""

from __future__ import annotations

import pytest
from scipy import stats

from radimagenet_vqa_tasks.analysis.student import Z, t_quantile


def test_quantiles_equal_scipys() -> None:
    """Every number of images that occurs, and very many, to ten digits."""
    assert pytest.approx(stats.norm.ppf(0.975), rel=1e-14) == Z
    for freedom in (*range(1, 1100), 4999, 5000, 100_000):
        assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-10)


def test_many_images_are_as_good_as_infinitely_many() -> None:
    """The quantile falls towards the normal one and never below it."""
    values = [t_quantile(freedom) for freedom in (1, 2, 3, 10, 100, 1000, 10_000)]
    assert values == sorted(values, reverse=True) and values[-1] > Z
