"""Whether a model looks, as numbers: a constant model, a prior, and one that sees have analytic values."""

from __future__ import annotations

import math

import pytest
from runs_support import arm, record, records

from radimagenet_vqa_tasks.analysis.grounding import Grounding, grounding
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import SHOWN_RIGHT, STRICT, ArmName, Record, Shown

ARMS: tuple[ArmName, ...] = ("image", "textonly", "told", "blank", "swapped")
N = 12


def mc(image: int, name: ArmName, answer: str, target: str, shown: str) -> Record:
    """One multiple-choice answer; in the arm `swapped` the picture shows what makes `shown` right."""
    right = answer == target
    made = record(image, "pathology_mc", right, arm=name, target=target, extracted=answer)
    if name == "swapped":
        made.shown = Shown(f"image{image + 1}:pathology_mc", shown)
        made.scores[SHOWN_RIGHT] = float(answer == shown)
    return made


def measured(answers: dict[ArmName, list[str]]) -> Grounding:
    """Twelve images whose right letters are A, B, C, D in turn; swapped, the next one's picture is shown."""
    found = {
        name: arm("m", [mc(i, name, said[i], "ABCD"[i % 4], "ABCD"[(i + 1) % 4]) for i in range(N)])
        for name, said in answers.items()
    }
    return grounding(found, Scheme())


def test_constant_model_gains_nothing_and_follows_nothing() -> None:
    """Always A: right on one in four in every arm; swapped, right as often for either picture, else for neither."""
    found = measured({name: ["A"] * N for name in ARMS})
    gains = {(one.arm, one.cell): one for one in found.gains}
    for name in ARMS[1:]:
        one = gains[name, "pathology_mc"]
        assert (one.difference.value, one.corrected, one.chance) == (0, 0, 0.25)
        assert math.isnan(gains[name, AVG].difference.value)
    assert {(one.arm, one.estimate.value) for one in found.same} == {(name, 1.0) for name in ARMS[1:]}
    [follows] = found.follows
    assert (follows.shown.value, follows.own.value, follows.neither.value) == (0.25, 0.25, 0.5)
    assert (follows.lean.value, follows.effect.value, follows.shown.n) == (0, 0, N)
    assert {one.answered.value for one in found.mirages} == {1.0}


def test_prior_that_knows_the_words_stays_with_the_picture_taken_away() -> None:
    """Right from the text alone: no gain, no effect of the picture, and every answer is the own picture's."""
    found = measured({name: ["ABCD"[i % 4] for i in range(N)] for name in ARMS})
    assert {one.difference.value for one in found.gains if one.cell != AVG} == {0}
    [follows] = found.follows
    assert (follows.shown.value, follows.own.value, follows.neither.value) == (0, 1, 0)
    assert (follows.lean.value, follows.effect.value) == (-1, 0)


def test_model_that_sees_follows_the_picture() -> None:
    """Right with its image, A without, the shown picture's answer when swapped: three quarters gained, all effect."""
    own, shown = (["ABCD"[(i + step) % 4] for i in range(N)] for step in (0, 1))
    found = measured({"image": own, "textonly": ["A"] * N, "swapped": shown})
    gain = {one.arm: one for one in found.gains if one.cell == "pathology_mc"}
    assert (gain["textonly"].difference.value, gain["textonly"].corrected) == (0.75, 1.0)
    assert gain["textonly"].difference.wins == 9
    [follows] = found.follows
    assert (follows.shown.value, follows.own.value, follows.neither.value) == (1, 0, 0)
    assert (follows.lean.value, follows.effect.value) == (1, 1)


def test_swapped_questions_that_cannot_tell_are_left_out() -> None:
    """The same answer right for both pictures, or none known for the shown one, says nothing of what is followed."""
    seeing = [mc(i, "image", "A", "A", "B") for i in range(3)]
    same, unknown, telling = (mc(i, "swapped", "A", "A", shown) for i, shown in enumerate("AXB"))
    del unknown.scores[SHOWN_RIGHT]
    found = grounding({"image": arm("m", seeing), "swapped": arm("m", [same, unknown, telling])}, Scheme())
    [follows] = found.follows
    assert (follows.own.n, follows.own.value) == (1, 1)


def test_silence_is_no_mirage_and_declining_is_none() -> None:
    """Of four answers one declines, one is empty, two are given: half are given as if there were a picture."""
    said = [("declined", "no_image"), ("unparsed", "empty"), ("unparsed", "two_answers"), ("incorrect", None)]
    blind = [
        record(i, "pathology_mc", False, arm="told", outcome=outcome, reason=reason)
        for i, (outcome, reason) in enumerate(said)
    ]
    seeing = [record(i, "pathology_mc") for i in range(4)]
    [mirage] = grounding({"image": arm("m", seeing), "told": arm("m", blind)}, Scheme()).mirages
    assert (mirage.arm, mirage.answered.value, mirage.declined, mirage.silent) == ("told", 0.5, 0.25, 0.25)


def test_llm_judges_do_not_tell_who_declines() -> None:
    """What an LLM judge calls incorrect may be a refusal: it is not counted as an answer given without a picture."""
    blind = [record(i, "anatomy_open", i == 0, arm="textonly", judge="llm") for i in range(3)]
    seeing = [record(i, "anatomy_open", judge="llm") for i in range(3)]
    [mirage] = grounding({"image": arm("m", seeing), "textonly": arm("m", blind)}, Scheme()).mirages
    assert (mirage.answered.n, mirage.answered.value) == (1, 1)


def test_arms_that_do_not_compare_are_refused() -> None:
    """One arm alone, and arms about other questions, end in a message."""
    seeing = arm("m", records(3))
    with pytest.raises(RunError, match="at least one other arm"):
        grounding({"image": seeing}, Scheme())
    with pytest.raises(RunError, match="do not compare with those with blank images"):
        grounding({"image": seeing, "blank": arm("m", records(2, arm="blank"))}, Scheme())
    assert STRICT in seeing.records[0].scores
