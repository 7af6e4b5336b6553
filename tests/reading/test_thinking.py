"""What of a reply is thinking: every family of tags, in every state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks.reading.thinking import split

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "thinking.jsonl").read_text(encoding="utf-8").splitlines()
]
TAGS = ["<think>", "</think>", "[THINK]", "[/THINK]", "<answer>", "<|channel|>analysis<|message|>", "<|end|>", "<", "a"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["response"][:40])
def test_case(case: dict[str, Any]) -> None:
    """Every case is split as the file says, which also says why."""
    parts = split(case["response"])
    assert (parts.answer, parts.finished) == (case["answer"], case["finished"]), case["why"]


@given(st.one_of(st.text(st.characters(codec=None)), st.lists(st.sampled_from(TAGS)).map("".join)))
def test_nothing_is_made_up(response: str) -> None:
    """No text raises, and the answer is always a piece of the response."""
    assert split(response).answer in response


@given(st.lists(st.sampled_from(TAGS)).map("".join))
def test_answer_is_its_own_answer(response: str) -> None:
    """Splitting an answer again changes nothing, so that a reader may be given either."""
    answer = split(response).answer
    assert split(answer).answer == answer
