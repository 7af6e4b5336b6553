"""`radvqa judge RUN`: finished runs are judged from their logs, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from judge_server import CORRECT, INCORRECT, Answer, JudgeServer
from judge_support import KEY

from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.usage import Prices
from radimagenet_vqa_tasks.judge.logs import read_logs
from radimagenet_vqa_tasks.judge.rejudge import estimate, rejudge


def line(number: int, response: Any, **record: Any) -> dict[str, Any]:
    """One line of a sample log as the host writes it, judged by rule."""
    cluster = f"image-{number // 2}"
    metric = {"score": 1, "cluster": cluster, "cell": "anatomy_open"}
    return {
        "doc_id": number,
        "target": "knee",
        "filtered_resps": response,
        "accuracy": metric,
        "accuracy_paper": metric,
        "record": {
            "key": f"{cluster}:{number}",
            "cluster": cluster,
            "cell": "anatomy_open",
            "format": "open",
            "arm": "image",
            "fingerprint": "f",
            "version": "1-A",
            "response": response,
            "question": "Which body part?",
            "target": "knee",
            "outcome": "correct",
            "scores": {"accuracy": 1.0, "accuracy_paper": 1.0},
            "judge": "rule",
            "reason": "match",
            "tier": "matched",
            **record,
        },
    }


def write(folder: Path, lines: list[dict[str, Any]], name: str = "1_samples_radvqa_anatomy_open.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    log = folder / name
    log.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf-8")
    return log


def read(log: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in log.read_text(encoding="utf-8").split("\n") if text]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with 40 open answers, 20 different ones, and a log of another format."""
    folder = tmp_path / "run"
    write(folder, [line(number, f"answer {number % 20}") for number in range(40)])
    write(folder, [line(0, "A", format="mc", judge=None)], "1_samples_radvqa_anatomy_mc.jsonl")
    return folder


@pytest.fixture
def options(server: JudgeServer, tmp_path: Path) -> Callable[..., JudgeOptions]:
    def make(**changes: Any) -> JudgeOptions:
        given = {"model": "judge-1", "base_url": server.url, "backoff": 0.02, "timeout": 5.0, "failures": 3}
        return JudgeOptions(**{**given, "cache": tmp_path / "judge.sqlite", **changes})

    return make


Options = Callable[..., JudgeOptions]
PAPERS = "mistral-large-2411"


def test_a_run_is_judged_and_keeps_its_earlier_verdicts(server: JudgeServer, run: Path, options: Options) -> None:
    """Outcome, judge, reason and both metrics of each line are the new judge's; the rule's verdict stays on record."""
    server.behave = lambda text, number: Answer(INCORRECT)
    result = rejudge([run], options(model=PAPERS))
    assert (result.changed, result.cells) == (40, {"anatomy_open": {"incorrect": 40}})
    assert server.requests == 20
    for one in read(run / "1_samples_radvqa_anatomy_open.jsonl"):
        record = one["record"]
        assert (record["outcome"], record["judge"], record["reason"]) == ("incorrect", PAPERS, "judged")
        assert record["scores"] == {"accuracy": 0.0, "accuracy_paper": 0.0}
        assert record["judge_reply"] == INCORRECT
        assert record["tier"] is None
        earlier = {"judge": "rule", "outcome": "correct", "reason": "match", "tier": "matched"}
        scores = {"accuracy": 1.0}
        assert record["earlier_verdicts"] == [{**earlier, "scores": scores, "judge_reply": None}]
        assert one["accuracy"] == one["accuracy_paper"] == {"score": 0, **_of(record, "cluster", "cell")}


def test_another_judge_than_the_papers_takes_its_number_away(server: JudgeServer, run: Path, options: Options) -> None:
    """An `accuracy_paper` under one judge does not outlive it in the record, and the line says whose doing that is."""
    rejudge([run], options(model=PAPERS))
    rejudge([run], options(model="judge-1"))
    for one in read(run / "1_samples_radvqa_anatomy_open.jsonl"):
        assert one["record"]["scores"] == {"accuracy": 1.0}
        assert one["record"]["earlier_verdicts"][1]["scores"] == {"accuracy": 1.0, "accuracy_paper": 1.0}
        assert one["accuracy_paper"] == {"unclaimed": "judge-1", **_of(one["record"], "cluster", "cell")}


