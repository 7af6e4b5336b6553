"""What can be answered without looking at an image."""

from __future__ import annotations

from collections import Counter

import pytest

from radimagenet_vqa_tasks.benchmarks.radvqa import named_region
from radimagenet_vqa_tasks.build.questions import TEMPLATES
from radimagenet_vqa_tasks.models.guessing import candidates, draw, likeliest
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for, regions

BRAIN = "What condition is affecting the brain?"


def test_candidates_are_what_the_kind_of_question_allows() -> None:
    """Letters, yes and no, regions, or labels with the normal one; nothing where there is no list.

    A question that names no region leaves the labels of all of them: who guesses has only its text.
    """
    assert candidates("pathology_mc", "mc", ["hip", "knee", "brain"], BRAIN) == "ABC"
    assert candidates("pathology_closed_pos", "closed", [], BRAIN) == ("yes", "no")
    assert candidates("anatomy_open", "open", [], BRAIN) == tuple(regions())
    assert candidates("pathology_open", "open", None, BRAIN) == (
        NO_PATHOLOGY,
        *(label.name for label in labels_for("brain")),
    )
    every = {label.name for region in regions() for label in labels_for(region)}
    assert set(candidates("pathology_open", "open", None, "What is abnormal?")) == {NO_PATHOLOGY, *every}
    assert candidates("slake_open", "open", [], "What?") == candidates("unknown", "phrase", [], "Which liver?") == ()


@pytest.mark.parametrize(("family", "expected"), [("abnormal_closed", "yes"), ("anatomy_closed", "yes")])
def test_closed_questions_get_the_commoner_answer(family: str, expected: str) -> None:
    """71.9 % of the images are abnormal; a region is asked after as often in vain as not."""
    for template in TEMPLATES[family]:
        for region in regions():
            assert likeliest(template.format(anatomy=region), (), yes_no=True) == expected


def test_asked_after_labels_are_denied() -> None:
    """A label in a closed question is present in 719 of 2,000: whatever the template and label, the answer is no."""
    for template in TEMPLATES["pathology_closed"]:
        for region in regions():
            for label in labels_for(region):
                for name in (label.name, label.readable):
                    assert likeliest(template.format(anatomy=region, pathology=name), (), yes_no=True) == "no"


def test_open_questions_get_the_one_published_label_or_region() -> None:
    """Pathology: no pathology seen; anatomy: the abdomen; of anything else nothing is published."""
    for template in TEMPLATES["pathology_open"]:
        assert likeliest(template.format(anatomy="knee"), (), yes_no=False) == NO_PATHOLOGY
    for template in TEMPLATES["anatomy_open"]:
        assert likeliest(template, (), yes_no=False) == "abdomen"
    assert likeliest("Where was this taken?", (), yes_no=False) == "unknown"


def test_options_that_something_is_published_about_are_chosen() -> None:
    """The letter of "no pathology seen" or the abdomen, whatever its case and place."""
    assert likeliest("What is it?", ["nodule", "No pathology seen", "edema"], yes_no=False) == "B"
    assert likeliest("Select the region.", ["hip", "knee", "abdomen"], yes_no=False) == "C"


def test_options_that_nothing_is_published_about_are_drawn_evenly() -> None:
    """One of four by the text's hash, each about as often."""
    drawn = Counter(likeliest(f"Question {number}?", ["w", "x", "y", "z"], yes_no=False) for number in range(2000))
    assert set(drawn) == set("ABCD")
    assert all(430 < count < 570 for count in drawn.values())


def test_draws_are_pinned() -> None:
    """The same number on any machine, for text that no encoding holds too."""
    assert [draw(text, 97) for text in ("a", "b", "\ud800")] == [34, 30, 65]


@pytest.mark.parametrize(
    ("question", "region"),
    [
        ("What condition is affecting the ankle foot?", "ankle foot"),
        ("What pathology is shown in this scan of Knee?", "knee"),
        ("What is shown in this chest scan?", "lung"),
        ("What abnormality is present in this scan?", ""),
        ("Is the pathology of the hip or of the knee?", ""),
        ("Is he hippy?", ""),
    ],
)
def test_region_is_found_where_exactly_one_is_named(question: str, region: str) -> None:
    """By any of its names, as a whole word."""
    assert named_region(question) == region
