"""What a study will ask, and what it need not ask again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from runs_support import records, write

from radimagenet_vqa_tasks.analysis.sheet import Sheet
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge import chosen as judges
from radimagenet_vqa_tasks.run import evaluation
from radimagenet_vqa_tasks.run.evaluation import RunResult
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.study.cost import cost
from radimagenet_vqa_tasks.study.running import Plan, evaluated
from radimagenet_vqa_tasks.study.suites import named

MODEL = ("--model", "radvqa_prior")


def plan(output: Path, *options: str, arms: tuple[ArmName, ...] = ("image", "textonly")) -> Plan:
    return Plan(named(["radvqa_sample"]), arms, options or MODEL, {}, output)


def costs(plan: Plan, limit: float | None = None) -> Sheet:
    return cost(plan.benchmarks, plan.arms, plan.copies, limit)


class Host:
    """Stands for the evaluation: writes the logs of a run, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, argv: list[str], copies: object) -> RunResult:
        self.asked.append(argv)
        folder = Path(argv[argv.index("--output_path") + 1])
        found = [one for seen in ("image", "textonly") for one in records(2, arm=seen)]
        return RunResult({}, tuple(write(folder, found, prefix="radvqa_sample_")), "")


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(evaluation, "run", host)
    return host


def test_cost_counts_answers_and_judge_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine cells of forty, asked twice; two of the cells are open, and only an LLM judge is called."""
    [sample] = costs(plan(tmp_path)).data
    assert (sample["questions"], sample["answers"], sample["images"], sample["judge_calls"]) == (360, 720, 360, 0)
    assert 360 < sample["requests"] < 720  # without an image many questions are the same

    class Judge:
        name = "judge-x"

    monkeypatch.setattr(judges, "chosen", Judge)
    sheet = costs(plan(tmp_path))
    assert sheet.data[0]["judge_calls"] == 2 * 2 * 40
    assert sheet.rows[-1] == ["all", "", "720", f"{sample['requests']:,}", "360", "160"]
    assert "judged by judge-x: at most so many calls" in sheet.notes[-1]


@pytest.mark.parametrize(("limit", "questions"), [(None, 360), (-1, 360), (8, 72), (0.25, 90), (1000, 360)])
def test_cost_knows_limits(tmp_path: Path, limit: float | None, questions: int) -> None:
    """--limit is a number of questions a task, or a share of them."""
    [one] = costs(plan(tmp_path, arms=("image",)), limit).data
    assert (one["questions"], one["requests"], one["images"]) == (questions,) * 3


def test_one_evaluation_has_all_tasks(host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The model is loaded once: one call with every task of every arm, after the cost was said."""
    run = evaluated(plan(tmp_path, *MODEL, "--limit", "2"))
    assert run is not None and {arm.with_image for arm in run.arms} == {True, False}
    [argv] = host.asked
    assert argv[:4] == [*MODEL, "--limit", "2"]
    tasks = argv[argv.index("--tasks") + 1].split(",")
    assert len(tasks) == 18 and sum(task.endswith("_textonly") for task in tasks) == 9
    assert "What this study will ask" in capsys.readouterr().err


def test_finished_study_is_not_asked_again(host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command shows what is there; another command, or lost logs, ask."""
    first = evaluated(plan(tmp_path))
    assert evaluated(plan(tmp_path)) == first
    assert len(host.asked) == 1
    assert "answered before" in capsys.readouterr().err
    evaluated(plan(tmp_path, *MODEL, "--batch_size", "2"))
    assert len(host.asked) == 2
    next(tmp_path.glob("*.jsonl")).unlink()
    evaluated(plan(tmp_path))
    assert len(host.asked) == 3


def test_study_that_failed_is_asked_again(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a run that came to its end is taken for finished."""

    def fail(argv: list[str], copies: object) -> None:
        raise RunError("the machine went down")

    with monkeypatch.context() as down, pytest.raises(RunError, match="went down"):
        down.setattr(evaluation, "run", fail)
        evaluated(plan(tmp_path))
    assert evaluated(plan(tmp_path)) is not None
    assert len(host.asked) == 1


def test_other_processes_have_nothing_to_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several processes the first alone says the cost and gets the answers."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(evaluation, "run", lambda argv, copies: None)
    assert evaluated(plan(tmp_path)) is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("content", ["{", "7", json.dumps([7])])
def test_damaged_mark_of_a_finished_study_is_named(host: Host, tmp_path: Path, content: str) -> None:
    """The file says which logs belong to the study; what it says is not guessed."""
    evaluated(plan(tmp_path))
    [marker] = tmp_path.glob("study-*.json")
    marker.write_text(content)
    with pytest.raises(RunError, match="cannot be read .* Remove it"):
        evaluated(plan(tmp_path))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--batch_size", "2"], "no model was named"),
        ([*MODEL, "--tasks", "radvqa"], "a study chooses its own tasks"),
        ([*MODEL, "--limit", "some"], "--limit"),
    ],
)
def test_options_that_are_not_for_a_study_are_refused(tmp_path: Path, options: list[str], said: str) -> None:
    """Before anything is loaded."""
    with pytest.raises(RunError, match=said):
        evaluated(plan(tmp_path, *options))


def test_copies_are_part_of_what_a_study_is(host: Host, tmp_path: Path, hub_copy: Path) -> None:
    """Answers about another file are not taken for this one's; another way to the same file is the same."""
    [file] = (hub_copy / "benchmark").glob("*.parquet")
    (tmp_path / "link.parquet").symlink_to(file)
    shutil.copy(file, tmp_path / "other.parquet")
    for copy, asked in ((hub_copy, 1), (tmp_path / "link.parquet", 1), (tmp_path / "other.parquet", 2)):
        evaluated(Plan(named(["radvqa"]), ("image",), MODEL, {"radvqa": copy}, tmp_path / "runs"))
        assert len(host.asked) == asked
