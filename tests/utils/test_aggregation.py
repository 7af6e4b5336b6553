"""Accuracy of a cell, and the mean of cells."""

from __future__ import annotations

import math
import pickle

import pytest

from radimagenet_vqa_tasks.utils.aggregation import CellScore, accuracy, average_of


def test_accuracy_is_the_mean_of_the_scores() -> None:
    """(1 + 0 + 0 + 1) / 4, remembered as this cell's."""
    score = accuracy([{"score": value, "cell": "anatomy_mc"} for value in (1, 0, 0, 1)])
    assert (score, score.cell) == (0.5, "anatomy_mc")


def test_accuracy_leaves_missing_out_and_says_the_bounds(warnings_said: list[str]) -> None:
    """Two right, one wrong, one without a verdict: 2/3, and 2/4 to 3/4 if all were known."""
    items = [{"score": value, "cell": "pathology_open"} for value in (1, 1, 0)] + [{"cell": "pathology_open"}]
    assert accuracy(items) == pytest.approx(2 / 3)
    assert "1 of 4 answers are missing" in warnings_said[0]
    assert "between 0.500 and 0.750" in warnings_said[0]


def test_accuracy_of_nothing_judged_is_nan() -> None:
    """An empty denominator is no zero."""
    assert math.isnan(accuracy([{"cell": "pathology_open"}]))


def test_what_is_not_claimed_has_no_number(warnings_said: list[str]) -> None:
    """Under another judge than the paper's a cell has no `accuracy_paper`, nor has its group, which says why."""
    open_cell = accuracy([{"cell": "pathology_open", "unclaimed": "rule"}] * 2)
    assert open_cell is None
    assert average_of([CellScore(0.2, "anatomy_mc"), open_cell], [2, 2], cells=("anatomy_mc", "pathology_open")) is None
    assert "no Avg of accuracy_paper: pathology_open not judged by a Mistral Large" in warnings_said[0]


def test_average_is_unweighted() -> None:
    """Cells count alike, whatever their sizes."""
    scores = [CellScore(0.2, "a"), CellScore(0.8, "b")]
    assert average_of(scores, [1000, 10], False, cells=("a", "b")) == pytest.approx(0.5)


def test_average_without_a_cell_is_nan_and_names_it(warnings_said: list[str]) -> None:
    """The host would average over the cells it has; the pack does not."""
    assert math.isnan(average_of([CellScore(0.2, "a")], [10], False, cells=("a", "b")))
    assert "b of 2 cells absent" in warnings_said[0]


def test_average_with_a_cell_that_is_nan_is_nan(warnings_said: list[str]) -> None:
    """A cell in which nothing was judged makes the Avg unknown, by name."""
    scores = [CellScore(0.2, "a"), CellScore(math.nan, "b")]
    assert math.isnan(average_of(scores, [10, 10], False, cells=("a", "b")))
    assert "b of 2 cells" in warnings_said[0]


def test_average_with_a_cell_that_lacks_answers_is_nan(warnings_said: list[str]) -> None:
    """A cell's mean over the answers that there are must not pass for the cell in the Avg."""
    scores = [CellScore(0.2, "a"), CellScore(0.5, "b", missing=3)]
    assert math.isnan(average_of(scores, [10, 10], False, cells=("a", "b")))
    assert "b of 2 cells" in warnings_said[0]


def test_cell_score_survives_pickling() -> None:
    """The host copies results between processes; the cell's name goes along."""
    assert pickle.loads(pickle.dumps(CellScore(0.5, "a"))).cell == "a"
