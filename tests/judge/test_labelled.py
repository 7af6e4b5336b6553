"""The labelled answers: a valid, broad and balanced file; the measuring by hand; the published table."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict, replace

import pytest
import rule_agreement

from radimagenet_vqa_tasks.judge.labelled import (
    KINDS,
    PARTS,
    Judged,
    Labelled,
    LabelledError,
    Measured,
    labelled_answers,
    measure,
    part_of,
    read_labelled,
)
from radimagenet_vqa_tasks.judge.verdict import Outcome
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, label_of, regions

ANSWERS = labelled_answers()
# A line that is right; tests spoil one field at a time.
LINE = asdict(ANSWERS[0])


def spoilt(**changes: object) -> str:
    """The right line with some fields changed, or dropped where None is given."""
    return json.dumps({name: value for name, value in {**LINE, **changes}.items() if value is not None})


def test_there_are_enough_answers_of_every_region_and_modality() -> None:
    """At least 360 in all; each region has anatomy and pathology, and CT and MRI where it has images of both."""
    assert len(ANSWERS) >= 360
    assert min(Counter(case.location for case in ANSWERS).values()) >= 40
    assert {(case.location, case.subject) for case in ANSWERS} == {
        (region, subject) for region in regions() for subject in ("anatomy", "pathology")
    }
    assert {(case.location, case.modality) for case in ANSWERS} == {
        (name, modality) for name, region in regions().items() for modality in region.modalities
    }


def test_every_kind_is_there_at_least_twelve_times() -> None:
    """No kind's agreement rests on a handful of answers."""
    counts = Counter(case.kind for case in ANSWERS)
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 12


def test_labels_are_balanced_in_every_part() -> None:
    """A judge that always says the same agrees with about half of each part."""
    for part in PARTS:
        labels = Counter(case.label for case in ANSWERS if case.part == part)
        assert labels.total() >= 100
        assert 0.4 < labels["correct"] / labels.total() < 0.55, part


def test_the_part_of_the_published_estimate_is_broad() -> None:
    """Every region, both subjects and nearly every kind: the published number is not of one corner."""
    held_out = [case for case in ANSWERS if case.part == PARTS[-1]]
    assert {(case.location, case.subject) for case in held_out} == {
        (region, subject) for region in regions() for subject in ("anatomy", "pathology")
    }
    assert len({case.kind for case in held_out}) >= len(KINDS) - 1
    assert {case.label for case in held_out} == {"correct", "incorrect", "unparsed"}


def test_ids_and_answers_do_not_repeat() -> None:
    """No answer counts twice, by its id or by what it says."""
    assert len({case.id for case in ANSWERS}) == len(ANSWERS)
    said = Counter((case.location, case.answer, case.response) for case in ANSWERS)
    assert said.most_common(1)[0][1] == 1


def test_every_answer_is_a_label_of_its_region() -> None:
    """Right answers are spelt as the benchmark spells them; normal images occur in every region."""
    for case in ANSWERS:
        if case.subject == "anatomy":
            assert case.answer == case.location
        else:
            assert label_of(case.location, case.answer).name == case.answer
    assert {case.location for case in ANSWERS if case.answer == NO_PATHOLOGY} == set(regions())


def test_kinds_fit_their_labels() -> None:
    """What is wrong by its kind is labelled so, and a refusal is never an answer."""
    for case in ANSWERS:
        if case.kind in ("hypernym", "wrong_label", "wrong_region"):
            assert case.label == "incorrect", case.id
        if case.kind == "several_labels":
            assert case.label != "correct", case.id
        assert (case.kind == "refusal") <= (case.label == "unparsed"), case.id


def test_the_part_is_in_the_id() -> None:
    """Nobody can move an answer to the part where it looks better."""
    assert part_of("knee-pathology-01") == "development_2"  # SHA-256 begins with an odd byte
    assert part_of("final-knee-pathology-01") == "development_7"
    assert part_of("fresh-knee-pathology-01") == "development_8"
    assert all(case.part == part_of(case.id) for case in ANSWERS)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "Expecting property name"),
        ("[]", "a JSON object is expected"),
        (spoilt(why=None), r"\['why'\] are missing or unknown"),
        (spoilt(author="me"), r"\['author'\] are missing or unknown"),
        (spoilt(why=""), "why must be a text"),
        (spoilt(response=None, answer=3), "missing or unknown"),
        (spoilt(answer=3), "answer must be a text"),
        (spoilt(label="right"), "label is 'right', must be correct or incorrect or unparsed"),
        (spoilt(kind="riddle"), "kind is 'riddle'"),
        (spoilt(location="elbow"), "location is 'elbow'"),
        (spoilt(part="neither"), "part is 'neither'"),
        (spoilt(answer="knee"), "'knee' is no anatomy answer of abdomen"),
        (spoilt(subject="pathology"), "is no pathology answer of abdomen"),
        (spoilt(question="What is this?"), "'What is this\\?' is none of the templates"),
    ],
)
def test_a_wrong_line_is_named(line: str, named: str) -> None:
    """The error has the file, the line's number and the fault."""
    with pytest.raises(LabelledError, match=rf"^some\.jsonl, line 2: .*{named}"):
        read_labelled(f"{json.dumps(LINE)}\n{line}\n", "some.jsonl")


