"""The paper's scoring rules, faults included: the reviewed cases, properties of each rule, and hostile replies."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from paper_cases import CHOICES, RULES, scored, table

from radimagenet_vqa_tasks.scoring import paper as paper_protocol
from radimagenet_vqa_tasks.scoring.paper import (
    judged_content,
    paper_clean,
    paper_option,
    paper_phrase,
    paper_selected,
    paper_verdict,
    paper_yes_no,
)

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
MEGABYTE = 1_000_000
ANY_TEXT = st.text(st.characters(codec=None))
# Letters and signs that the rules look for, so that random replies meet them.
_SIGNS = [
    "a",
    "B",
    "c",
    ".",
    ":",
    " ",
    "\n",
    "\n\n",
    "yes",
    "No",
    "knee",
    "boxed",
    "\\boxed{",
    "{",
    "}",
    "<judge>",
    "0",
]
_MARKS = ["<answer>", "</answer>", "Answer:", "answer is", "**answer**", "final answer", "</judge>"]
PIECES = st.lists(st.sampled_from([*_SIGNS, *_MARKS]), max_size=12).map("".join)

relaxed = settings(deadline=None)


@pytest.mark.parametrize(
    ("rule", "reply", "expected"),
    [
        pytest.param(rule, *case, id=f"{rule['format']} {ascii(case[0])[1:50]}")
        for rule in RULES
        for case in rule["cases"]
    ],
)
def test_reviewed_case_is_scored_as_the_paper_did(rule: dict[str, Any], reply: str, expected: str | bool) -> None:
    """Each reviewed reply gives what the paper's tool gave."""
    assert scored(rule, reply) == expected, rule["rule"]


def test_documentation_lists_every_rule_with_its_example() -> None:
    """The table of docs/protocols.md is the case file's: no rule is told otherwise than it is tested."""
    assert table() in (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8"), f"put this there:\n{table()}"


def test_bare_options_are_compared_without_their_letters() -> None:
    """With the bare list an option's text is its exact text, for all that share it, and no letter is like "(B)"."""
    assert paper_option("(B)", ["knee", "hip"]) == {"B"}
    assert paper_option("(B)", ["knee", "hip"], bare=True) == {"A"}
    assert paper_option("Knee", ["hip", "knee", "KNEE"], bare=True) == {"B", "C"}
    assert paper_option("Knee", ["hip", "knee", "KNEE"]) == {"B"}


def test_option_without_choices_raises() -> None:
    """Without choices there is no letter to give, and the error says so."""
    with pytest.raises(ValueError, match="at least one choice"):
        paper_option("A", [])


@relaxed
@given(ANY_TEXT | PIECES, st.lists(ANY_TEXT, min_size=1, max_size=26))
def test_any_reply_gives_one_letter_in_range(response: str, choices: list[str]) -> None:
    """Nothing is ever unparsed, nothing raises, and lettered options are never two at once."""
    (letter,) = paper_option(response, choices)
    assert letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(choices)]
    assert paper_option(response, choices, bare=True)


@relaxed
@given(ANY_TEXT | PIECES)
def test_any_reply_is_right_for_one_answer_at_most(response: str) -> None:
    """No reply to a closed question raises, or counts as both yes and no; a phrase may be asked of any."""
    assert len(paper_yes_no(response)) <= 1
    assert paper_phrase(response, "yes") in (True, False)
    assert isinstance(judged_content(response), str)


@relaxed
@given(PIECES, st.sampled_from("ABCD"), st.booleans())
def test_lone_letter_in_an_outer_paragraph_wins(response: str, letter: str, last: bool) -> None:
    """Whatever else is said, in a box or behind a marker, a lone letter in the first paragraph is the answer.

    In the last one it is too, unless the first is another letter.
    """
    assume(response.split("\n\n")[0].lower() not in "abcd" and not response.endswith("\n"))
    reply = f"{response}\n\n{letter}. as said" if last else f"{letter}\n\n{response}"
    assert paper_option(reply, CHOICES) == {letter}


@relaxed
@given(PIECES, PIECES)
def test_only_the_last_box_counts(before: str, content: str) -> None:
    """What stands before the last box, and after it, is not read, and its content is trimmed."""
    assume("boxed" not in content and content.count("{") == content.count("}") == 0)
    assert judged_content(f"{before}\\boxed{{{content}}} and more") == content.strip()


