"""The paper's scoring rules, faults included: the reviewed cases, the judge's verdicts, and hostile replies."""

from __future__ import annotations

import json
import time
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radimagenet_vqa_tasks.scoring import paper as paper_protocol
from radimagenet_vqa_tasks.scoring.paper import (
    paper_clean,
    paper_closed,
    paper_option,
    paper_phrase,
    paper_verdict,
)

CASES = Path(__file__).parents[1] / "cases"
CHOICES = ["knee", "hip", "soft tissue mass", "mass"]
MEGABYTE = 1_000_000
ANY_TEXT = st.text(st.characters(codec=None))
# A slow machine is no failure here; the last test is about time.
relaxed = settings(deadline=None)


def cases(name: str) -> list[Any]:
    rows = [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]
    return [pytest.param(row, id=f"{ascii(row['response'])[1:50]} is {row['expected']}") for row in rows]


@pytest.mark.parametrize("case", cases("paper_closed.jsonl"))
def test_closed_case_scores_as_the_paper_did(case: dict[str, Any]) -> None:
    """Each reviewed reply to a closed question is right or wrong as the paper's tool had it."""
    assert paper_closed(case["response"], case["target"]) is case["expected"], case["why"]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("Liver", True),
        ("liver.", True),
        ("<answer>Liver</answer>", True),
        ("The liver", False),
        ("The answer is liver", False),  # the blank before it stays
        ("answer:liver", True),
        ("Liver is bigger", False),
        ("", False),
    ],
)
def test_phrase_is_right_only_word_for_word(response: str, expected: bool) -> None:
    """The paper's tool compares whole replies; an article or a blank makes them wrong."""
    assert paper_phrase(response, "Liver") is expected


@pytest.mark.parametrize("case", cases("paper_option.jsonl"))
def test_option_case_reads_as_the_paper_did(case: dict[str, Any]) -> None:
    """Each reviewed multiple-choice reply gives the letter that the paper's tool read."""
    assert paper_option(case["response"], case["choices"]) == case["expected"], case["why"]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("The Knee", "the knee"),
        ("x \\boxed{A} y", "a"),
        ("\\boxed{\\text{A}} y", "\\text{a}"),
        ("\\boxed{a \\boxed{b}} \\boxed{c}", "a \\boxed{b}"),
        ("\\boxed{a \\boxed{b}", "b"),
        ("\\boxed{a <answer>b</answer>", "b"),
        ("<answer>a</answer> <answer>b</answer>", "a"),
        ("<answer>a", "<answer>a"),
        ("The answer is A. Answer: B", " b"),
        ("**Answer:** b", "** b"),
        ("**Answer**: b", " b"),
        ("Final answer: b", " b"),
        ("Final answer b", " b"),
        ("Final answer is b", " b"),
        ("Answer: a\n\\boxed{answer is b}", " b"),
    ],
)
def test_clean_up_keeps_the_scored_part(response: str, expected: str) -> None:
    """The clean-up takes the box, else the tags, and of that what follows the last marker."""
    assert paper_clean(response) == expected


@pytest.mark.parametrize("reply", ["<judge>0</judge>", "<think>same</think> <judge> 0\n</judge>", "1 <judge>0</judge>"])
def test_verdict_zero_is_correct(reply: str) -> None:
    """The judge's scale is inverted: 0 means correct."""
    assert paper_verdict(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "<judge>1</judge>",
        "",
        "0",
        "<judge>0",
        "0</judge>",
        "</judge>0<judge>",
        "<judge></judge>",
        "<judge>00</judge>",
        "<judge>0.</judge>",
        "<judge>0/1</judge>",
        "<judge>0</judge><judge>0</judge>",
        "<judge>0</judge></judge>",
        "<judge><judge>0</judge>",
        "<JUDGE>0</JUDGE>",
    ],
)
def test_verdict_anything_else_is_wrong(reply: str) -> None:
    """Missing, doubled or misplaced tags, and any other verdict, silently count as wrong, as they did."""
    assert not paper_verdict(reply)


def test_option_without_choices_raises() -> None:
    """Without choices there is no letter to give, and the error says so."""
    with pytest.raises(ValueError, match="at least one choice"):
        paper_option("A", [])


@relaxed
@given(ANY_TEXT, st.lists(ANY_TEXT, min_size=1, max_size=26))
def test_any_reply_gives_a_letter_in_range(response: str, choices: list[str]) -> None:
    """Nothing is ever unparsed, and nothing raises."""
    assert paper_option(response, choices) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(choices)]


@relaxed
@given(ANY_TEXT)
def test_any_reply_is_right_for_one_target_at_most(response: str) -> None:
    """No reply to a closed question raises, or counts as both yes and no."""
    assert not (paper_closed(response, "yes") and paper_closed(response, "no"))


@relaxed
@given(ANY_TEXT)
def test_any_judge_reply_gives_a_verdict(reply: str) -> None:
    """No judge's reply raises, and wrapping it in the tags counts as correct for a bare 0 only."""
    assert paper_verdict(f"<judge>{reply}</judge>") is (reply.strip() == "0")


@relaxed
@given(st.text("abcdef ", min_size=2, max_size=260), st.lists(st.text("abcdef ", max_size=30), min_size=2, max_size=5))
def test_most_similar_option_is_the_plain_rule(response: str, choices: list[str]) -> None:
    """Skipping options that cannot win changes no result: the first highest difflib ratio is taken."""
    reply = response.strip()
    ratios = [SequenceMatcher(None, choice.strip(), reply).ratio() for choice in choices]
    if len(reply) > 1 and reply not in {choice.strip() for choice in choices}:
        assert paper_option(response, choices) == "ABCDE"[ratios.index(max(ratios))]


def test_frequent_letters_of_a_long_reply_count_for_nothing() -> None:
    """From 200 characters on difflib leaves out the reply's frequent letters, and so did the paper's tool."""
    # With 198 letters before it, "knee" makes 202 characters, among which "k" and "n" are no longer frequent.
    filler = "hip" * 66
    assert paper_option("knee" + filler[:190], ["hip", "kn"]) == "A"
    assert paper_option("knee" + filler, ["hip", "kn"]) == "B"


def test_only_the_start_of_an_endless_reply_is_compared() -> None:
    """Beyond the documented length the comparison looks at no more; up to it, at everything."""
    reply = "\u4e00" * (paper_protocol.LONGEST_COMPARED - 3)
    assert paper_option(reply + "hip", CHOICES) == "B"
    assert paper_option(reply + "---hip", CHOICES) == "A"


def test_megabyte_of_anything_is_scored_in_time() -> None:
    """No repeated fragment makes the rules slow."""
    lines = (CASES / "adversarial_units.jsonl").read_text(encoding="utf-8").splitlines()
    started = time.perf_counter()
    for unit in (json.loads(line)["unit"] for line in lines):
        response = (unit * (MEGABYTE // len(unit) + 1))[:MEGABYTE]
        assert not paper_verdict(response)
        paper_closed(response, "yes")
        paper_option(response, CHOICES)
    assert time.perf_counter() - started < 120
