"""`radvqa study` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from runs_support import records, write

from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.study import commands
from radimagenet_vqa_tasks.study.running import Plan


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(main, ["study", *map(str, arguments)])


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """What would be evaluated."""
    found: list[Plan] = []
    monkeypatch.setattr(commands, "evaluated", found.append)
    return found


@pytest.mark.parametrize("study", ["grounding", "shortcuts", "distractors", "encoders"])
def test_every_study_explains_itself(study: str) -> None:
    """Help with examples, at once."""
    result = invoke(study, "--help")
    assert result.exit_code == 0 and f"radvqa study {study}" in result.output


def test_study_with_a_typing_error_gets_the_nearest() -> None:
    """As for the commands themselves."""
    result = invoke("distractor")
    assert result.exit_code == 2 and "Did you mean 'distractors'" in result.output


def test_options_of_the_host_pass_through(plans: list[Plan], tmp_path: Path) -> None:
    """What the study does not know is the host's; the folder, the data and the benchmarks are the study's."""
    result = invoke(
        *("shortcuts", "--model", "m", "--benchmark", "slake", "--batch_size", "4", "--data", "slake=there"),
        *("--output_path", tmp_path, "--limit", "8"),
    )
    assert result.exit_code == 0, result.output
    [plan] = plans
    assert list(plan.options) == ["--model", "m", "--batch_size", "4", "--limit", "8"]
    assert plan.copies == {"slake": Path("there")} and plan.output == tmp_path
    assert plan.arms == ("image", "textonly") and len(plan.tasks) == 4
    invoke("grounding", "--model", "m", "--benchmark", "slake", "--arms", "swapped, blank")
    assert plans.pop().arms == ("image", "blank", "swapped")
    invoke("distractors", "--model", "m", "--sample")
    assert plans[1].tasks == [f"radvqa_sample_pathology_mc_nps{share}" for share in ("000", "030", "100")]
    assert plans[1].output == Path("runs/distractors")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shortcuts",), "no model was named"),
        (("shortcuts", "--benchmark", "slak"), "Did you mean 'slake'"),
        (("distractors", "--model", "m", "--tasks", "radvqa"), "a study chooses its own tasks"),
        (("distractors", "--runs", "nowhere"), "nowhere does not exist"),
        (("distractors", "--runs", ".", "--model", "m"), "leave --model m out"),
        (("encoders", "nowhere"), "nowhere does not exist"),
        (("grounding", "--model", "m", "--arms", "image,blind"), "there is no arm 'blind'"),
    ],
)
def test_mistakes_end_in_one_message(arguments: tuple[str, ...], said: str) -> None:
    """A message with a remedy and a non-zero exit, no traceback."""
    result = invoke(*arguments)
    assert result.exit_code == 1 and said in result.output, result.output


def test_finished_runs_are_shown_without_a_model(tmp_path: Path) -> None:
    """--runs prints Figure 4 of what is there, and writes it."""
    found = [one for seen in ("image", "textonly") for one in records(3, arm=seen)]
    write(tmp_path / "m", found, model="m")
    assert len(found) == 2 * 3 * len(CELLS)
    result = invoke("shortcuts", "--runs", tmp_path / "m", "--output_path", tmp_path / "out", "--format", "md")
    assert result.exit_code == 0, result.output
    assert "**Figure 4\\: what is answered without the images**" in result.output
    assert (tmp_path / "out" / "examples.md").is_file()
