"""What is decided of a difference, and what could have been seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from radimagenet_vqa_tasks.analysis.decisions import decide, detectable, needed_questions
from radimagenet_vqa_tasks.analysis.paired import NO_DIFFERENCE, Difference, difference


def of(wins: int, losses: int, ties: int) -> Difference:
    """A cell's difference with so many questions of each kind, one an image."""
    n = wins + losses + ties
    first = [1.0] * wins + [0.0] * (losses + ties)
    return difference((first, [0.0] * wins + [1.0] * losses + [0.0] * ties, list(range(n))))


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (of(60, 20, 920), "second better"),
        (of(20, 60, 920), "first better"),
        (of(5, 5, 4990), "same within the margin"),
        (of(10, 9, 21), "cannot tell"),
        (of(3, 0, 0), "too few"),
        (NO_DIFFERENCE, ""),
    ],
)
def test_each_outcome(found: Difference, outcome: str) -> None:
    """Better by the test, the same by the interval, else neither; no verdict from three images or none."""
    assert decide({"": found}, {"": 0.02})[""].outcome == outcome


def test_a_small_difference_that_is_sure_is_called_better() -> None:
    """One point that is surely there is a difference, whatever the margin: the interval says how small it is."""
    one = decide({"": of(100, 0, 9900)}, {"": 0.02})[""]
    assert one.outcome == "second better" and one.high < 0.02


def test_what_is_detectable_is_detected_in_80_of_100() -> None:
    """At the detectable difference a z test with this error has a power of 80 %; a correction needs a larger one."""
    found = of(100, 100, 800)
    steps = detectable(found, 1) / math.sqrt(0.2 / 1000)
    assert stats.norm.sf(stats.norm.ppf(0.975) - steps) == pytest.approx(0.8, abs=0.005)
    assert detectable(found, 20) > detectable(found, 1)


def test_so_many_questions_as_needed_show_sameness() -> None:
    """Equal runs with as many questions as are said to be needed are found the same in about 80 of 100 cases."""
    random, margin, shown = np.random.default_rng(3), 0.05, 0
    n = needed_questions(of(20, 20, 160), margin, 1)
    assert n is not None
    for _ in range(300):
        kinds = random.multinomial(n, [0.1, 0.1, 0.8])
        shown += decide({"": of(*map(int, kinds))}, {"": margin})[""].outcome == "same within the margin"
    assert 0.7 <= shown / 300 <= 0.9


def test_a_difference_of_the_margin_is_rarely_called_none() -> None:
    """At a true difference of two points at most one in twenty is the same within two points."""
    random, shown = np.random.default_rng(4), 0
    for _ in range(400):
        kinds = random.multinomial(4000, [0.11, 0.09, 0.8])
        shown += decide({"": of(*map(int, kinds))}, {"": 0.02})[""].outcome == "same within the margin"
    assert shown / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
