"""The LLM judge against a real server: verdicts, retries, pace, and what becomes of every failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from judge_server import CORRECT, INCORRECT, Answer, JudgeServer
from judge_support import ANSWER, KEY, QUESTION, verdicts
from loguru import logger

from radimagenet_vqa_tasks.judge.llm import judge as llm
from radimagenet_vqa_tasks.judge.llm import pace
from radimagenet_vqa_tasks.judge.llm.client import ChatClient, retry_after
from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.prompt import VERDICT_SCHEMA, prompt

Judges = Callable[..., LLMJudge]


def many(number: int) -> list[str]:
    return [f"answer {index}" for index in range(number)]


def failing(times: int, answer: Answer) -> Callable[[str, int], Answer]:
    """A server whose first answers are `answer`, and which then finds everything correct."""
    return lambda prompt, number: answer if number <= times else Answer()


def test_a_verdict_is_inverted_in_the_paper_s_format(server: JudgeServer, judge_of: Judges) -> None:
    """0 means correct, 1 means incorrect."""
    replies = {"knee": CORRECT, "hip": INCORRECT}
    server.behave = lambda text, number: Answer(replies[text.split("user's answer: ")[1].split("\n")[0]])
    outcomes = [verdict.outcome for verdict in verdicts(judge_of(server.url), ["knee", "hip"])]
    assert outcomes == ["correct", "incorrect"]


def test_the_request_is_one_user_message_at_temperature_0(server: JudgeServer, judge_of: Judges) -> None:
    """The paper's protocol, on the wire."""
    verdicts(judge_of(server.url), ["knee"])
    [body] = server.bodies
    assert body["messages"] == [{"role": "user", "content": prompt(QUESTION, ANSWER, "knee")}]
    assert (body["model"], body["temperature"]) == ("judge-1", 0)
    assert "response_format" not in body and "max_tokens" not in body


def test_the_schema_mode_asks_for_a_schema_and_is_another_judge(server: JudgeServer, judge_of: Judges) -> None:
    """Its verdicts are never mixed with those of Figure 8's prompt."""
    server.behave = lambda text, number: Answer('{"think": "same", "verdict": 0}')
    judge = judge_of(server.url, mode="schema", max_tokens=100)
    assert verdicts(judge, ["knee"])[0].outcome == "correct"
    assert server.bodies[0]["response_format"] == VERDICT_SCHEMA
    assert server.bodies[0]["max_tokens"] == 100
    assert judge.name == "judge-1+schema"


@pytest.mark.parametrize("response", ["", "  \n\t"])
def test_an_empty_answer_is_unparsed_without_a_call(server: JudgeServer, judge_of: Judges, response: str) -> None:
    """There is nothing to judge, and nothing to pay."""
    [verdict] = verdicts(judge_of(server.url), [response])
    assert (verdict.outcome, verdict.reason, server.requests) == ("unparsed", "empty", 0)


def test_concurrency_is_what_was_set(server: JudgeServer, judge_of: Judges) -> None:
    """As many requests at once as asked for, and never more."""
    server.latency = 0.05
    verdicts(judge_of(server.url, concurrency=8), many(40))
    assert server.most_at_once == 8


def test_identical_questions_in_flight_are_asked_once(server: JudgeServer, judge_of: Judges) -> None:
    """Models give the same answer again and again; it is paid for once."""
    server.latency = 0.05
    judge = judge_of(server.url)
    outcomes = verdicts(judge, ["knee"] * 50 + ["hip"] * 50)
    assert {verdict.outcome for verdict in outcomes} == {"correct"}
    assert (server.requests, judge.usage.shared) == (2, 98)


@pytest.mark.parametrize(
    "text", ["", "0", "<judge>0", "score 0 of 1", "<judge>0</judge><judge>1</judge>", "<judge>0/1</judge>", None]
)
def test_an_unreadable_reply_is_asked_again(server: JudgeServer, judge_of: Judges, text: str | None) -> None:
    """The response stays fixed, the judge gets another chance, and its digits elsewhere are no verdict."""
    server.behave = failing(1, Answer(text))
    [verdict] = verdicts(judge_of(server.url), ["hip"])
    assert (verdict.outcome, server.requests) == ("correct", 2)
    assert server.prompts[0] == server.prompts[1]
    # The paper's tool asks once, and takes a bare 0 for a verdict.
    assert verdict.correct_in_paper is (text == "0")