def _of(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: record[name] for name in names}


def test_what_is_not_judged_keeps_its_bytes(server: JudgeServer, run: Path, options: Options) -> None:
    """Logs of other formats are not touched, nor are the host's fields, nor an unusual line."""
    other = (run / "1_samples_radvqa_anatomy_mc.jsonl").read_bytes()
    odd = line(9, "odd \u2028 \x85 answer é")
    log = write(run, [odd, line(1, "knee", judge="judge-1")])
    before = log.read_bytes().split(b"\n")
    rejudge([log], options())
    after = log.read_bytes().split(b"\n")
    assert (run / "1_samples_radvqa_anatomy_mc.jsonl").read_bytes() == other
    assert after[1:] == before[1:]
    assert {name: read(log)[0][name] for name in ("doc_id", "target", "filtered_resps")} == {
        "doc_id": 9,
        "target": "knee",
        "filtered_resps": "odd \u2028 \x85 answer é",
    }


def test_only_what_this_judge_has_not_judged_is_asked(server: JudgeServer, run: Path, options: Options) -> None:
    """Missing answers and other judges' are asked about; its own verdicts are asked about only with --all."""
    lines = [
        line(0, "a", judge="judge-1", outcome="missing", judge_reason="timeout"),
        line(1, "b", judge="judge-1", outcome="correct"),
        line(2, "c", judge="judge-2", outcome="correct"),
    ]
    log = write(run, lines)
    rejudge([log], options(cache=None))
    assert sorted(text.split("user's answer: ")[1][0] for text in server.prompts) == ["a", "c"]
    rejudge([log], options(cache=None))
    assert server.requests == 2
    rejudge([log], options(cache=None), everything=True)
    assert server.requests == 5


def test_a_second_judging_is_free(server: JudgeServer, run: Path, options: Options) -> None:
    """The same judge on the same run: nothing to ask. With --all everything comes from the cache."""
    rejudge([run], options())
    before = (run / "1_samples_radvqa_anatomy_open.jsonl").read_bytes()
    result = rejudge([run], options(), everything=True)
    assert (result.usage.requests, result.usage.cached + result.usage.shared, result.changed) == (0, 40, 0)
    assert (run / "1_samples_radvqa_anatomy_open.jsonl").read_bytes() == before


def test_empty_responses_are_understood(server: JudgeServer, run: Path, options: Options) -> None:
    """An empty answer needs no judge, whether it is a text of blanks or none at all."""
    log = write(run, [line(0, " "), line(1, "knee"), line(2, ""), line(3, None)])
    result = rejudge([log], options())
    assert [one["record"]["outcome"] for one in read(log)] == ["unparsed", "correct", "unparsed", "unparsed"]
    assert result.cells == {"anatomy_open": {"unparsed": 3, "correct": 1}}
    assert "The user's answer: knee\n" in server.prompts[0]


def test_a_judge_that_is_down_leaves_the_run_alone(run: Path, options: Options) -> None:
    """Not one verdict: an error, and the logs as they were, with the other judge's verdicts."""
    with JudgeServer() as server:
        url = server.url
    log = run / "1_samples_radvqa_anatomy_open.jsonl"
    before = log.read_bytes()
    with pytest.raises(RunError, match="gave no verdict"):
        rejudge([run], options(base_url=url, attempts=1))
    assert log.read_bytes() == before


