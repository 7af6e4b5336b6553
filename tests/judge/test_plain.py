"""The rule judge where there is no taxonomy."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks.judge.rule.plain import judge_plain

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "rule_plain.yaml").read_text(encoding="utf-8"))
ORGANS = ["liver", "heart", "spleen", "kidney", "lung", "brain", "bladder"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['target']}-{case['response'][:40]}")
def test_case(case: dict[str, Any]) -> None:
    """Every case is judged as the file says, which also says why."""
    verdict = judge_plain(case["response"], case["target"], case["q"])
    assert (verdict.outcome, verdict.reason) == (case["outcome"], case["reason"]), case["why"]


@given(st.lists(st.sampled_from(ORGANS), min_size=1, max_size=3, unique=True), st.randoms(use_true_random=False))
def test_right_list_is_right_in_any_order(organs: list[str], random: Any) -> None:
    """A list is a set: order, "and" and capitals make no difference."""
    shuffled = random.sample(organs, len(organs))
    said = ", ".join(shuffled[:-1]) + (" and " if len(shuffled) > 1 else "") + shuffled[-1].upper()
    assert judge_plain(said, ", ".join(organs), "Which organs are shown?").outcome == "correct"


@given(
    st.lists(st.sampled_from(ORGANS), min_size=2, max_size=7, unique=True),
    st.sampled_from([", ", " ", " and ", " or ", ". ", "\n", "/", "; ", ". It is the ", " & ", "、"]),
)
def test_listing_more_than_is_right_is_never_correct(organs: list[str], joint: str) -> None:
    """However the answers are strung together, naming everything gains nothing."""
    for target in organs:
        assert judge_plain(joint.join(organs), target, "Which organ is shown?").outcome == "incorrect"


@given(st.sampled_from(["no {}", "not {}", "without {}", "{} is not seen", "{} is absent", "there is no {} here"]))
def test_denial_is_never_correct(form: str) -> None:
    """Naming the right answer to deny it is not naming it."""
    assert judge_plain(form.format("effusion"), "Effusion", "What is shown?").outcome == "incorrect"


@given(response=st.text(), target=st.text(), question=st.text())
def test_no_text_raises(response: str, target: str, question: str) -> None:
    """Whatever a model or a data set says, there is a verdict."""
    assert judge_plain(response, target, question).outcome in ("correct", "incorrect", "unparsed", "missing")


@pytest.mark.parametrize("unit", ["liver, ", "no ", "肝脏", "liver. ", "liver heart ", "a"])
def test_time_grows_with_the_length(unit: str) -> None:
    """A response of a hundred thousand characters is judged in seconds at most."""
    started = time.monotonic()
    judge_plain(unit * (100_000 // len(unit)), "Liver, Heart, Spleen", "Which organs are shown?")
    assert time.monotonic() - started < 5
