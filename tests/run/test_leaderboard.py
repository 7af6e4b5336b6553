"""The leaderboard's file: written from a run's records and the data set, checked, and read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rexvqa_standin
from click.testing import CliRunner
from runs_support import write
from test_readers import answered

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.data.adapter import adapted, data_fingerprint
from radimagenet_vqa_tasks.data.rows import data_parts
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.run.leaderboard import Entry, read_predictions

REXVQA = BENCHMARKS["rexvqa"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four questions; there are no images."""
    names = rexvqa_standin.NAMES
    rows = {f"q{number}": rexvqa_standin.record(number, names[number % 5]) for number in range(4)}
    (tmp_path / "test_vqa_data.json").write_text(json.dumps(rows), encoding="utf-8")
    return tmp_path


def run_of(data: Path, letters: str) -> Path:
    """A run that answers these letters; "-" is no readable answer, "?" none at all."""
    [rows] = data_parts(REXVQA, data)
    found = adapted(REXVQA, rows)
    records = []
    for one, letter in zip(found.questions, letters, strict=False):
        record = answered(0, one.cell, "" if letter in "-?" else letter)
        record.key, record.fingerprint = one.key, data_fingerprint(REXVQA, found)
        record.outcome = "missing" if letter == "?" else record.outcome
        records.append(record)
    write(data / "run", records)
    return data / "run"


def board(data: Path, *more: str) -> Any:
    arguments = ["leaderboard", str(data / "run"), "-o", str(data / "out.json"), "--data", f"rexvqa={data}", *more]
    return CliRunner().invoke(main, arguments)


def test_file_has_the_form_of_the_example_and_is_read_back(data: Path) -> None:
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
    assert read_predictions(data / "out.json") == {"q0": "A", "q1": "B", "q2": "", "q3": "D"}


def test_incomplete_run_is_refused(data: Path) -> None:
    """Missing answers and questions that were not asked are counted; --partial writes the rest."""
    run_of(data, "A?B")
    result = board(data)
    assert result.exit_code == 1 and "2 of 4 questions have no answer" in result.output
    assert not (data / "out.json").exists()
    assert board(data, "--partial").exit_code == 0
    assert read_predictions(data / "out.json") == {"q0": "A", "q2": "B"}


def test_run_of_other_data_is_refused(data: Path) -> None:
    """Ids alone do not tell whether a question is the same."""
    run_of(data, "ABCD")
    rows = json.loads((data / "test_vqa_data.json").read_text(encoding="utf-8"))
    rows["q0"]["question"] = "What else does it show?"
    (data / "test_vqa_data.json").write_text(json.dumps(rows), encoding="utf-8")
    result = board(data)
    assert result.exit_code == 1 and "the run is of other data than these" in result.output


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("[]", "holds no predictions"),
        ("3", "holds no predictions"),
        ("[" * 100_000, "no JSON file"),
        ('{"q1": {"question": "?"}}', "q1: model_prediction is missing"),
        ('{"q1": 3}', "q1: model_prediction is missing"),
        ('{"q1": {"model_prediction": ["A"]}}', "must be a text"),
        ('[{"model_prediction": "A"}]', "record 0: there is no id"),
    ],
)
def test_other_file_is_one_message(document: str, said: str, tmp_path: Path) -> None:
    """Whatever else a file holds, the error names the place."""
    (tmp_path / "file.json").write_text(document, encoding="utf-8")
    with pytest.raises(RunError, match=said):
        read_predictions(tmp_path / "file.json")


def test_list_with_ids_is_read_too(tmp_path: Path) -> None:
    """As some consumers write it; null is no answer."""
    rows = [{"id": 7, "model_prediction": "B. Hazy"}, {"id": "q", "model_prediction": None}]
    (tmp_path / "file.json").write_text(json.dumps(rows), encoding="utf-8")
    assert read_predictions(tmp_path / "file.json") == {"7": "B. Hazy", "q": ""}
