"""The bar shows what has been asked and what failed, on a terminal only."""

from __future__ import annotations

import io

import pytest

from radimagenet_vqa_tasks.judge.llm.progress import Progress
from radimagenet_vqa_tasks.judge.llm.usage import Usage
from radimagenet_vqa_tasks.judge.verdict import Verdict


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    usage = Usage(asked=3, cached=1)
    bar = Progress("judge m")
    bar.follow(usage)
    for outcome in ("correct", "incorrect", "missing"):
        usage.outcomes[outcome] += 1
        bar.verdict(Verdict("missing" if outcome == "missing" else "correct", "judged"))
    bar.close()
    return stream.getvalue()


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Length, cached verdicts and failures stand in the bar."""
    last = shown(monkeypatch, Terminal()).split("\r")[-1]
    assert "judge m" in last and "3/3" in last and "cached=1" in last and "missing=1" in last


def test_a_log_file_sees_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output that is not a terminal is kept clean."""
    assert shown(monkeypatch, io.StringIO()) == ""
