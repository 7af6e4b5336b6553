"""The judge of this process: the LLM judge that the environment asks for, or the rule judge."""

from __future__ import annotations

from functools import cache

from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.settings import from_environment


@cache
def chosen() -> LLMJudge | None:
    """The LLM judge, one a process; None where the rule judge is to judge.

    Tasks with open questions ask for it while they are prepared, so that wrong settings raise their RunError before a
    model has answered anything, and never in the scoring hook.
    """
    return from_environment()
