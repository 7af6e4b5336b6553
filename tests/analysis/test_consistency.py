"""Answers about one image held against each other: every rate by hand."""

from __future__ import annotations

from typing import Any

import pytest
from runs_support import arm, changed, record, records

from radimagenet_vqa_tasks.analysis.answers import by_image, offers_default, option_of
from radimagenet_vqa_tasks.analysis.consistency import (
    Rate,
    both_right,
    consistency_sheets,
    contradictions,
    no_finding,
    yes_rates,
)
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.errors import RunError

STRICT = Scheme()


def found(rates: list[Rate]) -> dict[str, tuple[float, int]]:
    """The rates that rest on something: share and n by name."""
    return {rate.name: (rate.estimate.value, rate.estimate.n) for rate in rates if rate.estimate.n}


def image(number: int, **answers: dict[str, Any]) -> list[dict[str, Any]]:
    """One image's answers: what is changed of the record of each cell named."""
    return [record(number, cell, **changed) for cell, changed in answers.items()]


def checked(*images: list[dict[str, Any]]) -> dict[str, tuple[float, int]]:
    return found(contradictions(by_image([one for of_image in images for one in of_image]), STRICT))


def test_both_right_and_what_independence_would_give() -> None:
    """Ten images: Closed+ right on 0 to 5, Closed- on 4 to 9. Both: 2 of 10. Independent: 6/10 x 6/10."""
    right = {"anatomy_closed_pos": range(6), "anatomy_closed_neg": range(4, 10)}
    images = by_image(records(10, lambda number, cell: number in right[cell], cells=right))
    [rate] = both_right(images, STRICT)
    assert (rate.name, rate.estimate.value, rate.estimate.n) == ("both_right_anatomy", pytest.approx(0.2), 10)
    assert rate.expected == pytest.approx(0.36)


def test_always_no_is_never_right_twice_on_abnormal_images() -> None:
    """A default "no" has both pathology questions right on every normal image and on no abnormal one."""
    cells = ("pathology_closed_pos", "pathology_closed_neg")
    images = [
        record(number, cell, target="yes" if cell == cells[0] and number % 2 == 0 else "no", extracted="no")
        for number in range(10)
        for cell in cells
    ]
    for one in images:
        one.outcome = "correct" if one.target == "no" else "incorrect"
    assert found(both_right(by_image(images), STRICT)) == {
        "both_right_pathology": (0.5, 10),
        "both_right_pathology_abnormal": (0, 5),
        "both_right_pathology_normal": (1, 5),
    }


def test_an_missing_answer_is_no_pair() -> None:
    """A pair of which one has no score is left out."""
    images = by_image(image(0, anatomy_closed_pos={"outcome": "missing"}, anatomy_closed_neg={}))
    assert found(both_right(images, STRICT)) == {}


def test_normal_but_a_pathology_is_chosen_or_affirmed() -> None:
    """Three images called normal: the default chosen, fracture chosen, fracture affirmed; one called abnormal."""
    rates = checked(
        image(0, abnormality_closed={"extracted": "no"}, pathology_mc={"extracted": "C"}),
        image(1, abnormality_closed={"extracted": "no"}, pathology_mc={"extracted": "A"}),
        image(
            2,
            abnormality_closed={"extracted": "no"},
            pathology_closed_pos={"extracted": "yes"},
            pathology_closed_neg={"extracted": "no"},
        ),
        image(3, abnormality_closed={"extracted": "yes"}, pathology_mc={"extracted": "C"}),
    )
    assert rates == {
        "normal_but_pathology_chosen": (0.5, 2),
        "abnormal_but_none_chosen": (1, 1),
        "normal_but_pathology_affirmed": (1, 1),
    }


def test_a_forced_choice_among_pathologies_contradicts_nothing() -> None:
    """Where "no pathology seen" is no option, or no answer was read, the image does not count."""
    four = ["fracture", "hematoma", "edema", "muscle strain"]
    assert not checked(
        image(0, abnormality_closed={"extracted": "no"}, pathology_mc={"extracted": "A", "choices": four}),
        image(1, abnormality_closed={"extracted": "no"}, pathology_mc={"extracted": None}),
        image(2, abnormality_closed={"extracted": None}, pathology_mc={"extracted": "A"}),
    )