def test_an_answer_that_declines_is_asked_about_and_declined(server: JudgeServer, judge_of: Judges) -> None:
    """The paper's tool asks about it too; found incorrect it is declined, unless it answers all the same."""
    server.behave = lambda text, number: Answer(INCORRECT)
    found = verdicts(judge_of(server.url), ["No image was attached.", "No image was attached, so I guess: a hip"])
    assert [(one.outcome, one.reason) for one in found] == [("declined", "no_image"), ("incorrect", "judged")]
    assert server.requests == 2 and not any(one.correct_in_paper for one in found)


def test_a_judge_that_never_gives_a_verdict_leaves_the_answer_missing(server: JudgeServer, judge_of: Judges) -> None:
    """Bounded, with the reason; it is neither right nor wrong, and wrong in the paper's protocol."""
    server.behave = lambda text, number: Answer("I would say 0.")
    [verdict] = verdicts(judge_of(server.url), ["hip"])
    assert (verdict.outcome, verdict.reason, server.requests) == ("missing", "no_verdict", 3)
    assert (verdict.correct_in_paper, verdict.reply) == (False, "I would say 0.")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(status=502),
        Answer(status=503, headers={"retry-after": "0"}),
        Answer(status=408),
        Answer(fault="drop"),
        Answer(fault="truncate"),
        Answer(fault="not_json"),
        Answer(fault="not_chat"),
        Answer(fault="no_choices"),
    ],
    ids=lambda answer: answer.fault or str(answer.status),
)
def test_a_passing_fault_costs_no_verdict(server: JudgeServer, judge_of: Judges, answer: Answer) -> None:
    """Every third request fails, and all verdicts arrive."""
    server.behave = lambda text, number: answer if number % 3 == 1 else Answer()
    outcomes = verdicts(judge_of(server.url), many(30))
    assert [verdict.outcome for verdict in outcomes] == ["correct"] * 30


