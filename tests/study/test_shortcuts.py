"""Figures 4 and 10 of made-up runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs_support import record, write

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import Run, read_runs
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.study.shortcuts import results

BOTH = [BENCHMARKS["radvqa"], BENCHMARKS["vqarad"]]


def run(folder: Path, cells: tuple[str, ...], seen: int, unseen: int, images: int = 8, **changed: object) -> Run:
    """A run that is right on so many images with and without the image."""
    found = [
        record(image, cell, image < right, arm=arm, **changed)
        for cell in cells
        for arm, right in (("image", seen), ("textonly", unseen))
        for image in range(images)
    ]
    write(folder, found, model=folder.name)
    return read_runs([folder])[0]


def test_rows_are_means_of_their_cells(tmp_path: Path) -> None:
    """Six of eight right with the image, two without, in the open and the multiple-choice cells alike."""
    sheet = results([run(tmp_path / "m", tuple(CELLS), 6, 2)], BOTH, Scheme()).sheets[0]
    found = {(row["row"], row["with_image"]): row for row in sheet.data}
    assert len(found) == 12
    assert {row["accuracy"] for key, row in found.items() if key[1]} == {0.75}
    assert {row["accuracy"] for key, row in found.items() if not key[1]} == {0.25}
    assert found["MC: RadImageNet-VQA", True]["n"] == 16
    assert found["MC: its anatomy", False]["chance"] == 0.25


def test_runs_stand_side_by_side_and_gaps_are_dashes(tmp_path: Path) -> None:
    """A run that has not answered a benchmark has a dash there, not a number."""
    first = run(tmp_path / "first", tuple(CELLS), 6, 2)
    second = run(tmp_path / "second", ("vqarad_open", "vqarad_closed"), 4, 4)
    shown = results([first, second], BOTH, Scheme())
    rows = {str(row[0]): row for row in shown.sheets[0].rows}
    assert rows["open: VQA-RAD"][1:3] == ["-", "-"]
    assert rows["open: its anatomy"][3:5] == ["-", "-"]
    # One figure 10 of the run that has it, and a paired table of each.
    assert [row["run"] for row in shown.sheets[1].data] == ["first", "first"]
    assert [sheet.title for sheet in shown.sheets[2:]] == [
        "first: with and without the image, RadImageNet-VQA",
        "second: with and without the image, VQA-RAD",
    ]


def test_figure_10_splits_by_normal_and_abnormal(tmp_path: Path) -> None:
    """Every second image is abnormal; images 0 to 3 are right without the image, two of each kind."""
    sheet = results([run(tmp_path / "m", tuple(CELLS), 8, 4)], BOTH, Scheme()).sheets[1]
    assert {row["group"]: (row["accuracy"], row["n"]) for row in sheet.data} == {
        "normal": (0.5, 4),
        "abnormal": (0.5, 4),
    }
    assert [row[0] for row in sheet.rows] == ["m", "chance", "always normal"]


def test_run_without_one_of_the_arms_is_refused(tmp_path: Path) -> None:
    """Figure 4 needs both; the message names the command that asks both."""
    write(tmp_path / "m", [record(image, cell) for cell in CELLS for image in range(2)])
    with pytest.raises(RunError, match="no benchmark answered both with and without .* `radvqa study shortcuts"):
        results(read_runs([tmp_path / "m"]), BOTH, Scheme())


def test_names_of_runs_are_harmless(tmp_path: Path) -> None:
    """A checkpoint may be called anything: nothing of it reaches the page as markup."""
    hostile = "<script>alert(1)</script>|`x`"
    found = results([run(tmp_path / "m", tuple(CELLS), 6, 2)], BOTH, Scheme())
    named = results(read_runs([f"{hostile}={tmp_path / 'm'}"]), BOTH, Scheme())
    named.publish("md", tmp_path / "out")
    for path in (tmp_path / "out").glob("*.md"):
        assert "<script>" not in path.read_text()
    assert b"<script>" not in (tmp_path / "out" / "figure-4.svg").read_bytes()
    assert len(named.sheets) == len(found.sheets)


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The tables have been printed by then; the message says which option chooses another folder."""
    (tmp_path / "file").write_text("")
    found = results([run(tmp_path / "m", tuple(CELLS), 6, 2)], BOTH, Scheme())
    with pytest.raises(RunError, match="--output_path"):
        found.publish("text", tmp_path / "file")
