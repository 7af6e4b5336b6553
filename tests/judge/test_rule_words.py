"""The rule judge where there is no taxonomy: by the words of the right answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks.judge.rule.judge import judge_by_rule
from radimagenet_vqa_tasks.scoring.record import OUTCOMES

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "rule_words.yaml").read_text(encoding="utf-8"))
ORGANS = ["liver", "heart", "spleen", "kidney", "lung", "brain", "bladder"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['target']}-{case['response'][:40]}")
def test_case(case: dict[str, Any]) -> None:
    """Every case is judged as the file says, which also says why."""
    verdict = judge_by_rule(case["response"], case["target"], case["q"])
    assert (verdict.outcome, verdict.reason) == (case["outcome"], case["reason"]), case["why"]


@given(st.lists(st.sampled_from(ORGANS), min_size=1, max_size=3, unique=True), st.randoms(use_true_random=False))
def test_right_list_is_right_in_any_order(organs: list[str], random: Any) -> None:
    """A list is a set: order, "and" and capitals make no difference."""
    shuffled = random.sample(organs, len(organs))
    said = ", ".join(shuffled[:-1]) + (" and " if len(shuffled) > 1 else "") + shuffled[-1].upper()
    assert judge_by_rule(said, ", ".join(organs), "Which organs are shown?").outcome == "correct"


@given(
    st.lists(st.sampled_from(ORGANS), min_size=2, max_size=7, unique=True),
    st.sampled_from([", ", " ", " and ", " or ", ". ", "\n", "/", "; ", ". It is the ", " & ", "、"]),
)
def test_listing_more_than_is_right_is_never_correct(organs: list[str], joint: str) -> None:
    """However the answers are strung together, naming everything gains nothing."""
    for target in organs:
        assert judge_by_rule(joint.join(organs), target, "Which organ is shown?").outcome == "incorrect"


@given(st.sampled_from(["no {}", "not {}", "without {}", "{} is not seen", "{} is absent", "there is no {} here"]))
def test_denial_is_never_correct(form: str) -> None:
    """Naming the right answer to deny it is not naming it."""
    assert judge_by_rule(form.format("effusion"), "Effusion", "What is shown?").outcome == "incorrect"


@given(response=st.text(), target=st.text(), question=st.text())
def test_no_text_raises(response: str, target: str, question: str) -> None:
    """Whatever a model or a data set says, there is a verdict."""
    assert judge_by_rule(response, target, question).outcome in OUTCOMES


@pytest.mark.parametrize("unit", ["liver, ", "no ", "肝脏", "liver. ", "liver heart ", "a", "liver (", "computed "])
def test_a_long_answer_gets_a_verdict(unit: str) -> None:
    """A hundred thousand characters of anything are read, and win nothing by their length."""
    response = unit * (100_000 // len(unit))
    verdict = judge_by_rule(response, "Liver, Heart, Spleen", "Which organs are shown?")
    assert verdict.outcome in ("incorrect", "declined", "unparsed")


@pytest.mark.parametrize(
    ("response", "tier"),
    [
        ("liver", "matched"),
        ("The liver.", "matched"),
        ("Answer: **Liver**", "matched"),
        ("It is the liver.", "read"),
        ("right lobe of the liver", "read"),
    ],
)
def test_tier_tells_a_wording_from_a_sentence(response: str, tier: str) -> None:
    """Tables can be bounded by the verdicts that took no interpretation."""
    verdict = judge_by_rule(response, "liver", "Which organ is shown?")
    assert (verdict.outcome, verdict.tier) == ("correct", tier)


def test_subject_without_a_place_is_no_taxonomy() -> None:
    """A benchmark whose subjects are others than the taxonomy's is judged by words."""
    assert judge_by_rule("a duct", "duct", "What?", subject="Pharmacy").outcome == "correct"
    assert judge_by_rule("thorax", "lung", subject="anatomy", location="lung").outcome == "correct"
