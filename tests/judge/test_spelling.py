"""Mending slips: what is mended, what is left alone, and that nothing known is ever touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks.judge.rule import spelling
from radimagenet_vqa_tasks.judge.rule.spelling import corrected
from radimagenet_vqa_tasks.judge.rule.tables import listed

LONG_ANSWER = ["this", "is", "an", "answer", "of", "seven", "words"]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("meniscall", "meniscal"),  # a letter too many
        ("cholelithasis", "cholelithiasis"),  # a letter too few
        ("supraspinatis", "supraspinatus"),  # a wrong letter
        ("infract", "infarct"),  # two letters swapped
        ("brian", "brain"),  # a short word, but swapped
        ("acite", "ascites"),  # taken for a plural before it was mended
    ],
)
def test_a_single_slip_is_mended(slip: str, meant: str) -> None:
    """Each way to slip once, however long the answer is."""
    assert corrected([slip]) == [meant]
    assert corrected([*LONG_ANSWER, slip]) == [*LONG_ANSWER, meant]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("livr", "liver"),  # a letter too few
        ("kneee", "knee"),  # a letter too many
        ("knea", "knee"),  # a wrong letter
        ("lugn", "lung"),  # two letters swapped
        ("labrel", "labral"),  # a word of a label
        ("lumber", "lumbar"),  # timber, but not of six words or fewer
    ],
)
def test_a_short_word_is_mended_in_a_short_answer_only(slip: str, meant: str) -> None:
    """In a sentence the same letters may be a word that the judge does not know."""
    assert corrected([slip, "pathology"]) == [meant, "pathology"]
    assert corrected([*LONG_ANSWER, slip]) == [*LONG_ANSWER, slip]


@pytest.mark.parametrize(
    "word",
    [
        "drain",  # one letter from brain, but short
        "penal",  # the first letter differs from renal
        "menisgall",  # two slips
        "nodual",  # two slips
        "hib",  # three letters say too little
        "hipp",  # also where one of them is typed twice: a rule for one word is not worth its lines
        "kneel",  # a word of its own
        "adductor",  # a muscle of its own, one letter from abductor
        "aductor",  # could be the adductor or the abductor
        "thinking",  # one letter from thinning
        "42",
        ",",
        "x" * 10_000,
    ],
)
def test_everything_else_is_left_alone(word: str) -> None:
    """Doubtful words, signs and numbers come back as they are."""
    assert corrected([word]) == [word]


def test_known_words_are_never_changed() -> None:
    """The taxonomy's words and the judge's cues are right by definition."""
    known = sorted(spelling._known())
    assert corrected(known) == known


def test_no_real_word_is_listed_in_vain() -> None:
    """Every word on the list would be taken for a misspelling without it."""
    for word in listed("real_words"):
        assert (spelling._near(word, few=True) | spelling._near(word + "s", few=True)) - {word}, word


@given(st.lists(st.text(max_size=30)))
def test_a_second_pass_changes_nothing(tokens: list[str]) -> None:
    """What is mended is known, and words keep their number and order."""
    once = corrected(tokens)
    assert len(once) == len(tokens)
    assert corrected(once) == once
