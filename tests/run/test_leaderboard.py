"""The leaderboard's file: written from a run's records and the data set, checked, and read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import rexvqa_standin
from click.testing import CliRunner
from runs_support import write
from test_readers import answered

from radimagenet_vqa_tasks.analysis.runs import load_run
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import Question
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.data.adapter import adapted, data_fingerprint
from radimagenet_vqa_tasks.data.rows import data_parts
from radimagenet_vqa_tasks.run.answers import score_answers
from radimagenet_vqa_tasks.run.catalogue import chosen
from radimagenet_vqa_tasks.run.leaderboard import Entry
from radimagenet_vqa_tasks.scoring.record import Record

REXVQA = BENCHMARKS["rexvqa"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four questions; there are no images."""
    names = rexvqa_standin.NAMES
    rows = {f"q{number}": rexvqa_standin.record(number, names[number % 5]) for number in range(4)}
    (tmp_path / "test_vqa_data.json").write_text(json.dumps(rows), encoding="utf-8")
    return tmp_path


def run_of(data: Path, letters: str) -> None:
    """A run that answers these letters; "-" is no readable answer, "?" none at all."""
    [rows] = data_parts(REXVQA, data)
    found = adapted(REXVQA, rows)
    write(data / "run", run_records(found.questions, data_fingerprint(REXVQA, found), letters))


def run_records(questions: Sequence[Question], fingerprint: str, letters: str) -> list[Record]:
    records = []
    for one, letter in zip(questions, letters, strict=False):
        record = answered(0, one.cell, "" if letter in "-?" else letter)
        record.key, record.fingerprint, record.target = one.key, fingerprint, one.target
        record.outcome = "missing" if letter == "?" else "correct" if letter == one.target else record.outcome
        record.outcome = "incorrect" if letter not in "-?" and letter != one.target else record.outcome
        records.append(record)
    return records


def board(data: Path, *more: str) -> Any:
    arguments = ["leaderboard", str(data / "run"), "-o", str(data / "out.json"), "--data", f"rexvqa={data}", *more]
    return CliRunner().invoke(main, arguments)


def predictions(data: Path) -> dict[str, str]:
    entries = json.loads((data / "out.json").read_text(encoding="utf-8"))
    return {key: entry["model_prediction"] for key, entry in entries.items()}


def test_file_has_the_form_of_the_example(data: Path) -> None:
    """A record for every question under its id, without a word of the report; empty where no letter was read."""
    run_of(data, "AB-D")
    result = board(data)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("4 predictions, 1 of them empty because no letter could be read")
    text = (data / "out.json").read_text(encoding="utf-8")
    assert rexvqa_standin.PLANTED not in text
    entry = json.loads(text)["q1"]
    assert set(entry) == set(Entry.__struct_fields__)
    assert entry["options"] == ["A. Clear 1", "B. Hazy 1", "C. Small 1", "D. Large 1"]
    assert entry["image_path"] == [f"deid_png/{rexvqa_standin.image_name(1, view)}" for view in range(2)]
    assert entry["frontal_lateral"] == ["PA", "LATERAL"]
    assert predictions(data) == {"q0": "A", "q1": "B", "q2": "", "q3": "D"}


def test_incomplete_run_is_refused(data: Path) -> None:
    """Missing answers and questions that were not asked are counted; --partial writes the rest."""
    run_of(data, "A?B")
    result = board(data)
    assert result.exit_code == 1 and "2 of 4 questions have no answer" in result.output
    assert not (data / "out.json").exists()
    assert board(data, "--partial").exit_code == 0
    assert predictions(data) == {"q0": "A", "q2": "B"}


def test_run_of_other_data_is_refused(data: Path) -> None:
    """Ids alone do not tell whether a question is the same."""
    run_of(data, "ABCD")
    rows = json.loads((data / "test_vqa_data.json").read_text(encoding="utf-8"))
    rows["q0"]["question"] = "What else does it show?"
    (data / "test_vqa_data.json").write_text(json.dumps(rows), encoding="utf-8")
    result = board(data)
    assert result.exit_code == 1 and "the run is of other data than these" in result.output


def test_file_scores_as_the_run_that_it_is_of(comparator_copies: dict[str, Path], tmp_path: Path) -> None:
    """`radvqa score` makes the same answers of it, the empty one included."""
    copy, task = comparator_copies["rexvqa"], "radvqa_rexvqa_geometric"
    [rows] = data_parts(REXVQA, copy)
    found = adapted(REXVQA, rows)
    asked = [one for one in found.questions if one.cell == "rexvqa_geometric"]
    records = run_records(asked, data_fingerprint(REXVQA, found), "ABCD-" * 40)
    write(tmp_path / "run", records)
    arguments = ["leaderboard", str(tmp_path / "run"), "-o", str(tmp_path / "out.json"), "--data", f"rexvqa={copy}"]
    result = CliRunner().invoke(main, [*arguments, "--partial"])
    assert result.exit_code == 0, result.output
    scored = score_answers(tmp_path / "out.json", chosen(task), {"rexvqa": copy}, tmp_path / "again", "again")
    assert scored.account.whole and scored.account.questions == 182
    again = {one.key: (one.extracted, one.outcome) for one in load_run(scored.logs[0].parent).records}
    assert again == {one.key: (one.extracted, one.outcome) for one in records}
