"""Pairs of answers about one image that cannot both be meant.

A contradiction is counted only where the record shows it. Open answers are known by their verdict alone: an answer that
was judged correct names the target, and the rule judge's reason says where another one was named. What an answer that
an LLM judge found incorrect does name is not in the record, so it is never taken for a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.answers import Answers, offers_default, option_of, said, score_of
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

Test = Callable[[Answers, Scheme], bool | None]  # None: the image has nothing to say here

# Reasons of the rule judge for which the response names something else, and only something else, than the target.
_NAMES_ANOTHER = frozenset({"other_label", "other_finding", "normal"})


@dataclass(frozen=True)
class Check:
    """One kind of contradiction: its name in data, its name for people, and whether an image's answers hold it."""

    name: str
    title: str
    test: Test


def _pathology_in_a_normal_image(answers: Answers, scheme: Scheme) -> bool | None:
    return _default_chosen(answers, False) if said(answers, "abnormality_closed") == "no" else None


def _nothing_in_an_abnormal_image(answers: Answers, scheme: Scheme) -> bool | None:
    return _default_chosen(answers, True) if said(answers, "abnormality_closed") == "yes" else None


def _default_chosen(answers: Answers, wanted: bool) -> bool | None:
    """Whether "no pathology seen" is (or is not) chosen; None where it is no option: any choice is then a pathology."""
    if not offers_default(answers.get("pathology_mc")) or (choice := option_of(answers["pathology_mc"])) is None:
        return None
    return (choice == NO_PATHOLOGY) is wanted


def _named_pathology_in_a_normal_image(answers: Answers, scheme: Scheme) -> bool | None:
    answered = [said(answers, f"pathology_closed_{sign}") for sign in ("pos", "neg")]
    if said(answers, "abnormality_closed") != "no" or None in answered:
        return None
    return "yes" in answered


def _region_against_closed(answers: Answers, scheme: Scheme) -> bool | None:
    chosen, present, other = (said(answers, f"anatomy_{name}") for name in ("mc", "closed_pos", "closed_neg"))
    if None in (chosen, present, other):
        return None
    if chosen == answers["anatomy_mc"].target:
        return present == "no" or other == "yes"
    return present == "yes"


def _open_right_other_chosen(subject: str) -> Test:
    def test(answers: Answers, scheme: Scheme) -> bool | None:
        chosen = said(answers, f"{subject}_mc")
        if chosen is None or not score_of(answers, f"{subject}_open", scheme):
            return None
        return chosen != answers[f"{subject}_mc"].target

    return test


def _chosen_right_other_named(subject: str) -> Test:
    def test(answers: Answers, scheme: Scheme) -> bool | None:
        record, choice = answers.get(f"{subject}_open"), answers.get(f"{subject}_mc")
        if record is None or choice is None or choice.extracted != choice.target:
            return None
        if record.judge != "rule" or record.outcome not in ("correct", "incorrect"):
            return None
        return record.outcome == "incorrect" and record.reason in _NAMES_ANOTHER

    return test


CHECKS = (
    Check("normal_but_pathology_chosen", "called normal, a pathology chosen (MC)", _pathology_in_a_normal_image),
    Check("abnormal_but_none_chosen", f'called abnormal, "{NO_PATHOLOGY}" chosen (MC)', _nothing_in_an_abnormal_image),
    Check(
        "normal_but_pathology_affirmed",
        "called normal, a named pathology affirmed (closed)",
        _named_pathology_in_a_normal_image,
    ),
    Check("region_mc_against_closed", "region chosen (MC) against regions affirmed (closed)", _region_against_closed),
    *(
        check
        for subject, what in (("anatomy", "region"), ("pathology", "pathology"))
        for check in (
            Check(
                f"{subject}_open_right_mc_other",
                f"{what} named rightly (open), another chosen (MC)",
                _open_right_other_chosen(subject),
            ),
            Check(
                f"{subject}_mc_right_open_other",
                f"{what} chosen rightly (MC), another named (open)",
                _chosen_right_other_named(subject),
            ),
        )
    ),
)
