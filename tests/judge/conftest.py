"""What the judge's tests share: the loopback server and an impatient judge."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # judge_server.py is a script as well, so it belongs to no package

from judge_server import JudgeServer
from judge_support import KEY

from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    """A server that finds everything correct until a test says otherwise."""
    with JudgeServer() as server:
        yield server


@pytest.fixture
def judge_of() -> Iterator[Callable[..., LLMJudge]]:
    """Makes judges that wait for milliseconds where real ones wait for seconds; closes them in the end."""
    made: list[LLMJudge] = []

    def make(url: str, **changes: Any) -> LLMJudge:
        options: dict[str, Any] = {"model": "judge-1", "base_url": url, "api_key": KEY, "backoff": 0.02, "timeout": 5.0}
        made.append(LLMJudge(JudgeOptions(**{**options, **changes})))
        return made[-1]

    yield make
    for judge in made:
        judge.close()