@relaxed
@given(st.lists(st.sampled_from(["x", "{", "}"]), max_size=12).map("".join), PIECES)
def test_box_is_its_balanced_braces_or_none(content: str, after: str) -> None:
    """Braces inside a box are counted; where they never close, the reply is the word None."""
    assume("boxed" not in after)
    text = content + "}" + after
    depths = [text[: end + 1].count("{") - text[: end + 1].count("}") for end in range(len(text))]
    expected = text[: depths.index(-1)].strip() if -1 in depths else "None"
    assert judged_content("\\boxed{" + text) == expected


@relaxed
@given(st.lists(PIECES.filter(lambda text: "answer>" not in text and "boxed" not in text), min_size=1, max_size=4))
def test_all_answer_elements_are_joined(contents: list[str]) -> None:
    """Every element counts, not the first or the last; without any content the whole reply does."""
    reply = "so: ".join(f"<answer>{content}</answer>" for content in contents)
    assert judged_content(reply) == (" ".join(contents).strip() or reply)


@relaxed
@given(PIECES)
def test_clean_reply_is_lower_case_and_has_no_marker_left(response: str) -> None:
    """The clean-up gives small letters, but for the word None, and nothing that calls itself the answer."""
    text = paper_clean(response)
    assert text == "None" or text == text.lower()
    assert not any(marker in text for marker in ("answer is", "answer:", "final answer", "**answer**"))


@relaxed
@given(ANY_TEXT)
def test_any_judge_reply_gives_a_verdict(reply: str) -> None:
    """No judge's reply raises, and wrapping it in the tags counts as correct for a bare 0 only."""
    assume("judge>" not in reply)
    assert paper_verdict(f"<judge>{reply}</judge>") is (reply.strip() == "0")


@relaxed
@given(st.text("ef ghk", min_size=2, max_size=260), st.lists(st.text("ef ghk", max_size=30), min_size=2, max_size=5))
def test_most_similar_option_is_the_plain_rule(response: str, choices: list[str]) -> None:
    """Skipping options that cannot win changes no result: the first highest difflib ratio is taken."""
    reply = response.strip()
    lettered = [f"{letter}. {choice}" for letter, choice in zip("abcde", choices, strict=False)]
    ratios = [SequenceMatcher(None, option, reply).ratio() for option in lettered]
    if reply != "e" or len(choices) < 5:
        assert paper_option(response, choices) == {"ABCDE"[ratios.index(max(ratios))]}


def test_frequent_letters_of_a_long_reply_count_for_nothing() -> None:
    """From 200 characters on difflib leaves out the reply's frequent letters, and so did the paper's tool."""
    # With 198 letters before it, "knee" makes 202 characters, among which "k" and "n" are no longer frequent.
    filler = "hip" * 66
    assert paper_option("knee" + filler[:190], ["hip", "kn"]) == {"A"}
    assert paper_option("knee" + filler, ["hip", "kn"]) == {"B"}


def test_only_the_start_of_an_endless_reply_is_compared() -> None:
    """Beyond the documented length the comparison looks at no more; up to it, at everything."""
    reply = "\u4e00" * (paper_protocol.LONGEST_COMPARED - 3)
    assert paper_option(reply + "hip", CHOICES) == {"B"}
    assert paper_option(reply + "---hip", CHOICES) == {"A"}


def test_megabyte_of_anything_is_scored_in_time() -> None:
    """No repeated fragment makes the rules so slow that this does not end, or gives a verdict."""
    lines = (CASES / "adversarial_units.jsonl").read_text(encoding="utf-8").splitlines()
    for unit in (json.loads(line)["unit"] for line in lines):
        response = (unit * (MEGABYTE // len(unit) + 1))[:MEGABYTE]
        assert not paper_verdict(response)
        paper_yes_no(response)
        paper_option(response, CHOICES)


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ('{"selected_option": "B", "explanation": "C is smaller."}', "B"),
        ('```json\n{"selected_option": "b: 2 cm"}\n```', "B"),
        ('{"selected_option": "(C)"}', "C"),
        ('{"selected_option": "A."}', "A"),
        ("B", None),  # no JSON
        ('Sure: {"selected_option": "B"}', None),  # words before it
        ('{"selected_option": "B"', None),
        ('{"selected_option": 2}', None),
        ('{"selected_option": "2 cm"}', None),
        ('{"answer": "B"}', None),
        ('["B"]', None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_ct_benchs_runner_keeps_an_option_of_json_alone(reply: str, kept: str | None) -> None:
    """What is asked for and nothing else but a fence; all other replies stay, without an option."""
    assert paper_selected(reply) == kept


@relaxed
@given(ANY_TEXT)
def test_kept_option_never_raises(reply: str) -> None:
    """Any text is a reply."""
    assert paper_selected(reply) in (None, *"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
