"""Whether a model looks, as numbers: a constant model, a prior, and one that sees have analytic values."""

from __future__ import annotations

import math

import pytest
from runs_support import arm, record, records

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.grounding import Grounding, grounding, runs_of
from radimagenet_vqa_tasks.analysis.grounding_line import line, lines_sheet
from radimagenet_vqa_tasks.analysis.grounding_sheets import grounding_sheets
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.analysis.sheet import FORMATS, Format, render
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import SHOWN_RIGHT, STRICT, ArmName, Record, Shown

ARMS: tuple[ArmName, ...] = ("image", "textonly", "told", "blank", "swapped")
N = 12
EVIL = "<script>alert(1)</script>|\x1b[31m\u202e\\input{x}"
OTHERS = tuple(name for name in CELLS if name != "pathology_mc")


def mc(image: int, name: ArmName, answer: str, target: str, shown: str) -> Record:
    """One multiple-choice answer; in the arm `swapped` the picture shows what makes `shown` right."""
    right = answer == target
    made = record(image, "pathology_mc", right, arm=name, target=target, extracted=answer)
    if name == "swapped":
        made.shown = Shown(f"image{image + 1}:pathology_mc", shown)
        made.scores[SHOWN_RIGHT] = float(answer == shown)
    return made


def answered(answers: dict[ArmName, list[str]], name: str = "m") -> dict[ArmName, Arm]:
    """Twelve images whose right letters are A, B, C, D in turn; swapped, the next one's picture is shown."""
    return {
        of: arm(name, [mc(i, of, said[i], "ABCD"[i % 4], "ABCD"[(i + 1) % 4]) for i in range(N)])
        for of, said in answers.items()
    }


def measured(answers: dict[ArmName, list[str]]) -> Grounding:
    """The numbers of `answered`."""
    return grounding(answered(answers), Scheme())


def own(step: int = 0) -> list[str]:
    """The letters that are right for the images, or for those some places further on."""
    return ["ABCD"[(i + step) % 4] for i in range(N)]


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
    assert (follows.lean.value, follows.effect.value, follows.shown.n, follows.chance) == (0, 0, N, 0.25)
    assert {one.answered.value for one in found.mirages} == {1.0}


def test_prior_that_knows_the_words_stays_with_the_picture_taken_away() -> None:
    """Right from the text alone: no gain, no effect of the picture, and every answer is the own picture's."""
    found = measured(dict.fromkeys(ARMS, own()))
    assert {one.difference.value for one in found.gains if one.cell != AVG} == {0}
    [follows] = found.follows
    assert (follows.shown.value, follows.own.value, follows.neither.value) == (0, 1, 0)
    assert (follows.lean.value, follows.effect.value) == (-1, 0)


def test_model_that_sees_follows_the_picture() -> None:
    """Right with its image, A without, the shown picture's answer when swapped: three quarters gained, all effect."""
    found = measured({"image": own(), "textonly": ["A"] * N, "swapped": own(1)})
    gain = {one.arm: one for one in found.gains if one.cell == "pathology_mc"}
    assert (gain["textonly"].difference.value, gain["textonly"].corrected) == (0.75, 1.0)
    assert gain["textonly"].difference.wins == 9
    assert (gain["textonly"].seen, gain["textonly"].unseen) == (1, 0.25)
    low, high = gain["textonly"].corrected_interval
    assert (low, high) == pytest.approx(
        (gain["textonly"].difference.low / 0.75, gain["textonly"].difference.high / 0.75)
    )
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
    mirage, by_topic = grounding({"image": arm("m", seeing), "told": arm("m", blind)}, Scheme()).mirages
    assert (mirage.by, mirage.group, by_topic.by, by_topic.group) == ("cell", "pathology_mc", "subject", "pathology")
    assert mirage.answered == by_topic.answered
    assert (mirage.arm, mirage.answered.value, mirage.declined, mirage.silent) == ("told", 0.5, 0.25, 0.25)


