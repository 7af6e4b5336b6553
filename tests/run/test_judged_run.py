"""The LLM judge in a run of the real runner, against a server on loopback that speaks the OpenAI protocol."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, lines_of

from radimagenet_vqa_tasks.judge.chosen import chosen
from radimagenet_vqa_tasks.run.evaluation import RunResult, run

sys.path.insert(0, str(ROOT / "tests" / "judge"))
from judge_server import Answer, JudgeServer

pytestmark = pytest.mark.host

OPEN = "radvqa_sample_anatomy_open,radvqa_sample_pathology_open"


@pytest.fixture
def judged_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[JudgeServer]:
    """A judge at work for this test's runs."""
    with JudgeServer(latency=0.05) as server:
        monkeypatch.setenv("RADVQA_JUDGE_MODEL", "loopback-judge")
        monkeypatch.setenv("RADVQA_JUDGE_BASE_URL", server.url)
        monkeypatch.setenv("RADVQA_JUDGE_CACHE", str(tmp_path / "verdicts.sqlite"))
        chosen.cache_clear()
        yield server
        judge = chosen()
        assert judge is not None
        judge.close()
    chosen.cache_clear()


def evaluate(output: Path) -> tuple[RunResult, list[dict[str, Any]]]:
    result = run(["--model", "radvqa_chance", "--tasks", OPEN, "--output_path", str(output)])
    assert result is not None
    return result, [line["record"] for line in lines_of(result.sample_logs)]


def test_verdicts_reach_records_and_numbers(judged_by: JudgeServer, tmp_path: Path) -> None:
    """Every open answer is judged at the judge's own concurrency, and a second run asks nothing."""
    result, records = evaluate(tmp_path / "first")
    assert Counter(record["outcome"] for record in records) == {"correct": 80}
    assert {record["judge"] for record in records} == {"loopback-judge"}
    assert {record["reason"] for record in records} == {"judged"}
    assert all("<judge>0</judge>" in record["judge_reply"] for record in records)
    assert result.results["results"]["radvqa_sample_anatomy_open"]["accuracy,none"] == 1.0
    assert judged_by.most_at_once > 4  # the host's threads
    asked = len(judged_by.prompts)
    assert 0 < asked <= 80
    evaluate(tmp_path / "second")
    assert len(judged_by.prompts) == asked


def test_failing_judge_leaves_answers_missing_and_names_the_command(judged_by: JudgeServer, tmp_path: Path) -> None:
    """A judge that never answers properly costs no answer and no run: bounds, and the command that completes it."""
    judged_by.behave = lambda prompt, number: Answer(status=401, error={"message": "bad key"})
    result, records = evaluate(tmp_path / "runs")
    assert Counter(record["outcome"] for record in records) == {"missing": 80}
    assert result.results["results"]["radvqa_sample_anatomy_open"]["accuracy,none"] != 0
    assert not any("score" in line["accuracy"] for line in lines_of(result.sample_logs))
    assert not any("score" in line["accuracy_paper"] for line in lines_of(result.sample_logs))
    assert f"To complete them: radvqa judge {tmp_path / 'runs'}" in result.summary
    assert len(judged_by.prompts) <= 32  # it stopped asking at once