def test_a_hanging_request_is_ended_and_asked_again(server: JudgeServer, judge_of: Judges) -> None:
    """Some requests get no answer at all; their time ends on a clock of its own, and no verdict is lost."""
    server.behave = failing(3, Answer(fault="hang"))
    outcomes = verdicts(judge_of(server.url, timeout=0.3), many(10))
    assert [verdict.outcome for verdict in outcomes] == ["correct"] * 10


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=500), "http_500"),
        (Answer(status=400), "http_400"),
        (Answer(status=422), "http_422"),
        (Answer(finish="content_filter"), "content_filter"),
        (Answer(fault="drop"), "connection"),
        (Answer(fault="hang"), "timeout"),
        (Answer(fault="not_chat"), "bad_reply"),
        (Answer(status=429), "deadline"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_lasting_fault_is_missing_with_its_reason(
    server: JudgeServer, judge_of: Judges, answer: Answer, reason: str
) -> None:
    """The machinery's fault is never the model's."""
    server.behave = lambda text, number: answer
    judge = judge_of(server.url, timeout=0.2, deadline=1.0, attempts=3)
    [verdict] = verdicts(judge, ["knee"])
    assert (verdict.outcome, verdict.reason) == ("missing", reason)
    assert judge.usage.failures == {reason: 1}


def test_one_answer_that_is_refused_does_not_stop_the_others(server: JudgeServer, judge_of: Judges) -> None:
    """A model cannot end the judging with a text that the endpoint rejects (too long, filtered, unknown)."""

    def behave(text: str, number: int) -> Answer:
        return Answer(status=random.choice([400, 403, 404, 413])) if "poison" in text else Answer()

    server.behave = behave
    judge = judge_of(server.url, concurrency=1, failures=3)
    outcomes = verdicts(judge, ["knee", "poison 1", "hip", "poison 2", "poison 3" * 2, "lung", "poison 4", "spine"])
    assert [verdict.outcome == "correct" for verdict in outcomes] == [
        True,
        False,
        True,
        False,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "refusal", [Answer(status=400), Answer(status=413), Answer(status=422), Answer(finish="content_filter")]
)
def test_an_answer_that_the_endpoint_refuses_is_unjudgeable(
    server: JudgeServer, judge_of: Judges, refusal: Answer
) -> None:
    """A model cannot talk itself out of the denominator, not even with the only answer that there is to judge."""
    server.behave = lambda text, number: refusal if "poison" in text else Answer()
    [verdict] = verdicts(judge_of(server.url), ["poison"])
    assert (verdict.outcome, verdict.reason, verdict.correct_in_paper) == ("unparsed", "unjudgeable", False)
    assert server.requests == 2  # the answer, and one that says whether the endpoint refuses everything


def test_an_answer_too_long_for_the_judge_is_judged_by_its_end(server: JudgeServer, judge_of: Judges) -> None:
    """The end is where an answer comes to its point; the record says that only this was judged."""
    server.behave = lambda text, number: Answer() if len(text) < 5_000 else Answer(status=400)
    judge = judge_of(server.url)
    [verdict] = verdicts(judge, ["The bone is seen. " * 1_000 + "It is the knee."])
    assert (verdict.outcome, verdict.reason) == ("correct", "judged_by_its_end")
    assert "It is the knee.\n" in server.prompts[-1] and 2_000 < len(server.prompts[-1]) < 4_000
    assert verdicts(judge, ["knee"])[0].reason == "judged"


def test_the_judge_gets_the_answer_without_its_thinking(server: JudgeServer, judge_of: Judges) -> None:
    """What a model weighs is not what it says; thinking that was cut off says nothing, and costs no request."""
    judge = judge_of(server.url)
    texts = ["<think>hip or knee?</think> knee", "<think>hip or knee", "<think>knee</think>"]
    outcomes = [(verdict.outcome, verdict.reason) for verdict in verdicts(judge, texts)]
    assert outcomes == [("correct", "judged"), ("unparsed", "unfinished"), ("unparsed", "empty")]
    assert "The user's answer: knee\n" in server.prompts[0] and server.requests == 1


def test_a_reply_that_was_cut_off_holds_no_verdict(server: JudgeServer, judge_of: Judges) -> None:
    """A verdict before the end of the tokens may be one that the judge was only weighing."""
    server.behave = lambda text, number: Answer(finish="length")
    [verdict] = verdicts(judge_of(server.url), ["knee"])
    assert (verdict.outcome, verdict.reason) == ("missing", "cut_off")
    server.behave = lambda text, number: Answer(finish="length" if number % 2 else "stop")
    assert verdicts(judge_of(server.url), ["hip"])[0].outcome == "correct"


def test_a_judge_that_never_gives_a_verdict_is_stopped(
    server: JudgeServer, judge_of: Judges, warnings_said: list[str]
) -> None:
    """It answers every time, and costs money every time: ten in a row, and no more."""
    server.behave = lambda text, number: Answer("I would say so.")
    judge = judge_of(server.url, concurrency=2)
    outcomes = verdicts(judge, many(200))
    assert {verdict.outcome for verdict in outcomes} == {"missing"}
    assert judge.usage.failures["circuit_open"] >= 188 and server.requests <= 12 * 3
    assert len(warnings_said) == 1 and "no_verdict" in warnings_said[0]


def test_too_many_requests_slow_the_judge_down_and_lose_nothing(server: JudgeServer, judge_of: Judges) -> None:
    """A server that lets four through at once gets all its work done, by fewer requests at once."""
    server.latency = 0.01

    def behave(text: str, number: int) -> Answer:
        return Answer(status=429) if server._at_once > 4 else Answer()

    server.behave = behave
    judge = judge_of(server.url, concurrency=32)
    outcomes = verdicts(judge, many(120))
    assert [verdict.outcome for verdict in outcomes] == ["correct"] * 120
    assert judge.usage.requests < 240  # without slowing down, most requests would be refused


def test_retry_after_is_honoured_by_all(server: JudgeServer, judge_of: Judges) -> None:
    """One refusal holds back every request for as long as the endpoint asks."""
    times: list[float] = []

    def behave(text: str, number: int) -> Answer:
        times.append(time.monotonic())
        return Answer(status=429, headers={"retry-after": "1"}) if number == 1 else Answer()

    server.behave = behave
    outcomes = verdicts(judge_of(server.url, concurrency=1), many(5))
    assert [verdict.outcome for verdict in outcomes] == ["correct"] * 5
    assert min(times[1:]) - times[0] >= 0.95


def test_a_clock_that_jumps_delays_and_loses_nothing(
    server: JudgeServer, judge_of: Judges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deadlines do not follow the system's clock, and a date to retry after cannot hold the judge for days."""
    monkeypatch.setattr(pace, "LONGEST_WAIT", 0.2)
    server.latency = 0.02
    date = "Wed, 21 Oct 2099 07:28:00 GMT"
    server.behave = lambda text, number: Answer(status=429, headers={"retry-after": date}) if number == 7 else Answer()
    real = time.time
    jumps = iter([86_400 * 365, -86_400 * 365] * 10_000)
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps, 0))
    outcomes = verdicts(judge_of(server.url), many(60))
    assert [verdict.outcome for verdict in outcomes] == ["correct"] * 60


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds, dates, and nonsense."""
    assert retry_after(headers) == seconds


def test_a_judge_that_is_down_is_given_up_soon(judge_of: Judges, warnings_said: list[str]) -> None:
    """Nothing listens: the circuit opens, the rest is not asked, one message names the command that completes."""
    with JudgeServer() as server:
        url = server.url
    judge = judge_of(url, failures=5, attempts=3, concurrency=8)
    outcomes = verdicts(judge, many(500))
    assert {verdict.outcome for verdict in outcomes} == {"missing"}
    assert judge.usage.failures["circuit_open"] > 480
    assert judge.usage.requests < 60
    assert len(warnings_said) == 1 and "radvqa judge RUN" in warnings_said[0]


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (Answer(status=401, error={"message": f"Incorrect API key: {KEY}"}), "bad_key", "RADVQA_JUDGE_API_KEY"),
        (Answer(status=403), "bad_key", "RADVQA_JUDGE_API_KEY"),
        (Answer(status=404, error={"message": "no such model", "code": "model_not_found"}), "no_such_model", "judge-1"),
        (Answer(status=400, error={"message": "?", "code": "invalid_model"}), "no_such_model", "RADVQA_JUDGE_MODEL"),
        (Answer(status=429, error={"message": "?", "code": "insufficient_quota"}), "no_credit", "credit"),
        (Answer(status=402), "no_credit", "credit"),
        (Answer(status=400, error={"message": "?", "param": "temperature"}), "bad_setting", "temperature"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_retry_can_help_stops_at_once(
    server: JudgeServer, judge_of: Judges, warnings_said: list[str], answer: Answer, reason: str, words: str
) -> None:
    """A wrong key, an unknown model or an empty account ends the asking with one message that says what to do."""
    server.behave = lambda text, number: answer
    outcomes = verdicts(judge_of(server.url, concurrency=4), many(100))
    assert {(verdict.outcome, verdict.reason) for verdict in outcomes} == {("missing", reason)}
    assert server.requests <= 4
    assert len(warnings_said) == 1 and words in warnings_said[0]


def test_a_judge_that_comes_back_loses_nothing(judge_of: Judges) -> None:
    """Down in the middle of the work and back within the retries: every verdict arrives."""
    with JudgeServer(latency=0.01) as server:
        judge = judge_of(server.url, attempts=12, concurrency=4)
        futures = [judge.submit(QUESTION, ANSWER, text) for text in many(200)]
        while server.requests < 50:
            time.sleep(0.005)
        port = server.port
    time.sleep(0.5)
    with JudgeServer(latency=0.01, port=port):
        outcomes = [future.result(timeout=60).outcome for future in futures]
    assert outcomes == ["correct"] * 200


def test_closing_ends_what_is_under_way(server: JudgeServer, judge_of: Judges) -> None:
    """Nobody waits for ever: open questions become missing, and so do later ones."""
    server.behave = lambda text, number: Answer(fault="hang")
    judge = judge_of(server.url)
    futures = [judge.submit(QUESTION, ANSWER, text) for text in many(50)]
    while not server.requests:
        time.sleep(0.005)
    judge.close()
    futures.append(judge.submit(QUESTION, ANSWER, "late"))
    assert {(f.result(timeout=5).outcome, f.result().reason) for f in futures} == {("missing", "closed")}


def test_an_address_that_is_none_is_missing(judge_of: Judges) -> None:
    """Even settings that the client library rejects cannot make a verdict raise."""
    [verdict] = verdicts(judge_of("http://[", attempts=1), ["knee"])
    assert verdict.outcome == "missing"


def test_the_key_is_sent_and_appears_nowhere_else(
    server: JudgeServer,
    judge_of: Judges,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    """Not in a log at the lowest level, a repr, a verdict, an error or the cache, even if the endpoint repeats it."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    sink = logger.add(said.append, level=0, format="{message} {exception}")
    path = tmp_path / "judge.sqlite"
    judge = judge_of(server.url, cache=path)
    outcomes = verdicts(judge, ["knee"])
    server.behave = lambda text, number: Answer(status=401, error={"message": f"bad key {KEY}", "code": KEY})
    outcomes += verdicts(judge, ["hip"])
    judge.close()

    def fail(self: object, options: object) -> None:
        raise ValueError(f"cannot use {KEY}")

    monkeypatch.setattr(ChatClient, "__init__", fail)
    outcomes += verdicts(judge_of(server.url), ["knee"])
    assert outcomes[-1].reason == "error_ValueError" and any("cannot use ***" in text for text in said)
    with contextlib.suppress(ValueError):
        logger.remove(sink)
    assert f"authorization: bearer {KEY}" in server.headers[0].lower()
    shown = [repr(judge), repr(judge.options), str(judge.options), *map(repr, outcomes), caplog.text, *said]
    shown += [file.read_bytes().decode("latin-1") for file in tmp_path.iterdir()]
    assert not any(KEY in text for text in shown)


