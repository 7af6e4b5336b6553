"""The prompt is the paper's, and frozen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_support import cases

from radimagenet_vqa_tasks.judge.llm.answer import answer_of
from radimagenet_vqa_tasks.judge.llm.prompt import MODES, Mode, prompt, template
from radimagenet_vqa_tasks.judge.llm.reply import correct_in_paper, read
from radimagenet_vqa_tasks.judge.verdict import is_papers_judge
from radimagenet_vqa_tasks.reading.thinking import split

# Whoever changes a prompt on purpose moves N of the task version, adds a line to the changelog and then these texts.
GOLDEN = Path(__file__).parents[1] / "golden" / "judge_prompts.json"


@pytest.mark.parametrize("mode", MODES)
def test_the_prompt_is_frozen(mode: Mode) -> None:
    """Verdicts under another prompt are not comparable, so a changed sign must be noticed."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert prompt("Which body part?", "knee", "the knee joint", mode) == golden[mode]


def test_the_tool_s_judge_gets_what_the_tool_gives_it() -> None:
    """The box or the answer elements, whatever stands around them; thinking only where there is neither."""
    assert answer_of("<think>hip?</think> It is \\boxed{knee}.", "tool") == "knee"
    assert answer_of("So <answer>the knee</answer>", "tool") == "the knee"
    assert answer_of("<think>hip?</think> knee", "tool") == "<think>hip?</think> knee"
    assert answer_of("<think>hip?</think> knee", "figure8") == "knee"


@pytest.mark.parametrize(
    ("judge", "is_it"),
    [
        *(("mistral-large-2411", True), ("mistral-large-latest+tool", True), ("mistral-large-2411+schema", False)),
        *(
            ("mistralai/Mistral-Large-Instruct-2411", True),
            ("mistral-small-2506", False),
            ("rule", False),
            (None, False),
        ),
    ],
)
def test_only_the_paper_s_judge_is_taken_for_it(judge: str | None, is_it: bool) -> None:
    """A paper's number of an open cell is claimed under the paper's model and prompt alone."""
    assert is_papers_judge(judge) is is_it


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
def test_a_reply_is_read_strictly(case: dict[str, Any]) -> None:
    """Only exactly one well-formed verdict is one, whatever digits stand elsewhere."""
    verdict = read(case["reply"], case["mode"])
    assert (verdict.outcome, verdict.reason) == (case["outcome"], case["reason"])


@given(st.text(), st.sampled_from(MODES))
def test_no_reply_makes_the_reader_raise(reply: str, mode: Mode) -> None:
    """A judge may answer anything."""
    assert read(reply, mode).outcome in ("correct", "incorrect", "missing")
    assert isinstance(correct_in_paper(reply, mode), bool)


@pytest.mark.parametrize("case", cases("judge_replies"), ids=lambda case: f"{case['mode']}-{case['reply']!r}")
def test_the_paper_never_misses_a_verdict(case: dict[str, Any]) -> None:
    """accuracy_paper has the same verdicts as the strict reading; what it makes of no verdict is paper_verdict's."""
    mode: Mode = case["mode"]
    if mode == "figure8" and (case["outcome"] == "missing" or "<judge>" in split(case["reply"]).thinking):
        return  # see the next test, and those of paper_verdict
    assert correct_in_paper(case["reply"], mode) == (case["outcome"] == "correct")


@pytest.mark.parametrize("reply", ["<think> <judge>0</judge> </think>", "<think> so far <judge>0</judge> and then"])
def test_the_paper_s_tool_does_not_know_what_thinking_is(reply: str) -> None:
    """accuracy_paper takes a verdict inside thinking for one, the strict reading does not."""
    assert correct_in_paper(reply, "figure8") and read(reply).outcome == "missing"
