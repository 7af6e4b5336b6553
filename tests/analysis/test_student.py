"""The quantiles of every interval, against scipy.stats."""

from __future__ import annotations

import pytest
from scipy import stats

from radimagenet_vqa_tasks.analysis.student import Z, t_quantile, z_quantile


def test_quantiles_equal_scipys() -> None:
    """Whole and broken degrees of freedom, and the levels that corrections ask for."""
    assert pytest.approx(stats.norm.ppf(0.975), rel=1e-14) == Z
    for level in (0.9, 0.95, 1 - 0.05 / 180):
        assert z_quantile(level) == pytest.approx(stats.norm.ppf(0.5 + level / 2))
        for freedom in (1, 2.5, 7, 100, 4999):
            assert t_quantile(freedom, level) == pytest.approx(stats.t.ppf(0.5 + level / 2, freedom), rel=1e-8)