def test_a_judge_that_dies_in_the_middle_is_completed_later(server: JudgeServer, run: Path, options: Options) -> None:
    """What it gave is written, the rest is missing with reasons, and the same command completes it: none is lost."""
    server.behave = lambda text, number: Answer() if number <= 8 else Answer(status=500)
    log = run / "1_samples_radvqa_anatomy_open.jsonl"
    result = rejudge([run], options(model=PAPERS, concurrency=2, attempts=1))
    outcomes = [one["record"]["outcome"] for one in read(log)]
    assert outcomes.count("correct") == 16 and outcomes.count("missing") == 24
    missing = [one for one in read(log) if one["record"]["outcome"] == "missing"]
    assert {one["record"]["reason"] for one in missing} == {"http_500", "circuit_open"}
    assert not any("score" in one["accuracy"] for one in missing)
    assert {one["accuracy_paper"]["score"] for one in missing} == {0}
    assert result.usage.failures.total() == 24
    server.behave = lambda text, number: Answer()
    completed = rejudge([run], options(model=PAPERS))
    assert completed.cells == {"anatomy_open": {"correct": 40}}
    assert completed.usage.requests == 12  # the other 8 texts had their verdicts


def test_a_failure_never_replaces_a_verdict_of_the_same_judge(server: JudgeServer, run: Path, options: Options) -> None:
    """Judging again with --all cannot lose what was there."""
    log = write(run, [line(number, f"answer {number}", judge="judge-1") for number in range(6)])
    server.behave = lambda text, number: Answer(INCORRECT) if number <= 2 else Answer(status=500)
    rejudge([log], options(cache=None, concurrency=1, attempts=1), everything=True)
    outcomes = [one["record"]["outcome"] for one in read(log)]
    assert (outcomes.count("incorrect"), outcomes.count("correct")) == (2, 4)


def test_the_estimate_counts_calls_tokens_and_money(server: JudgeServer, run: Path, options: Options) -> None:
    """Before: every distinct answer is one call. After: none."""
    before = estimate([run], options())
    assert (before.answers, before.calls, before.cached, server.requests) == (40, 20, 0, 0)
    assert before.completion_tokens == 20 * 60
    # The prompt is some 680 characters: 170 tokens at 4 characters each.
    assert 20 * 150 < before.prompt_tokens < 20 * 200
    rejudge([run], options())
    after = estimate([run], options(), everything=True)
    assert (after.answers, after.calls, after.cached) == (40, 0, 40)
    assert Prices(2.0, 6.0).of(1_000_000, 500_000) == 2.0 + 3.0


def test_a_log_that_changes_meanwhile_is_not_overwritten(server: JudgeServer, run: Path, options: Options) -> None:
    """Two commands on one run: the slower one says so instead of undoing the other's work."""
    log = run / "1_samples_radvqa_anatomy_open.jsonl"

    def behave(text: str, number: int) -> Answer:
        if number == 1:
            log.write_bytes(log.read_bytes() + b"\n")
        return Answer(CORRECT)

    server.behave = behave
    with pytest.raises(RunError, match="meanwhile"):
        rejudge([run], options())
    assert log.read_bytes().endswith(b"\n\n")
    assert [path.suffix for path in run.iterdir()] == [".jsonl"] * 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no open answers"),
        ('{"record": {"format": "open"}}', "no open answers"),
        ("", "no open answers"),
        ("[]\n3\n", "no open answers"),
    ],
)
def test_a_bad_log_is_named(run: Path, content: str, words: str) -> None:
    """File, line and what to do."""
    log = run / "1_samples_radvqa_anatomy_open.jsonl"
    log.write_text(content)
    with pytest.raises(RunError, match=words) as caught:
        read_logs([log])
    assert log.name in str(caught.value)


def test_a_truncated_line_costs_that_line(
    server: JudgeServer, run: Path, options: Options, warnings_said: list[str]
) -> None:
    """A disk that was full: the other answers are judged, the broken line keeps its bytes, and one message names it."""
    log = write(run, [line(number, f"answer {number}") for number in range(3)])
    whole = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([whole[0], whole[1][:40] + b"\n", whole[2][:60]]))
    rejudge([log], options())
    after = log.read_bytes().splitlines(keepends=True)
    assert json.loads(after[0])["record"]["judge"] == "judge-1"
    assert after[1:] == [whole[1][:40] + b"\n", whole[2][:60]]
    assert len(warnings_said) == 1 and "line 2 (and 1 more lines)" in warnings_said[0]


