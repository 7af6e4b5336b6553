"""Pooled totals beside the mean of the cells: every question the same weight, and SLAKE's languages in one pool."""

from __future__ import annotations

import math

import pytest
from runs_support import arm, changed, record

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.pooled import pooled, pooled_sheet
from radimagenet_vqa_tasks.scoring.record import Record


def answers(prefix: str, open_right: int, closed_right: int, first: int = 0) -> list[Record]:
    """Ten open and thirty closed questions of a benchmark, so many of each right, two questions an image."""
    asked = [("open", 10, open_right), ("closed", 30, closed_right)]
    return [
        changed(
            record(0, "anatomy_mc", n < right), cell=f"{prefix}_{form}", cluster=f"i{n // 2}", key=f"{form}{n + first}"
        )
        for form, count, right in asked
        for n in range(count)
    ]


def test_every_question_counts_the_same() -> None:
    """10 of 10 and 15 of 30 are 25 of 40, 62.5 %; the mean of the cells is 75 %."""
    found = pooled(answers("vqarad", 10, 15), Scheme())
    assert (found.estimate.value, found.asked, found.estimate.clusters) == (0.625, 40, 15)
    sheet = pooled_sheet([arm("mine", answers("vqarad", 10, 15))], Scheme())
    assert sheet is not None
    [row] = sheet.rows
    assert [str(getattr(item, "text", item)) for item in row] == ["VQA-RAD", "mine", "75.0", "62.5", "40"]


def test_a_pool_with_a_cell_without_number_has_none() -> None:
    """The closed questions alone are not the total, so that a total without its open ones is not one."""
    found = [changed(one, in_paper=None) if one.cell == "vqarad_open" else one for one in answers("vqarad", 10, 15)]
    assert math.isnan(pooled(found, Scheme("paper")).estimate.value)
    assert pooled(found, Scheme()).estimate.value == 0.625


def test_languages_of_one_run_are_pooled_together_too() -> None:
    """English 25 of 40 and Chinese 5 of 40 are 30 of 80; two runs' answers never share a pool."""
    english, chinese = arm("mine", answers("slake", 10, 15)), arm("mine", answers("slake_zh", 0, 5))
    other = arm("other", answers("slake", 10, 15))
    sheet = pooled_sheet([english, chinese, other], Scheme())
    assert sheet is not None
    shown = [(row["group"], row["run"], row["accuracy"]) for row in sheet.data]
    assert shown == [
        ("SLAKE (English)", "mine", 0.625),
        ("SLAKE (Chinese)", "mine", pytest.approx(0.125)),
        ("SLAKE (English)", "other", 0.625),
        ("SLAKE, all", "mine", pytest.approx(0.375)),
    ]


def test_cells_of_one_size_need_no_total(benchmark_run: Arm) -> None:
    """RadImageNet-VQA's nine cells are equally large: the total is the mean, and is not shown again."""
    assert pooled_sheet([benchmark_run], Scheme()) is None


@pytest.fixture
def benchmark_run() -> Arm:
    """Four images, nine questions each."""
    return arm("mine")