@pytest.mark.parametrize(
    ("chosen", "present", "other", "contradicts"),
    [
        ("B", "yes", "no", False),  # the region chosen, affirmed, and no other
        ("B", "no", "no", True),  # chosen but denied
        ("B", "yes", "yes", True),  # chosen, but another one affirmed as well
        ("A", "yes", "no", True),  # another one chosen, this one affirmed
        ("A", "no", "yes", False),  # another one chosen; perhaps the one that is affirmed
    ],
)
def test_a_region_is_chosen_and_affirmed(chosen: str, present: str, other: str, contradicts: bool) -> None:
    """Multiple choice against the two closed questions; B is right."""
    answers = {"anatomy_mc": chosen, "anatomy_closed_pos": present, "anatomy_closed_neg": other}
    rates = checked(image(0, **{cell: {"extracted": said} for cell, said in answers.items()}))
    assert rates == {"region_mc_against_closed": (float(contradicts), 1)}


def test_open_and_chosen_regions_differ_only_where_the_record_shows_it() -> None:
    """Right in words and wrong by letter, or the other way round with the rule judge's reason; never a guess."""
    wrong = {"outcome": "incorrect", "reason": "other_label"}
    assert checked(image(0, anatomy_open={}, anatomy_mc={"extracted": "A", "outcome": "incorrect"})) == {
        "anatomy_open_right_mc_other": (1, 1)
    }
    assert checked(image(0, anatomy_open=wrong, anatomy_mc={})) == {"anatomy_mc_right_open_other": (1, 1)}
    vague = checked(image(0, anatomy_open={**wrong, "reason": "no_label"}, anatomy_mc={}))
    assert vague == {"anatomy_mc_right_open_other": (0, 1)}
    assert not checked(image(0, anatomy_open={**wrong, "judge": "mistral", "reason": "judged"}, anatomy_mc={}))
    assert not checked(image(0, anatomy_open=wrong, anatomy_mc={"extracted": "A", "outcome": "incorrect"}))


def test_yes_rates_stand_beside_the_true_ones() -> None:
    """Of four readable answers three are yes, where yes is right on two; the unread one does not count."""
    said = ["yes", "yes", "yes", "no", None]
    records_ = [
        record(number, "abnormality_closed", extracted=answer, target="yes" if number < 2 else "no")
        for number, answer in enumerate(said)
    ]
    [rate] = yes_rates(records_, STRICT)
    assert (rate.estimate.value, rate.estimate.n, rate.expected) == (0.75, 4, 0.5)


def test_no_finding_is_told_by_kind_of_image() -> None:
    """A model that always finds nothing does so on the abnormal images too, where it is wrong."""
    always = [
        one
        for number in range(4)
        for one in image(
            number,
            abnormality_closed={"extracted": "no", "target": "yes" if number % 2 == 0 else "no"},
            pathology_mc={"extracted": "C"},
            pathology_open={"reason": "normal", "outcome": "correct" if number % 2 else "incorrect"},
        )
    ]
    rates = {rate.name: (rate.estimate.value, rate.expected) for rate in no_finding(by_image(always))}
    assert rates == {
        f"no_finding_{cell}_{kind}": (1, float(kind == "normal"))
        for cell in ("abnormality_closed", "pathology_open", "pathology_mc")
        for kind in ("normal", "abnormal")
    }


def test_letters_beyond_the_options_choose_nothing() -> None:
    """Hostile or foreign records: a letter without an option, two letters, no options."""
    assert option_of(record(0, "pathology_mc", extracted="E")) is None
    assert option_of(record(0, "pathology_mc", extracted="AB")) is None
    assert option_of(record(0, "pathology_mc", extracted="A", choices=None)) is None
    assert not offers_default(record(0, "pathology_mc", choices=None)) and not offers_default(None)


def test_sheets_have_every_arm_and_say_what_they_count() -> None:
    """Four tables, a column an arm, the number of images beside each interval, and the definitions below."""
    blind = arm("m", records(6, arm="textonly"))
    sheets = consistency_sheets([arm("m", records(6)), blind], STRICT)
    assert len(sheets) == 4
    assert ("m (text only)", "independent") in sheets[0].columns
    [first, *_] = sheets[0].rows
    assert [getattr(field, "text", field) for field in first] == ["anatomy", "100.0", "100.0", "100.0", "100.0"]
    assert "of 6" in first[1].detail  # type: ignore[union-attr]
    assert {row["rate"] for row in sheets[1].data} >= {"abnormal_but_none_chosen", "region_mc_against_closed"}
    assert all(sheet.notes for sheet in sheets)


def test_other_benchmarks_have_no_nine_questions() -> None:
    """A run of another benchmark is refused with the reason."""
    other = changed(record(0, "anatomy_open"), cell="vqarad_open")
    with pytest.raises(RunError, match="no run here answers them"):
        consistency_sheets([arm("m", [other])], STRICT)
