"""Mending slips: what is mended, what is left alone, and that nothing known is ever touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks.judge.rule import spelling
from radimagenet_vqa_tasks.judge.rule.spelling import corrected


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("meniscall", "meniscal"),  # a letter too many
        ("cholelithasis", "cholelithiasis"),  # a letter too few
        ("supraspinatis", "supraspinatus"),  # a wrong letter
        ("infract", "infarct"),  # two letters swapped
        ("brian", "brain"),  # a short word, but swapped
    ],
)
def test_a_single_slip_is_mended(slip: str, meant: str) -> None:
    """Each way to slip once."""
    assert corrected([slip]) == [meant]


@pytest.mark.parametrize(
    "word",
    [
        "drain",  # one letter from brain, but short
        "penal",  # the first letter differs from renal
        "menisgall",  # two slips
        "kidnee",  # two slips
        "adductor",  # a muscle of its own, one letter from abductor
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
    for word in spelling._REAL_WORDS - spelling._known():
        keys = spelling._with_one_less(word)
        near = {meant for key in keys for meant in spelling._content().get(key, ()) if spelling._is_slip(word, meant)}
        assert near, word


@given(st.lists(st.text(max_size=30)))
def test_a_second_pass_changes_nothing(tokens: list[str]) -> None:
    """What is mended is known, and words keep their number and order."""
    once = corrected(tokens)
    assert len(once) == len(tokens)
    assert corrected(once) == once