def test_killed_in_the_middle_the_run_is_whole_and_the_next_goes_on(server: JudgeServer, tmp_path: Path) -> None:
    """kill -9: the log is as it was, the second run has every verdict, and asks only for what was not kept."""
    log = write(tmp_path / "run", [line(number, f"answer {number}") for number in range(60)])
    before = log.read_bytes()
    server.latency = 0.05
    environment = {
        **os.environ,
        "RADVQA_JUDGE_CACHE": str(tmp_path / "judge.sqlite"),
        "RADVQA_JUDGE_API_KEY": KEY,
        "RADVQA_JUDGE_CONCURRENCY": "4",
    }
    command = [sys.executable, "-m", "radimagenet_vqa_tasks", "judge", str(log.parent), "--model", "judge-1"]
    command += ["--base_url", server.url]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        deadline = time.monotonic() + 60
        while server.requests < 24 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert log.read_bytes() == before
    asked = server.requests
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert [one["record"]["outcome"] for one in read(log)] == ["correct"] * 60
    assert asked < 60 and server.requests <= 60 + 2 * 4  # at most what was under way, or not yet on disk, is repaid
    assert KEY not in done.stdout + done.stderr + log.read_text()


def test_the_command_says_what_it_did_and_fails_while_verdicts_are_missing(
    server: JudgeServer, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1 and the way on while something is missing; exit 0 and the figures once all is there."""
    monkeypatch.setenv("RADVQA_JUDGE_CACHE", str(tmp_path / "judge.sqlite"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*more: str) -> tuple[int, str]:
        options = ["--model", "judge-1", "--base_url", server.url, "--prices", "2", "6"]
        done = CliRunner().invoke(main, ["judge", str(run), *options, *more])
        return done.exit_code, done.output

    code, out = call("--dry_run")
    assert code == 0 and out.startswith("judge-1 at 127.0.0.1") and "20 calls" in out
    server.behave = lambda text, number: Answer(status=409 if "answer 7\n" in text else 200)
    monkeypatch.setattr("radimagenet_vqa_tasks.judge.llm.endpoint.LONGEST_BACKOFF", 0.01)
    code, out = call()
    assert code == 1 and "2 answers are left without a verdict" in out and "http_409 2" in out
    server.behave = lambda text, number: Answer()
    code, out = call()
    assert code == 0 and "1 requests" in out and "cost 0.0005" in out
    code, out = call("--mode", "json")
    assert code == 1 and "figure8 or tool or schema" in out


def test_agreement_is_printed(
    server: JudgeServer, run: Path, monkeypatch: pytest.MonkeyPatch, options: Options
) -> None:
    """The rule judge's verdicts against the LLM's, on the run that both have judged."""
    monkeypatch.setenv("COLUMNS", "200")
    server.behave = lambda text, number: Answer(INCORRECT if "answer 7\n" in text else CORRECT)
    rejudge([run], options())
    counts = run / "agreement.json"
    done = CliRunner().invoke(main, ["judge", "--agreement", f"{run}@rule", f"{run}@judge-1", "--counts", str(counts)])
    assert done.exit_code == 0, done.output
    assert "40 responses on 20 images" in done.output and "agreement 95.0 %" in done.output
    assert done.output.count("answer 7") == 2
    assert json.loads(counts.read_text())["counts"]["correct"] == {"correct": 38, "incorrect": 2}
    assert CliRunner().invoke(main, ["judge", "--agreement", str(run)]).exit_code == 1


def test_a_judge_s_name_is_no_markup(
    server: JudgeServer, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model called like the terminal library's own tags is a name like any other, in both tables."""
    monkeypatch.setenv("RADVQA_JUDGE_CACHE", str(tmp_path / "judge.sqlite"))
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(main, ["judge", str(run), "--model", "[/nope]", "--base_url", server.url])
    assert done.exit_code == 0 and "judged by [/nope]" in done.output, done.output
    done = CliRunner().invoke(main, ["judge", "--agreement", f"{run}@rule", f"{run}@[/nope]"])
    assert done.exit_code == 0 and ", [/nope] (columns)" in done.output, done.output
