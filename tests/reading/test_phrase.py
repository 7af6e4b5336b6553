"""Reading the word or phrase that a reply answers with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks.reading.phrase import read_phrase

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "phrases.yaml").read_text(encoding="utf-8"))
QUESTION = "Which is bigger in this image, liver or spleen?"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['target']}-{case['reply'][:40]}")
def test_case(case: dict[str, Any]) -> None:
    """Every case is read as the file says, which also says why."""
    found = read_phrase(case["reply"], case["target"], case["q"])
    assert found == (case["target"] if case["read"] == "=" else case["read"] or None), case["why"]


def test_cases_cover_every_reading() -> None:
    """The file holds right, wrong and unreadable replies in both languages."""
    kinds = {(case["q"].isascii(), case["read"] if case["read"] in ("", "=") else "other") for case in CASES}
    assert len(kinds) == 6


@given(reply=st.text(), target=st.text(min_size=1), question=st.text())
def test_no_text_raises(reply: str, target: str, question: str) -> None:
    """Whatever a model or a data set says, reading it gives a text or nothing."""
    assert isinstance(read_phrase(reply, target, question), str | None)


@given(st.lists(st.sampled_from(["liver", "spleen", "or", "and", ",", ".", "the", "not", "both"]), max_size=12))
def test_naming_both_is_never_right(words: list[str]) -> None:
    """A reply that affirms both alternatives and denies none gains nothing."""
    reply = " ".join(["liver", "spleen", *(word for word in words if word != "not")])
    assert read_phrase(reply, "Liver", QUESTION) != "Liver"


@pytest.mark.parametrize("unit", ["liver or spleen, ", "not ", "或者", "the answer is ", "(", "\\boxed{", "liver "])
def test_time_grows_with_the_length(unit: str) -> None:
    """A reply of a hundred thousand characters is read; where time explodes, this never ends."""
    assert read_phrase(unit * (100_000 // len(unit)), "Liver", QUESTION) in (None, "Liver")
