"""Options and yes or no: the reviewed cases, what holds for any text, and what hostile replies do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from radimagenet_vqa_tasks.reading.option import read_option
from radimagenet_vqa_tasks.reading.read import declines
from radimagenet_vqa_tasks.reading.statements import LONGEST_READ
from radimagenet_vqa_tasks.reading.yes_no import read_yes_no

CASES = Path(__file__).parents[1] / "cases"
ABNORMAL = "Is there an abnormality present?"
CHOICES = ["knee", "hip", "soft tissue mass", "mass"]
MEGABYTE = 1_000_000

# Any text at all, lone surrogates included, and text made of what the reader looks for.
FRAGMENTS = ["A", "b", "C.", "(D)", "E", "a", "I", "knee", "hip", "mass", "the answer is", "Answer:", "\\boxed{", "}"]
FRAGMENTS += ["<answer>", "</answer>", "<think>", "</think>", "yes", "no", "not", "or", "and", "wait,", "so", "but"]
FRAGMENTS += [
    "wrong",
    "is correct",
    "normal",
    "abnormal",
    "there is",
    "evidence of",
    "\n",
    "?",
    ".",
    ",",
    "**",
    "\ud800",
]
ANY_TEXT = st.one_of(
    st.text(st.characters(codec=None)), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join)
)
ANY_CHOICES = st.lists(st.one_of(ANY_TEXT, st.sampled_from(["A", "no", "", "(.*", "[", "knee"])), max_size=26)

# A slow machine is no failure here.
relaxed = settings(deadline=None)

DRESSES = ["{}", " {}\n", "({})", "[{}]", "{{{}}}", "{}.", "{})", "**{}**", "`{}`", '"{}"', "${}$", "> {}", "# {}"]
DRESSES += ["Option {}", "option ({})", "Answer: {}", "**Answer:** {}", "The answer is {}.", "Final answer: ({})"]
DRESSES += ["\\boxed{{{}}}", "\\boxed{{\\text{{{}}}}}", "<answer>{}</answer>", "<ANSWER>\n{}", '{{"answer": "{}"}}']
DRESSES += ["<think>A or B</think>{}", "Let me look.\n\n{}"]
# "Option yes" is no English; "choice" and "option" announce letters.
WORD_DRESSES = [dress for dress in DRESSES if "ption" not in dress]

REFUSALS = [
    "I cannot answer",
    "I am unable to determine",
    "As an AI model, I can't interpret",
    "It is impossible to say",
]
REFUSALS += ["I'm sorry, but I can't help with", "I do not know", "It is unclear from"]
OBJECTS = [
    "",
    " this",
    " this question",
    " this image.",
    " whether this is the knee",
    " the image of the hip, or the knee.",
]


def cases(name: str) -> list[Any]:
    rows = [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]
    return [pytest.param(row, id=f"{ascii(row['response'])[1:50]} is {row['expected']}") for row in rows]


def units() -> list[str]:
    lines = (CASES / "adversarial_units.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["unit"] for line in lines]


@pytest.mark.parametrize("case", cases("options.jsonl"))
def test_option_case_reads_as_reviewed(case: dict[str, Any]) -> None:
    """Each reviewed multiple-choice reply is read as the case says, for the reason it gives."""
    assert read_option(case["response"], case["choices"]) == case["expected"], case["why"]


@pytest.mark.parametrize("case", cases("yes_no.jsonl"))
def test_yes_no_case_reads_as_reviewed(case: dict[str, Any]) -> None:
    """Each reviewed reply to a closed question is read as the case says, for the reason it gives."""
    assert read_yes_no(case["response"], case["question"]) == case["expected"], case["why"]


def test_cases_contradict_nowhere() -> None:
    """No reply stands in the cases twice with different readings."""
    seen: dict[str, Any] = {}
    for name in ("options.jsonl", "yes_no.jsonl"):
        for line in (CASES / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            asked = json.dumps([row["response"], row.get("choices"), row.get("question")])
            assert seen.setdefault(asked, row["expected"]) == row["expected"], asked


@relaxed
@given(ANY_TEXT, ANY_CHOICES)
@example("A", [])
@example("B", ["\ud800", "\x00"])
def test_any_text_and_choices_give_a_letter_in_range_or_none(response: str, choices: list[str]) -> None:
    """No reply and no choices raise, and no letter beyond the choices is ever read."""
    assert read_option(response, choices) in {None, *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(choices)]}


@relaxed
@given(ANY_TEXT, st.one_of(ANY_TEXT, st.sampled_from([ABNORMAL, "Is the hip normal?", "Are masses absent?"])))
def test_any_text_gives_yes_no_or_none(response: str, question: str) -> None:
    """No reply to a closed question, and no question, raises or reads as a third thing."""
    assert read_yes_no(response, question) in {"yes", "no", None}


@relaxed
@given(ANY_TEXT)
def test_any_text_reads_the_same_twice(response: str) -> None:
    """A reading depends on the reply alone, whatever was read before, and reads as itself."""
    letter, word = read_option(response, CHOICES), read_yes_no(response)
    assert (read_option(response, CHOICES), read_yes_no(response)) == (letter, word)
    assert letter is None or read_option(letter, CHOICES) == letter
    assert word is None or read_yes_no(word) == word


@relaxed
@given(ANY_TEXT)
def test_space_around_a_reply_changes_nothing(response: str) -> None:
    """White space before and after a reply never decides anything."""
    padded = f"\n  {response}\t\n\n"
    assert read_option(padded, CHOICES) == read_option(response, CHOICES)
    assert read_yes_no(padded) == read_yes_no(response)


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("count", [2, 4, 26])
def test_dressed_letter_reads_as_the_letter(dress: str, count: int) -> None:
    """Every letter reads as itself in every usual dress, in both cases, for few and for many choices."""
    choices = [f"organ number {index}" for index in range(count)]
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]:
        assert read_option(dress.format(letter), choices) == letter
        assert read_option(dress.format(letter.lower()), choices) == letter


@pytest.mark.parametrize("dress", WORD_DRESSES)
def test_dressed_word_reads_as_the_word(dress: str) -> None:
    """Yes and no read as themselves in every usual dress, in every case."""
    for word in ("yes", "no", "Yes", "No", "YES", "NO"):
        assert read_yes_no(dress.format(word)) == word.lower()


@pytest.mark.parametrize("dress", DRESSES)
def test_dressed_option_text_reads_as_its_letter(dress: str) -> None:
    """Every option's text reads as its letter in every usual dress, and the longest text wins."""
    for letter, text in zip("ABCD", CHOICES, strict=True):
        assert read_option(dress.format(text), CHOICES) == letter


