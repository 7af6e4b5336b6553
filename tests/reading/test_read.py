"""One reading for scoring: what was read, or why nothing was; and what declines to answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radimagenet_vqa_tasks.reading.declining import only_declines
from radimagenet_vqa_tasks.reading.read import Reading, declines, read

QUESTION = "Is there evidence of edema?"
CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "declining.jsonl").read_text(encoding="utf-8").splitlines()
]
PIECES = [
    "no",
    "image",
    "I",
    "cannot",
    "see",
    "the",
    "scan",
    "please",
    "upload",
    "it",
    ",",
    ".",
    "but",
    "without",
    "mass",
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case["response"][:50]))
def test_declining_case(case: dict[str, Any]) -> None:
    """Each reply declines, or answers, as the case says, which also says why."""
    outcome = "read" if case["expected"] else "declined"
    wanted = Reading(case["expected"], outcome, case["reason"])
    assert read("closed", case["response"], question=QUESTION) == wanted, case["why"]
    assert declines(case["response"]) is (outcome == "declined"), case["why"]


@pytest.mark.parametrize("format_", ["mc", "phrase"])
@pytest.mark.parametrize(
    "case", [case for case in CASES if case["reason"] == "no_image"], ids=lambda case: ascii(case["response"][:50])
)
def test_missing_image_declines_in_every_format(case: dict[str, Any], format_: str) -> None:
    """That there is no image is no option and no phrase either."""
    reading = read(format_, case["response"], choices=["edema", "mass"], target="edema", question="Edema or mass?")
    assert reading == Reading(None, "declined", "no_image")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("No image was attached.", "no_image"),
        ("I'm sorry, I can't see the image. Please upload it, and I'll gladly help.", "no_image"),
        ("I can't give a diagnosis. A radiologist should look at this.", "refusal"),
        ("Nothing abnormal is visible.", None),
        ("Nothing unusual is shown.", None),
        ("未见明显异常", None),
        ("没有影像学异常", None),
        ("I cannot see it, but most likely the hip", None),
        ("The hip, though I cannot be sure.", None),
        ("没有图像.可能是膝关节.", None),
    ],
)
def test_an_open_answer_declines_where_it_gives_none(text: str, reason: str | None) -> None:
    """Courtesy and advice are no answer; a guess is one, and what is said of findings."""
    assert only_declines(text) == reason


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("", "empty"),
        ("<think>It is dark.</think>", "empty"),
        ("<think>It is dark", "unfinished"),
        ("A or B", "two_answers"),
        ("The liver is large.", "unreadable"),
    ],
)
def test_unparsed_says_why(response: str, reason: str) -> None:
    """What was not read is told apart by its reason."""
    assert read("mc", response, choices=["knee", "hip"]) == Reading(None, "unparsed", reason)


@settings(deadline=None)
@given(
    st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(" ".join)), st.sampled_from(["mc", "closed", "phrase"])
)
def test_reading_is_whole(response: str, format_: str) -> None:
    """Any text gets an outcome; what was read has no reason, and what was not has one."""
    reading = read(format_, response, choices=["knee", "hip"], target="liver", question="Is it the liver?")
    assert (reading.extracted is not None) == (reading.outcome == "read") == (reading.reason is None)
