"""Plain helpers of the judge's tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge

KEY = "sk-secret-of-the-tests-0123456789"
QUESTION, ANSWER = "Which body part is visible in this image?", "knee"
CASES = Path(__file__).parents[1] / "cases"


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a file beside the tests."""
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").open(encoding="utf-8")]


def verdicts(judge: LLMJudge, responses: list[str], answer: str = ANSWER) -> list[Any]:
    """Ask about all responses at once, and wait."""
    futures = [judge.submit(QUESTION, answer, text) for text in responses]
    return [future.result(timeout=60) for future in futures]
