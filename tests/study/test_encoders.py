"""Figure 6 of made-up runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs_support import records, write

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.study.encoders import results

VQARAD = ("vqarad_open", "vqarad_closed")


def test_open_cells_and_all_cells_are_averaged_apart(tmp_path: Path) -> None:
    """All open answers right and no other one: Avg is 2/9 and 1/2, open 1."""
    found = records(4, lambda image, cell: cell.endswith("_open"), (*CELLS, *VQARAD))
    write(tmp_path / "m", found, model="m")
    [sheet] = results(read_runs([tmp_path / "m"]), Scheme()).sheets
    assert [(row["benchmark"], row["accuracy"]) for row in sheet.data] == [
        ("RadImageNet-VQA", pytest.approx(2 / 9)),
        ("RadImageNet-VQA", 1.0),
        ("VQA-RAD", 0.5),
        ("VQA-RAD", 1.0),
    ]


def test_benchmark_that_one_run_lacks_is_a_dash(tmp_path: Path) -> None:
    """Both runs keep their places in every row."""
    write(tmp_path / "a", records(4), model="a")
    write(tmp_path / "b", records(4, cells=VQARAD), model="b")
    [sheet] = results(read_runs([tmp_path / "a", tmp_path / "b"]), Scheme()).sheets
    assert [[field == "-" for field in row[1:]] for row in sheet.rows] == [[False, True]] * 2 + [[True, False]] * 2


def test_run_without_any_of_the_three_is_refused(tmp_path: Path) -> None:
    """Text-only answers, or another benchmark's, have no place in Figure 6."""
    write(tmp_path / "m", records(4, arm="textonly"))
    with pytest.raises(RunError, match="no answers with the images to any of RadImageNet-VQA, VQA-RAD, SLAKE"):
        results(read_runs([tmp_path / "m"]), Scheme())
