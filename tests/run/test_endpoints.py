"""Endpoints that fail or refuse, through the real runner and both of its API backends: nothing but the model's own
words is ever an answer."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Command, lines_of, message

from radimagenet_vqa_tasks.run.evaluation import RunResult, run

sys.path.insert(0, str(ROOT / "tests" / "run"))
from endpoint import Body, Endpoint, Reply, refusal

pytestmark = pytest.mark.host

KEY = "sk-loopback-0123456789abcdef"
BACKENDS = pytest.mark.parametrize("backend", ["openai", "async_openai"])
MC = "radvqa_sample_anatomy_mc"


def evaluate(server: Endpoint, output: Path, backend: str, *options: str, tasks: str = MC, more: str = "") -> RunResult:
    model_args = f"model=m,base_url={server.url},api_key={KEY},max_retries=1{more}"
    result = run(
        ["--model", backend, "--model_args", model_args, "--tasks", tasks, "--output_path", str(output), *options]
    )
    assert result is not None
    return result


def records_of(result: RunResult) -> list[dict[str, Any]]:
    return [line["record"] for line in lines_of(result.sample_logs)]


def outcomes(result: RunResult) -> Counter[tuple[str, str | None]]:
    return Counter((record["outcome"], record["reason"]) for record in records_of(result))


@BACKENDS
def test_server_that_refuses_everybody_answers_nothing(tmp_path: Path, backend: str) -> None:
    """401 for all: every question is missing under both protocols, the cause is said, and the key is nowhere."""
    with Endpoint(lambda body, number: refusal(f"Incorrect API key provided: {KEY}", status=401)) as server:
        result = evaluate(server, tmp_path, backend, tasks="radvqa_sample_anatomy_mc,radvqa_sample_anatomy_open")
        assert len(server.bodies) < 80  # the rest is not asked
    assert {outcome for outcome, _ in outcomes(result)} == {"missing"}
    assert {tuple(record["scores"]) for record in records_of(result)} == {()}
    assert {record["judge"] for record in records_of(result)} == {None}
    assert math.isnan(result.results["results"][MC]["accuracy,none"])
    assert result.failed == 80
    assert "80 requests failed: Error code: 401" in result.summary
    assert "the same command asks them again" in result.summary
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(KEY in text for text in [*written, result.summary, *map(str, tmp_path.rglob("*"))])


@BACKENDS
def test_failed_requests_are_asked_again_and_only_they(tmp_path: Path, backend: str) -> None:
    """503 for 32 answers, then health: the same command, if need be with another pace, completes the run."""
    with Endpoint(lambda body, number: refusal("overloaded", status=503) if number <= 32 else Reply()) as server:
        first = evaluate(server, tmp_path, backend)
        assert Counter(record["reason"] for record in records_of(first)) == {"request_failed": 32, None: 8}
        assert first.failed == 32
        second = evaluate(server, tmp_path, backend, "--batch_size", "3", more=",timeout=77")
        assert len(server.bodies) == 40 + 32
    assert second.failed == 0
    assert all(record["response"] == "B" for record in records_of(second))
    assert not (tmp_path / ".unfinished").exists()


SILENCES = {
    "spent on thinking": (Reply(None, finish="length"), "unparsed", "unfinished", None),
    "null content": (Reply(None), "unparsed", "empty", None),
    "null content without usage": (Reply(None, usage=False), "unparsed", "empty", None),
    "an empty text": (Reply(""), "unparsed", "empty", ""),
    "held back by a filter": (Reply(None, finish="content_filter"), "declined", "refusal", None),
    "no choices": (Reply(raw={"id": "1", "choices": []}), "missing", "no_choices", None),
    "an error in an answer": (Reply(raw={"error": {"message": "upstream is gone"}}), "missing", "no_choices", None),
    "no JSON of the protocol": (Reply(raw=["hello"]), "missing", "no_choices", None),
}


@BACKENDS
def test_silence_is_told_from_words(tmp_path: Path, backend: str) -> None:
    """Null content is the model's silence, an answer without choices is the server's, and an empty text is a text."""
    order = list(SILENCES)
    with Endpoint(lambda body, number: SILENCES[order[number % len(order)]][0]) as server:
        result = evaluate(server, tmp_path, backend)
    expected = Counter(SILENCES[order[number % len(order)]][1:] for number in range(1, 41))
    found = Counter(
        (record["outcome"], record["reason"] or "empty", record["response"]) for record in records_of(result)
    )
    assert found == expected
    assert any(record["error"] and "upstream is gone" in record["error"] for record in records_of(result))


@BACKENDS
def test_parts_refusals_and_look_alikes_are_the_models_words(tmp_path: Path, backend: str) -> None:
    """Content in parts is put together, a refusal in its own field is words, and no text passes for a failure."""
    words = [
        (
            Reply(
                [
                    {"type": "thinking", "thinking": []},
                    {"type": "text", "text": "It is "},
                    {"type": "text", "text": "B"},
                ]
            ),
            "It is B",
        ),
        (Reply(None, message={"refusal": "I will not."}), "I will not."),
        (Reply("[LMMS_EVAL_REQUEST_FAILED after 5 retries] 503"), "[LMMS_EVAL_REQUEST_FAILED after 5 retries] 503"),
        (Reply("[LMMS_EVAL_BUDGET_EXCEEDED]"), "[LMMS_EVAL_BUDGET_EXCEEDED]"),
        (Reply("None"), "None"),
        (Reply("<think>a\n\nb</think>B", usage=False), "<think>a\n\nb</think>B"),
    ]
    with Endpoint(lambda body, number: words[number % len(words)][0]) as server:
        result = evaluate(server, tmp_path, backend)
    assert result.failed == 0
    assert {record["response"] for record in records_of(result)} == {text for _, text in words}
    assert all(record["asked"] for record in records_of(result))


def openai_reasoning(body: Body) -> Reply:
    """As OpenAI answers for its reasoning models."""
    if "max_tokens" in body:
        said = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return refusal(said, param="max_tokens", code="unsupported_parameter")
    if "temperature" in body:
        said = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) is supported."
        return refusal(said, param="temperature", code="unsupported_value")
    if "top_p" in body:
        return refusal("Unsupported parameter: 'top_p' is not supported with this model.", param="top_p")
    return Reply()


def anthropic(body: Body) -> Reply:
    """As Anthropic answers, for a model of 4,096 tokens."""
    if "top_p" in body:
        return refusal("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if body["max_tokens"] > 4096:
        return refusal("max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for m-3")
    return Reply()


def google(body: Body) -> Reply:
    """As Google answers: a list, and names of its own."""
    if body["max_tokens"] > 2048:
        said = "maxOutputTokens has a value of 8192 but the supported range is from 1 (inclusive) to 2049 (exclusive)."
        return Reply(status=400, raw=[{"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}])
    return Reply()


def vllm(body: Body) -> Reply:
    """As vLLM answers where prompt and answer share 4,096 tokens."""
    asked = body["max_tokens"]
    if asked > 4096 - 400:
        said = f"'max_tokens' or 'max_completion_tokens' is too large: {asked}. This model's maximum context length is "
        said += f"4096 tokens and your request has 400 input tokens ({asked} > 4096 - 400)."
        return Reply(status=400, raw={"object": "error", "message": said, "param": None, "code": 400})
    return Reply()


@BACKENDS
@pytest.mark.parametrize(
    ("vendor", "settings"),
    [
        (openai_reasoning, {"max_completion_tokens": 8192}),
        (anthropic, {"max_tokens": 4096, "temperature": 0}),
        (google, {"max_tokens": 1024, "temperature": 0}),
        (vllm, {"max_tokens": 2048, "temperature": 0}),
    ],
)
def test_settings_that_a_vendor_refuses_are_given_up(tmp_path: Path, backend: str, vendor: Any, settings: Body) -> None:
    """Whatever the vendor refuses, all questions are answered, and the run says what they were asked with."""
    with Endpoint(lambda body, number: vendor(body)) as server:
        result = evaluate(server, tmp_path, backend)
        last = {name: server.bodies[-1].get(name) for name in settings}
    assert result.failed == 0
    assert last == settings
    said = json.loads((result.sample_logs[0].parent / "asked.json").read_text())
    (asked,) = {record["asked"] for record in records_of(result)}
    assert {name: said[asked]["settings"].get(name) for name in settings} == settings


def test_budget_that_is_spent_is_no_answer(tmp_path: Path) -> None:
    """--max_tokens ends the asking; what was not asked is missing, and is asked by the next run."""
    with Endpoint() as server:
        result = evaluate(server, tmp_path, "async_openai", "--max_tokens", "30", more=",num_cpus=1")
        assert 0 < result.failed < 40
        assert Counter(record["reason"] for record in records_of(result))["not_asked"] == result.failed
        assert evaluate(server, tmp_path, "async_openai", more=",num_cpus=1").failed == 0


def test_plain_runner_has_the_same_records(command: Command, tmp_path: Path) -> None:
    """Under `lmms-eval` a failed request is missing too, Avg is NaN with a warning, and its cache asks it again."""
    arguments = ("--model", "openai", "--tasks", "radvqa_sample", "--limit", "4", "--log_samples")
    with Endpoint(lambda body, number: Reply() if number % 2 else refusal("overloaded", status=503)) as server:
        args = f"model=m,base_url={server.url},api_key={KEY},max_retries=1"
        result = command(
            *("lmms-eval", *arguments, "--model_args", args, "--output_path", tmp_path / "out"),
            *("--use_cache", tmp_path / "cache"),
        )
        records = [line["record"] for line in lines_of((tmp_path / "out").rglob("*.jsonl"))]
        assert Counter(record["reason"] == "request_failed" for record in records) == {True: 18, False: 18}, message(
            result
        )
        assert "no Avg" in result.stdout + result.stderr
        server.behave = lambda body, number: Reply()
        before = len(server.bodies)
        command(
            *("lmms-eval", *arguments, "--model_args", args, "--output_path", tmp_path / "again"),
            *("--use_cache", tmp_path / "cache"),
        )
        assert len(server.bodies) - before >= 18
    again = [line["record"] for line in lines_of((tmp_path / "again").rglob("*.jsonl"))]
    assert {record["response"] for record in again} == {"B"}


def test_failed_requests_end_the_command_with_one(command: Command, tmp_path: Path) -> None:
    """Somebody who reads no more than the exit code knows that answers are missing."""
    with Endpoint(lambda body, number: refusal("no such model", status=404)) as server:
        args = f"model=m,base_url={server.url},api_key={KEY},max_retries=1"
        result = command("radvqa", "run", "--model", "openai", "--model_args", args, "--tasks", MC)
    assert result.returncode == 1, message(result)
    assert "40 requests failed: Error code: 404" in result.stdout + result.stderr