def test_a_repeated_id_is_refused() -> None:
    """Two answers of one id could not be told apart."""
    with pytest.raises(LabelledError, match=f"{LINE['id']!r} stands on more than one line"):
        read_labelled(f"{json.dumps(LINE)}\n{json.dumps(LINE)}")


def test_a_label_of_the_other_modality_is_refused() -> None:
    """RadImageNet has gallstones on CT only."""
    case = next(case for case in ANSWERS if case.answer == "gallstone")
    with pytest.raises(LabelledError, match="'gallstone' is no pathology answer of abdomen in mri"):
        read_labelled(json.dumps({**asdict(case), "modality": "mri"}))


def toy(label: str, outcome: Outcome, kind: str = "typo") -> Judged:
    """A verdict on an answer that has this label."""
    return Judged(replace(ANSWERS[0], label=label, kind=kind), outcome)


TOY = Measured(
    (
        *(toy("correct", "correct"), toy("correct", "correct"), toy("correct", "correct")),
        *(toy("correct", "incorrect"), toy("correct", "unparsed", "hedge")),
        *(toy("incorrect", "incorrect"), toy("incorrect", "unparsed"), toy("unparsed", "incorrect")),
        *(toy("unparsed", "unparsed"), toy("incorrect", "correct", "hedge")),
    )
)


def test_agreement_is_on_correct_or_not() -> None:
    """Three rights and four not-rights in common, of ten; which kind of not-right does not matter."""
    assert TOY.agreement == pytest.approx(0.7)
    assert [len(TOY.disagreements), len(TOY.wrongly_accepted), len(TOY.wrongly_refused)] == [3, 1, 2]


def test_kappa_by_hand() -> None:
    """Labels say correct for 5 of 10, the judge for 4: chance 0.5 x 0.4 + 0.5 x 0.6 = 0.5, so (0.7 - 0.5) / 0.5."""
    assert TOY.kappa == pytest.approx(0.4)


def test_parts_of_the_measured_by_field() -> None:
    """Both hedges of the toy are disagreements, one of the eight typing errors is."""
    assert TOY.of(kind="hedge").agreement == 0
    assert TOY.of(kind="typo").agreement == pytest.approx(7 / 8)
    assert TOY.of(kind="typo", label="unparsed").agreement == 1


def test_nothing_judged_is_not_a_number() -> None:
    """No share of nothing; no kappa where chance alone would agree on everything."""
    assert math.isnan(Measured(()).agreement)
    assert math.isnan(Measured(()).kappa)
    assert math.isnan(Measured((toy("correct", "correct"),)).kappa)


def test_measure_leaves_out_what_is_missing() -> None:
    """A judge that fails is not counted as one that disagrees."""
    cases = [replace(ANSWERS[0], label="correct"), replace(ANSWERS[1], label="incorrect")]
    answers: dict[str, Outcome] = {cases[0].id: "correct", cases[1].id: "missing"}

    def judge(case: Labelled) -> Outcome:
        return answers[case.id]

    measured = measure(judge, cases)
    assert (len(measured.judged), measured.missing, measured.agreement) == (1, 1, 1.0)


def test_the_published_tables_are_what_the_code_gives() -> None:
    """docs/rule_judge.md cannot rot: `python tools/rule_agreement.py --write` after a change of the judge."""
    page = rule_agreement.DOCS.read_text(encoding="utf-8")
    measured = measure(rule_agreement.rule, ANSWERS)
    assert page == rule_agreement.with_block(page, rule_agreement.block(measured))
    assert measured.missing == 0


def test_every_disagreement_is_classed() -> None:
    """Each says what it takes, a reader of medicine or a rule, and nothing is classed that agrees."""
    wrong = {each.case.id for each in measure(rule_agreement.rule, ANSWERS).disagreements}
    assert wrong == set(rule_agreement.TAKES)


def test_hardly_a_wrong_answer_is_accepted() -> None:
    """A wrong "correct" flatters a model: of 778 wrong answers one is accepted, and no new one joins it."""
    measured = measure(rule_agreement.rule, ANSWERS)
    assert [each.case.response for each in measured.wrongly_accepted] == [
        "Bone lesion of the humeral head, or red marrow?"
    ]
    assert measured.agreement > 0.98


def test_the_prose_counts_the_set_right() -> None:
    """The page's own sentence about the set's size and labels."""
    labels = Counter(case.label for case in ANSWERS)
    page = " ".join(rule_agreement.DOCS.read_text(encoding="utf-8").split())
    assert f"{len(ANSWERS)} answers of all eight regions" in page
    assert f"{labels['correct']} are correct, {labels['incorrect']} incorrect, {labels['unparsed']} unparsed" in page