def test_llm_judges_do_not_tell_who_declines() -> None:
    """What an LLM judge calls incorrect may be a refusal: it is not counted as an answer given without a picture."""
    blind = [record(i, "anatomy_open", i == 0, arm="textonly", judge="llm") for i in range(3)]
    seeing = [record(i, "anatomy_open", judge="llm") for i in range(3)]
    mirage, _ = grounding({"image": arm("m", seeing), "textonly": arm("m", blind)}, Scheme()).mirages
    assert (mirage.answered.n, mirage.answered.value) == (1, 1)


def test_arms_that_do_not_compare_are_refused() -> None:
    """One arm alone, and arms about other questions, end in a message."""
    seeing = arm("m", records(3))
    with pytest.raises(RunError, match="at least one other arm"):
        grounding({"image": seeing}, Scheme())
    with pytest.raises(RunError, match="do not compare with those with blank images"):
        grounding({"image": seeing, "blank": arm("m", records(2, arm="blank"))}, Scheme())
    assert STRICT in seeing.records[0].scores


def test_nothing_found_goes_by_the_image_that_was_shown() -> None:
    """Image 0 is abnormal, 1 normal: each shown in the place of the other, no and yes are both right."""
    made = []
    for image, answer in enumerate(("no", "yes")):
        one = record(image, "abnormality_closed", arm="swapped", target="yes" if image == 0 else "no", extracted=answer)
        one.shown = Shown(f"image{1 - image}:abnormality_closed", answer)
        made.append(one)
    seeing = [
        record(image, "abnormality_closed", extracted="yes", target="yes" if image == 0 else "no") for image in (0, 1)
    ]
    found = grounding({"image": arm("m", seeing), "swapped": arm("m", made)}, Scheme())
    assert {one.name.rpartition("_")[2]: (one.estimate.value, one.expected) for one in found.no_finding["swapped"]} == {
        "normal": (1, 1),
        "abnormal": (0, 0),
    }
    assert set(found.contradictions) == {"image"}


def test_only_another_image_shows_that_the_own_one_is_read() -> None:
    """A default that any image switches on gains over no image and reads nothing; following the image does."""
    by_default = answered({"image": own(), "textonly": ["A"] * N, "swapped": own()})
    said = line(by_default, Scheme())
    assert "Not shown that it reads pathology from the image: +0.0 points" in said and "+75.0 over none" in said
    assert "0.0 % [0.0, 24.2] are right for that one, 100.0 % for the own" in said
    said = line(answered({"image": own(), "textonly": ["A"] * N, "swapped": own(1)}), Scheme())
    assert "m, RadImageNet-VQA: Reads pathology from the image: +100.0 points" in said
    said = line(answered({"image": own(), "textonly": ["A"] * N}), Scheme())
    assert "Gains by the image in pathology: +75.0 points" in said and "read" not in said
    assert said.endswith("Answers as if there were an image: 100.0 % without an image.")
    few = {name: arm("m", of.records[:3]) for name, of in by_default.items()}
    assert "Too few images to say" in line(few, Scheme())


def test_arms_that_do_not_compare_are_said_in_words() -> None:
    """No line is made of arms about other questions, and the reason stands there."""
    arms = answered({"image": own(), "textonly": own()})
    arms["textonly"] = arm("m", arms["textonly"].records[:5])
    assert "not said, for the answers of m with the images do not compare" in line(arms, Scheme())


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_has_every_table_and_the_words(form: Format) -> None:
    """Six tables of one run, its line, and a hostile name that stays text in each form."""
    arms = answered(dict.fromkeys(ARMS, own()), EVIL)
    both = {name: arm(EVIL, [*of.records, *records(N, arm=name, cells=OTHERS)]) for name, of in arms.items()}
    [of_run] = runs_of(list(both.values()))
    sheets = grounding_sheets(grounding(of_run, Scheme()), Scheme())
    assert len(sheets) == 6 and all(sheet.rows and sheet.data for sheet in sheets)
    words = lines_sheet(list(both.values()), Scheme())
    assert words is not None
    text = render([words, *sheets], form, "radvqa.test/1")
    assert "\x1b" not in text and (form in ("csv", "json", "text") or "<script>" not in text)
    assert all(said in text for said in ("Does it look at the image?", "what the image adds"))


def test_run_with_one_arm_has_no_line() -> None:
    """There is nothing to hold it against."""
    assert lines_sheet([arm("m", records(3))], Scheme()) is None
