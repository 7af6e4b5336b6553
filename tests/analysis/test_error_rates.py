"""How often the analysis errs: quick versions of benchmarks/error_rates.py, whose table is in docs/statistics.md."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def rates() -> ModuleType:
    """The script of the simulations."""
    found = importlib.util.spec_from_file_location("error_rates", ROOT / "benchmarks" / "error_rates.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("images", [5, 10, 40])
@pytest.mark.parametrize(
    "kind", ["a cell, one question an image", "a cell, four questions an image", "Avg of nine cells"]
)
def test_intervals_cover_at_any_size(rates: ModuleType, kind: str, images: int) -> None:
    """Nominal 95 % intervals cover at least 93 %, for rare and common answers, independent and alike in an image.

    300 trials: three standard errors are allowed below 93.
    """
    for share in (0.02, 0.5, 0.9):
        for correlation in (0.0, 0.6) if "one question" not in kind else (0.0,):
            assert rates.coverage(kind, images, share, correlation, 300) >= 0.93 - 3 * (0.93 * 0.07 / 300) ** 0.5


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_intervals_are_not_too_wide(rates: ModuleType, share: float) -> None:
    """Where 40 images leave room for it, coverage is no more than 98 %: 97.5 and the noise of 1,000 trials."""
    for kind in rates.KINDS:
        assert rates.coverage(kind, 40, share, 0.2 if "one" not in kind else 0, 1000) <= 0.985


@pytest.mark.parametrize(("runs", "groups"), [(2, 0), (2, 8), (6, 0)])
def test_equal_runs_rarely_get_a_verdict(rates: ModuleType, runs: int, groups: int) -> None:
    """At most 5 % of comparisons of equal runs call anything better: cells, Avg, groups and all runs together."""
    assert rates.false_verdicts(runs, 100, groups, 150) <= 0.05 + 3 * (0.05 * 0.95 / 150) ** 0.5


@pytest.mark.parametrize("images", ["same images", "other images"])
def test_rows_are_rarely_refuted_or_confirmed_in_error(rates: ModuleType, images: str) -> None:
    """At most 5 % of equal rows are refuted, and at most 5 % of those that are the margin off in Avg confirmed."""
    bound = 60 * 0.05 + 3 * (60 * 0.05 * 0.95) ** 0.5
    assert rates.rows(images, 0, 0.05, 60)["is not reproduced"] <= bound
    assert rates.rows(images, 1, 0.05, 60)["is reproduced"] <= bound


def test_sound_rows_are_confirmed(rates: ModuleType) -> None:
    """A repeat that changes one answer in a hundred is nearly always found to reproduce the row."""
    assert rates.rows("same images", 0, 0.01, 40)["is reproduced"] >= 25


def test_exact_coverage_is_what_few_tables_allow(rates: ModuleType) -> None:
    """Never below 92 %; at 40 images nine in ten accuracies lie within 93 to 97.5 %, at 5 few can by any method."""
    for images in (5, 10, 40):
        covered, reachable = rates.exact_coverage(images)
        assert min(covered) > 0.92
        inside = sum(0.93 <= one <= 0.975 for one in covered) / len(covered)
        assert inside <= reachable and (images < 40 or inside > 0.9)


@pytest.mark.parametrize("disagreement", [0.005, 0.05])
def test_kappa_has_honest_intervals_near_1(rates: ModuleType, disagreement: float) -> None:
    """Down to one answer in 200 that differs: nearly all intervals hold the truth, and none is missing."""
    assert 0.91 <= rates.kappa_coverage(50, disagreement, 0.2, 150) <= 1


def test_equal_runs_are_ties(rates: ModuleType) -> None:
    """Among six equal runs all are ties, in nearly every table."""
    assert rates.false_places(6, 60, 20) <= 0.05
