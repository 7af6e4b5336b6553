"""Open cells corrected for their judge's errors, by a file of `radvqa judge --agreement ... --counts`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from runs_support import arm, changed, records

from radimagenet_vqa_tasks.analysis.judge_error import (
    JudgeErrors,
    corrected,
    corrected_rows,
    corrected_sheet,
    read_errors,
)
from radimagenet_vqa_tasks.errors import RunError


def write(folder: Path, clusters: list[list[int]], **changes: object) -> Path:
    """A file of counts: for each image right and accepted, wrong and accepted, right and refused, wrong and refused."""
    path = folder / "counts.json"
    path.write_text(json.dumps({"schema": "radvqa.agreement/1", "judge": "rule", "clusters": clusters, **changes}))
    return path


def test_the_estimate_is_rogan_and_gladens(tmp_path: Path) -> None:
    """Accepts 80 of 100 right and 10 of 100 wrong answers; 45 % accepted are (0.45 - 0.1) / 0.7 = 50 % right."""
    errors = read_errors(write(tmp_path, [[1, 0, 0, 0]] * 80 + [[0, 0, 1, 0]] * 20 + [[0, 1, 0, 9]] * 10))
    assert (errors.sensitivity, errors.specificity, errors.labels) == (0.8, 0.9, 200)
    share, low, high = corrected(0.45, 1000, errors)
    assert share == pytest.approx(0.5) and low < 0.45 and high > 0.55


def test_a_judge_without_errors_changes_little() -> None:
    """Perfect on 10,000 labels: the raw share, and Wilson's interval but for what the labels leave open."""
    share, low, high = corrected(0.3, 1000, JudgeErrors("rule", 1.0, 5000, 1.0, 5000, 10000))
    assert share == pytest.approx(0.3)
    assert (low, high) == pytest.approx((0.272, 0.329), abs=0.002)


def test_intervals_hold_the_truth() -> None:
    """Simulated: 100 labels, 300 answers, a judge that errs on one in seven; about 95 of 100 intervals hold it."""
    random, held = np.random.default_rng(4), 0
    for _ in range(400):
        hits, refused = random.binomial(50, 0.85) / 50, random.binomial(50, 0.88) / 50
        raw = random.binomial(300, 0.4 * 0.85 + 0.6 * 0.12) / 300
        _, low, high = corrected(raw, 300, JudgeErrors("rule", hits, 50, refused, 50, 100))
        held += low <= 0.4 <= high
    assert 0.92 <= held / 400 <= 0.985


def test_only_open_answers_of_that_judge_are_corrected(tmp_path: Path) -> None:
    """Other cells need no judge; another judge's errors say nothing of this one's."""
    errors = read_errors(write(tmp_path, [[8, 1, 2, 9]] * 10))
    found = records(40, lambda image, cell: image % 2 == 0)
    assert [row.cell for row in corrected_rows(arm(found=found), errors)] == ["anatomy_open", "pathology_open"]
    other = [changed(one, judge="gpt" if one.judge else None) for one in found]
    with pytest.raises(RunError, match="was judged by rule; they were by gpt"):
        corrected_sheet([arm(found=other)], errors)
    assert "accepts 80.0 % of the right ones and refuses 90.0 %" in corrected_sheet([arm(found=found)], errors).notes[0]


def test_a_judge_that_tells_nothing_corrects_nothing(tmp_path: Path) -> None:
    """A coin cannot be corrected for: said, with its sensitivity and specificity."""
    with pytest.raises(RunError, match="from such a judge no accuracy can be corrected"):
        corrected_sheet([arm()], read_errors(write(tmp_path, [[5, 5, 5, 5]] * 10)))


@pytest.mark.parametrize(
    ("clusters", "changes"),
    [
        ([[1, 2]], {}),
        ([["x"]], {}),
        ([[-1, 0, 0, 5]], {}),
        ([[10**9, 1, 1, 1]], {}),
        ([[1, 0, 0, 0]], {}),
        ([[1, 1, 1, 1]], {"schema": "other"}),
        ([[1, 1, 1, 1]], {"judge": None, "schema": None}),
    ],
)
def test_files_that_are_none_are_named(tmp_path: Path, clusters: list[list[int]], changes: dict[str, object]) -> None:
    """Whatever the file holds, the error names it and no traceback is printed."""
    with pytest.raises(RunError, match="counts.json"):
        read_errors(write(tmp_path, clusters, **changes))
