"""Replies on disk: kept, shared between processes, and no fault of the file costs a verdict."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from judge_server import Answer, JudgeServer
from judge_support import ANSWER, QUESTION, verdicts

from radimagenet_vqa_tasks.judge.llm.cache import CachedReply, ReplyCache, key_of
from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge

Judges = Callable[..., LLMJudge]
REPLY = CachedReply("first", "last", 3, 4)

# Judges 40 answers in a process of its own, and prints the outcomes.
WORKER = """
import resource, sys
from pathlib import Path
from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
url, cache, limit = sys.argv[1:]
judge = LLMJudge(JudgeOptions("judge-1", url, backoff=0.02, timeout=20.0, concurrency=8, cache=Path(cache)))
judge.submit("q", "a", "warm up").result()
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
futures = [judge.submit("q", "a", f"answer {number}" * 300) for number in range(40)]
print(*[future.result().outcome for future in futures])
judge.close()
"""


def worker(url: str, cache: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, url, str(cache), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "judge.sqlite"


def test_a_reply_is_kept_over_processes_lives(path: Path) -> None:
    """What was put in last comes out of a new connection."""
    cache = ReplyCache(path)
    cache.put(b"key", CachedReply("other", "other"))
    cache.put(b"key", REPLY)
    cache.close()
    again = ReplyCache(path)
    assert (again.get(b"key"), again.get(b"none")) == (REPLY, None)
    again.close()


def test_the_key_tells_every_part_apart() -> None:
    """Model, endpoint, mode, and prompt with question, answer and response: none can stand in for another."""
    parts = ("local", "judge-1", "figure8", "prompt")
    keys = {key_of(*parts)} | {key_of(*parts[:i], parts[i] + "x", *parts[i + 1 :]) for i in range(4)}
    assert len(keys) == 5


def test_a_second_run_makes_no_calls(server: JudgeServer, judge_of: Judges, path: Path) -> None:
    """The same answers are never paid for twice, and get the same verdicts."""
    server.behave = lambda text, number: Answer(f"<judge>{len(text) % 2}</judge>")
    responses = [f"answer {'x' * (number % 7)}{number}" for number in range(100)]
    first = [verdict.outcome for verdict in verdicts(judge_of(server.url, cache=path), responses)]
    server.behave = lambda text, number: Answer(status=500)
    judge = judge_of(server.url, cache=path)
    again = verdicts(judge, responses)
    assert [verdict.outcome for verdict in again] == first and set(first) == {"correct", "incorrect"}
    assert all(verdict.cached for verdict in again)
    assert (server.requests, judge.usage.requests, judge.usage.cached) == (100, 0, 100)


def test_another_judge_has_its_own_replies(server: JudgeServer, judge_of: Judges, path: Path) -> None:
    """Another model, or the other mode, is asked anew."""
    for changes in ({}, {"model": "judge-2"}, {"mode": "schema", "readings": 1}):
        verdicts(judge_of(server.url, cache=path, **changes), ["knee"])
    assert server.requests == 3


def test_a_failure_is_not_kept(server: JudgeServer, judge_of: Judges, path: Path) -> None:
    """A reply without a verdict, or none at all, is asked for again next time."""
    server.behave = lambda text, number: Answer("no idea") if number < 4 else Answer(status=403)
    judge = judge_of(server.url, cache=path)
    assert [verdicts(judge, ["knee"])[0].reason for _ in range(2)] == ["no_verdict", "http_403"]
    kept = sqlite3.connect(path).execute("SELECT count(*) FROM replies").fetchone()
    assert kept == (0,)
    server.behave = lambda text, number: Answer()
    assert verdicts(judge, ["knee"])[0].outcome == "correct"


def test_the_paper_s_verdict_is_kept_with_the_reply(server: JudgeServer, judge_of: Judges, path: Path) -> None:
    """A cached verdict says of the first reply what the first run said."""
    server.behave = lambda text, number: Answer("hm") if number == 1 else Answer()
    for _ in range(2):
        [verdict] = verdicts(judge_of(server.url, cache=path), ["knee"])
        assert (verdict.outcome, verdict.correct_in_paper) == ("correct", False)
    assert server.requests == 2


def test_a_row_that_holds_no_verdict_is_asked_again(server: JudgeServer, judge_of: Judges, path: Path) -> None:
    """A forged or damaged row cannot make a verdict: the reply is read as strictly as a fresh one."""
    verdicts(judge_of(server.url, cache=path), ["knee"])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE replies SET last = ?", ("<judge>0</judge><judge>1</judge>",))
    server.behave = lambda text, number: Answer("<judge>1</judge>")
    assert verdicts(judge_of(server.url, cache=path), ["knee"])[0].outcome == "incorrect"
    assert verdicts(judge_of(server.url, cache=path), ["knee"])[0].cached  # and the good reply has taken its place


@pytest.mark.parametrize("damage", ["no database", "zeros inside", "another table", "cut short"])
def test_a_damaged_file_is_set_aside_and_begun_anew(
    server: JudgeServer, judge_of: Judges, path: Path, warnings_said: list[str], damage: str
) -> None:
    """All verdicts arrive, the damaged file is kept under another name, one message says so, the next run is cached."""
    judge = judge_of(server.url, cache=path)
    verdicts(judge, [f"before {number}" * 200 for number in range(40)])
    judge.close()
    _damage(path, damage)
    responses = [f"after {number}" for number in range(30)]
    assert {verdict.outcome for verdict in verdicts(judge_of(server.url, cache=path), responses)} == {"correct"}
    again = judge_of(server.url, cache=path)
    assert {verdict.cached for verdict in verdicts(again, responses)} == {True}
    assert len(list(path.parent.glob("judge.sqlite.damaged-*[0-9]"))) == 1
    assert len(warnings_said) == 1 and "set aside" in warnings_said[0]


def _damage(path: Path, damage: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if damage == "another table":
            connection.execute("DROP TABLE replies")
            connection.execute("CREATE TABLE replies (a)")
    connection.close()
    content = path.read_bytes()
    if damage == "no database":
        path.write_bytes(b"This is no database at all. " * 500)
    elif damage == "zeros inside":
        path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    elif damage == "cut short":
        path.write_bytes(content[: len(content) // 2])
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def test_a_cache_that_cannot_be_opened_is_done_without(
    server: JudgeServer, judge_of: Judges, tmp_path: Path, warnings_said: list[str]
) -> None:
    """A file where the folder should be: verdicts arrive, and one message says that none is kept."""
    (tmp_path / "file").write_text("")
    outcomes = verdicts(judge_of(server.url, cache=tmp_path / "file" / "judge.sqlite"), ["knee", "hip", "lung"])
    assert {verdict.outcome for verdict in outcomes} == {"correct"}
    assert len(warnings_said) == 1 and "cannot be used" in warnings_said[0]


def test_a_full_disk_costs_no_verdict(server: JudgeServer, path: Path) -> None:
    """The file cannot grow any more: the process goes on, says so once, and what was kept stays readable."""
    process = worker(server.url, path, limit=60_000)
    out, err = process.communicate(timeout=120)
    assert out.split() == ["correct"] * 40, err
    assert err.count("cannot be written") == 1
    connection = sqlite3.connect(path)
    kept = connection.execute("SELECT count(*) FROM replies").fetchone()[0]
    connection.close()
    assert kept >= 1


def test_two_processes_share_one_cache(server: JudgeServer, judge_of: Judges, path: Path) -> None:
    """Both get every verdict, and a third finds all of them in the file."""
    server.latency = 0.02
    processes = [worker(server.url, path) for _ in range(2)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert out.split() == ["correct"] * 40 and "WARNING" not in err, err
    judge = judge_of(server.url, cache=path)
    futures = [judge.submit("q", "a", f"answer {number}" * 300) for number in range(40)]
    assert all(future.result(timeout=30).outcome == "correct" for future in futures)
    assert judge.usage.requests == 0


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_another_process_that_holds_the_file_costs_one_wait_and_no_verdict(
    server: JudgeServer,
    judge_of: Judges,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    warnings_said: list[str],
    lock: str,
) -> None:
    """A writer that does not let go delays once, all answers together; verdicts are kept again once it is gone."""
    monkeypatch.setattr("radimagenet_vqa_tasks.judge.llm.cache.PATIENCE", 0.5)
    cache = ReplyCache(path)
    cache.put(b"key", REPLY)
    cache.close()
    holder = sqlite3.connect(path, isolation_level=None)
    if lock == "EXCLUSIVE":
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute(f"BEGIN {lock}")
    judge = judge_of(server.url, cache=path)
    assert {verdict.outcome for verdict in verdicts(judge, [f"answer {number}" for number in range(50)])} == {"correct"}
    cache = judge._session._cache
    assert cache is not None and cache._patience < 0.1  # used up once, by all of them together
    holder.execute("ROLLBACK")
    holder.close()
    assert verdicts(judge, ["lung"])[0].outcome == "correct"
    assert verdicts(judge_of(server.url, cache=path), ["lung"])[0].cached
    assert len(warnings_said) == 1 and "locked by another process" in warnings_said[0]


@pytest.mark.parametrize("change", ["last = x'00ff'", "last = 3", "first = x'3c6a'", "prompt_tokens = 'many'"])
def test_a_row_of_another_type_is_asked_again_and_heals(
    server: JudgeServer, judge_of: Judges, path: Path, change: str
) -> None:
    """SQLite holds any type in any column; such a row is no reply, and the next one takes its place."""
    verdicts(judge_of(server.url, cache=path), ["knee"])
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE replies SET {change}")
    assert not verdicts(judge_of(server.url, cache=path), ["knee"])[0].cached
    assert verdicts(judge_of(server.url, cache=path), ["knee"])[0].cached


def test_many_threads_may_submit(server: JudgeServer, judge_of: Judges, path: Path) -> None:
    """The host scores in several threads; they share one judge, and each gets its own verdict."""
    server.behave = lambda text, number: Answer(f"<judge>{int('odd' in text)}</judge>")
    judge = judge_of(server.url, cache=path)
    found: list[bool] = []

    def score(thread: int) -> None:
        for number in range(25):
            parity = ("even", "odd")[number % 2]
            verdict = judge.submit(QUESTION, ANSWER, f"{parity} {thread} {number}").result(timeout=30)
            found.append(verdict.outcome == ("correct", "incorrect")[number % 2])

    threads = [threading.Thread(target=score, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [True] * 200