@relaxed
@given(st.sampled_from(REFUSALS), st.sampled_from(OBJECTS))
def test_refusal_never_parses(refusal: str, about: str) -> None:
    """A refusal is no answer in either format, even if it names an option or the question's subject."""
    assert read_option(refusal + about, CHOICES) is None
    assert read_yes_no(refusal + about, ABNORMAL) is None


@relaxed
@given(st.permutations("ABCD"), st.integers(2, 4), st.sampled_from([" or ", " and ", "/", ", ", "\n", " or maybe "]))
def test_several_letters_left_open_never_parse(letters: list[str], count: int, joint: str) -> None:
    """Letters that are merely listed are no answer, in whatever order."""
    assert read_option(joint.join(letters[:count]), CHOICES) is None


@relaxed
@given(st.lists(st.sampled_from(["knee", "hip", "spine"]), min_size=2, max_size=2, unique=True), st.sampled_from("ABC"))
def test_letter_with_another_options_text_reads_as_the_text(texts: list[str], letter: str) -> None:
    """Of a letter beside the whole text of another option the text counts; beside two texts nothing does."""
    choices = ["knee", "hip", "spine"]
    own = choices["ABC".index(letter)]
    assert read_option(f"{letter}. {own}", choices) == letter
    other = next(text for text in texts if text != own)
    assert read_option(f"{letter}. {other}", choices) == "ABC"[choices.index(other)]
    assert read_option(f"{letter}. {texts[0]} or {texts[1]}", choices) is None


def test_reply_longer_than_any_budget_counts_its_final_statement_only() -> None:
    """A reply of a length that nobody asked for is read like reasoning that was cut off."""
    assert read_option("B. hip. " + "More of it. " * 50_000, CHOICES) is None
    assert read_option("Still looking. " * 50_000 + "Final answer: B", CHOICES) == "B"
    assert read_yes_no("Still looking. " * 50_000 + "\\boxed{yes}") == "yes"


@pytest.mark.parametrize("unit", units())
def test_megabyte_of_anything_is_read(unit: str) -> None:
    """No repeated fragment makes a reader slow: one quadratic pattern would take many minutes here."""
    for size in (LONGEST_READ // 2, MEGABYTE):
        response = (unit * (size // len(unit) + 1))[:size]
        assert read_option(response, CHOICES) in {None, *"ABCD"}
        assert read_yes_no(response, ABNORMAL) in {None, "yes", "no"}
        assert read_yes_no(response, "Is there a mass in the liver?") in {None, "yes", "no"}
        declines(response)


def test_hostile_choices_are_read() -> None:
    """Choices that nearly match everywhere do not make the reader slow."""
    choices = [f"{'a ' * 140}{letter}" for letter in "bcdefghij"] + ["a" * MEGABYTE, "(" * 500]
    assert read_option("a " * (MEGABYTE // 2), choices) is None
