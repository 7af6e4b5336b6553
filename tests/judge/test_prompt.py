"""The prompt is the paper's, and frozen."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_support import cases

from radimagenet_vqa_tasks.judge.llm.prompt import MODES, Mode, prompt, template
from radimagenet_vqa_tasks.judge.llm.reply import correct_in_paper, read
from radimagenet_vqa_tasks.reading.thinking import split

# Whoever changes a prompt on purpose moves N of the task version, adds a line to the changelog and then this digest.
FROZEN = {
    "figure8": "20e4142556c7553964b55ee6bae88a3cc1b8ad0e5d52f8248eec28691a5b0e48",
    "schema": "3a0bbca9940f189cf3998a2da6e0ba441f58f184607149fea293bb99f2539aab",
}


@pytest.mark.parametrize("mode", MODES)
def test_the_template_is_frozen(mode: Mode) -> None:
    """Verdicts under another prompt are not comparable, so a change must be noticed."""
    assert hashlib.sha256(template(mode).encode()).hexdigest() == FROZEN[mode]


def test_figure_8_is_what_the_paper_prints() -> None:
    """The words of the paper's Figure 8, line breaks aside, written out here a second time."""
    assert " ".join(template("figure8").split()) == (
        "Your task is to determine whether the user's answer is correct based on the provided questions and standard "
        "answers (for example, if the user expresses a similar meaning to the standard answer, or another "
        "interpretation of the standard answer, it is considered correct.) The question is: {question} The standard "
        "answer: {answer} The user's answer: {response} Please strictly follow the following format for output (0 "
        "represents correct, 1 represents incorrect): <think> your concise think step </think> <judge>0/1</judge> For "
        "example: <think> The standard answer is right, and the user's answer is right frontal lobe; they express the "
        "same meaning, so it is correct. </think> <judge>0</judge>"
    )


@given(st.text(alphabet="abc {}"), st.text(alphabet="abc {}"))
def test_what_is_filled_in_is_never_filled_again(answer: str, response: str) -> None:
    """Braces in a response are text: nothing of the question or the answer can be pulled into another place."""
    start, end = template("figure8").split("{answer}")
    expected = start.replace("{question}", "{answer}") + answer + end.replace("{response}", response)
    assert prompt("{answer}", answer, response) == expected


def test_a_place_in_a_response_stays_text() -> None:
    """A response that names a place of the template does not get what belongs there."""
    assert "The user's answer: {answer}\n" in prompt("q", "knee", "{answer}")


@pytest.mark.parametrize("case", cases("judge_replies"), ids=lambda case: f"{case['mode']}-{case['reply']!r}")
def test_a_reply_is_read_strictly(case: dict[str, str]) -> None:
    """Only exactly one well-formed verdict is one, whatever digits stand elsewhere."""
    verdict = read(case["reply"], "figure8" if case["mode"] == "figure8" else "schema")
    assert (verdict.outcome, verdict.reason) == (case["outcome"], case["reason"])


@given(st.text(), st.sampled_from(MODES))
def test_no_reply_makes_the_reader_raise(reply: str, mode: Mode) -> None:
    """A judge may answer anything."""
    assert read(reply, mode).outcome in ("correct", "incorrect", "missing")
    assert isinstance(correct_in_paper(reply, mode), bool)


@pytest.mark.parametrize("case", cases("judge_replies"), ids=lambda case: f"{case['mode']}-{case['reply']!r}")
def test_the_paper_never_misses_a_verdict(case: dict[str, str]) -> None:
    """accuracy_paper has the same verdicts as the strict reading; what it makes of no verdict is paper_verdict's."""
    mode: Mode = "figure8" if case["mode"] == "figure8" else "schema"
    if mode == "figure8" and (case["outcome"] == "missing" or "<judge>" in split(case["reply"]).thinking):
        return  # see the next test, and those of paper_verdict
    assert correct_in_paper(case["reply"], mode) == (case["outcome"] == "correct")


@pytest.mark.parametrize("reply", ["<think> <judge>0</judge> </think>", "<think> so far <judge>0</judge> and then"])
def test_the_paper_s_tool_does_not_know_what_thinking_is(reply: str) -> None:
    """accuracy_paper takes a verdict inside thinking for one, the strict reading does not."""
    assert correct_in_paper(reply, "figure8") and read(reply).outcome == "missing"