def test_a_hostile_reply_can_be_kept(server: JudgeServer, judge_of: Judges, tmp_path: Any) -> None:
    """Half a surrogate pair in a judge's reply breaks neither the cache nor whoever writes the record."""
    server.behave = lambda text, number: Answer("\ud800\x00 <judge>0</judge>")
    judge = judge_of(server.url, cache=tmp_path / "judge.sqlite")
    [verdict] = verdicts(judge, ["knee"])
    assert (verdict.outcome, verdict.reply) == ("correct", "\\ud800\x00 <judge>0</judge>")
    again = verdicts(judge_of(server.url, cache=tmp_path / "judge.sqlite"), ["knee"])[0]
    assert again.cached and again.reply == verdict.reply


def test_a_reply_in_parts_is_read(server: JudgeServer, judge_of: Judges) -> None:
    """Models that think send their thinking as a part of its own; a verdict in there is none."""
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "maybe <judge>1</judge>"}]}
    server.behave = lambda text, number: Answer([thinking, {"type": "text", "text": CORRECT}, {"type": "text"}, 3])
    assert verdicts(judge_of(server.url), ["knee"])[0].outcome == "correct"


def test_a_proxy_of_the_environment_is_not_asked_for_a_local_judge(
    server: JudgeServer, judge_of: Judges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hospitals have proxies; a judge on the same machine is reached all the same."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert verdicts(judge_of(server.url, attempts=1), ["knee"])[0].outcome == "correct"


def test_a_thread_that_dies_leaves_nobody_waiting(
    server: JudgeServer, judge_of: Judges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a fault that ends the judge's thread turns open questions into missing ones."""

    async def fail(self: object) -> None:
        await asyncio.sleep(0.2)
        raise MemoryError

    monkeypatch.setattr(llm._Session, "_serve", fail)
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    server.behave = lambda text, number: Answer(fault="hang")
    judge = judge_of(server.url)
    assert {verdict.outcome for verdict in verdicts(judge, many(5))} == {"missing"}
    assert judge._thread is not None
    judge._thread.join(10)  # its exception must meet the hook above


def test_a_fault_of_this_package_is_said_once_and_given_up_soon(
    server: JudgeServer, judge_of: Judges, monkeypatch: pytest.MonkeyPatch, warnings_said: list[str]
) -> None:
    """One traceback and one message for a fault that every question meets, not thousands."""

    def fail(*args: object) -> str:
        raise KeyError("a bug")

    monkeypatch.setattr(llm, "prompt", fail)
    outcomes = verdicts(judge_of(server.url, failures=3), many(50))
    assert {verdict.reason for verdict in outcomes} == {"error_KeyError"}
    assert len(warnings_said) == 2 and "a bug" in warnings_said[0] and "asked no more" in warnings_said[1]


def test_hostile_texts_never_make_submit_raise(server: JudgeServer, judge_of: Judges) -> None:
    """Whatever a model writes, in any of the three places."""
    texts = ["\ud800", "\x00", "{answer}", "a" * 200_000, "\u202e", "{}", "%s", "\\", '"', "<judge>"]
    judge = judge_of(server.url)
    futures = [judge.submit(text, text, text) for text in texts]
    assert {future.result(timeout=30).outcome for future in futures} == {"correct"}
