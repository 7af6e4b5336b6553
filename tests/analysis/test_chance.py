"""What can be got right without looking, computed and simulated."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from runs_support import changed, record

from radimagenet_vqa_tasks.analysis.chance import (
    COMMONEST,
    EXPLAINED,
    NAMED_REGION,
    NORMAL,
    PUBLISHED,
    UNIFORM,
    chance_level,
    levels,
    uniform,
)
from radimagenet_vqa_tasks.benchmarks import distractors
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.models.guessing import candidates, draw
from radimagenet_vqa_tasks.scoring.outcomes import Scored, record_of
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.scoring.response import Response
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for, regions
from radimagenet_vqa_tasks.utils import questions as hooks

Question = Record


@pytest.fixture(scope="module")
def benchmark(hub_copy: Path) -> dict[str, list[Question]]:
    """The questions of the nine cells and the ablation's arms, as records without an answer."""
    rows = load_dataset(str(hub_copy), "benchmark", split="test")
    tasks = {name: getattr(hooks, f"radvqa_{name}_textonly") for name in CELLS}
    tasks |= {name: getattr(hooks, f"radvqa_{name}_textonly") for name in distractors.SHARES}
    return {
        name: [record_of(doc, Response(None), Scored("missing")) for doc in task(rows)] for name, task in tasks.items()
    }


@pytest.fixture(scope="module")
def found(benchmark: dict[str, list[Question]]) -> dict[str, dict[str, float]]:
    """The levels of the nine cells and of the three arms."""
    nine = [question for name in CELLS for question in benchmark[name]]
    arms = [question for name in distractors.SHARES for question in benchmark[name]]
    return levels(nine) | levels(arms)


def test_every_level_is_explained(found: dict[str, dict[str, float]]) -> None:
    """A reader is told what each of them is, and each cell has all."""
    assert {tuple(of_cell) for of_cell in found.values()} == {tuple(EXPLAINED)}


def test_uniform_level_by_hand() -> None:
    """One in k options, one in two for yes or no, one in eight regions, one in the region's labels and the normal."""
    assert chance_level([record(0, "anatomy_mc"), record(1, "anatomy_mc", choices=["a", "b"])]) == pytest.approx(0.375)
    assert chance_level([record(0, "abnormality_closed")]) == 0.5
    assert chance_level([record(0, "anatomy_open")]) == 1 / 8
    brain = record(0, "pathology_open", location="brain", target="edema", question="What condition has the brain?")
    assert chance_level([brain]) == 1 / (len(labels_for("brain")) + 1)
    # The image's region is not known to somebody who has only a text that does not name it.
    names = {label.name for region in regions() for label in labels_for(region)}
    assert chance_level([changed(brain, question="What is wrong here?")]) == 1 / (len(names) + 1)


def test_without_a_list_of_answers_there_is_no_chance_level() -> None:
    """An open question of another benchmark, or no question at all: no number."""
    other = record(0, "vqarad_open", subject=None, location=None)
    for questions in ([other], [record(0, "abnormality_closed"), other], []):
        assert math.isnan(chance_level(questions))


@pytest.mark.parametrize("cell", [*CELLS, *distractors.SHARES])
def test_uniform_level_is_what_guessing_gets(benchmark: dict[str, list[Question]], cell: str) -> None:
    """Simulated with the chance model's own draws, over a hundred seeds: within four standard errors."""
    asked = benchmark[cell][::4]
    right, expected, variance = 0, 0.0, 0.0
    for question in asked:
        answers = candidates(question.cell, question.format, question.choices, question.question or "")
        guesses = [answers[draw(f"{seed}:{question.key}", len(answers))] for seed in range(100)]
        right += guesses.count(question.target)
        share = uniform(question)
        assert share is not None
        expected += 100 * share
        variance += 100 * share * (1 - share)
    assert abs(right - expected) < 4 * math.sqrt(variance)


@pytest.mark.parametrize(
    ("cell", "share"),
    [
        ("anatomy_closed_pos", 1.0),
        ("anatomy_closed_neg", 0.0),
        ("abnormality_closed", 0.719),
        ("pathology_open", 0.281),
        ("pathology_closed_pos", 0.281),  # on normal images the answer is no
        ("pathology_closed_neg", 1.0),
        ("pathology_mc", 0.281),
        ("pathology_mc_nps100", 0.0),  # abnormal images only
    ],
)
def test_published_prior_follows_from_the_share_of_normal_images(
    found: dict[str, dict[str, float]], cell: str, share: float
) -> None:
    """The paper's 28.1 % and the pairs of closed questions say what it gets in each cell."""
    assert found[cell][PUBLISHED] == pytest.approx(share)


def test_always_normal_is_right_on_normal_images_only(found: dict[str, dict[str, float]]) -> None:
    """28.1 % of the pathology and abnormality questions; where it is no option, there is no such level."""
    assert found["pathology_mc"][NORMAL] == found["pathology_open"][NORMAL] == pytest.approx(0.281)
    assert found["abnormality_closed"][NORMAL] == pytest.approx(0.281)
    assert math.isnan(found["anatomy_mc"][NORMAL]) and math.isnan(found["anatomy_closed_neg"][NORMAL])
    assert math.isnan(found["pathology_mc_nps000"][NORMAL])
    # In three of ten lists it is there, and wrong; in the others any of four is taken.
    assert found["pathology_mc_nps030"][NORMAL] == pytest.approx((719 - 216) / 719 / 4)


def test_commonest_answer_does_not_know_closed_plus_from_closed_minus(found: dict[str, dict[str, float]]) -> None:
    """Half of the anatomy questions are yes: their pair comes to a half. Of the pathology ones "no" is commoner."""
    assert found["anatomy_closed_pos"][COMMONEST] + found["anatomy_closed_neg"][COMMONEST] == pytest.approx(1)
    assert found["pathology_closed_neg"][COMMONEST] == 1
    assert found["pathology_open"][COMMONEST] == pytest.approx(0.281)
    assert found["anatomy_mc"][COMMONEST] == pytest.approx(0.25, abs=0.05)


def question(image: int, **changed: Any) -> Question:
    """A multiple-choice question about a knee, named in the question."""
    options = ["fracture", "hematoma", NO_PATHOLOGY, "muscle strain"]
    target = "ABCD"[options.index(changed["pathology"])]
    text = "What pathology is shown in this scan of knee?"
    return record(image, "pathology_mc", location="knee", question=text, choices=options, target=target, **changed)


def test_region_pathology_is_counted_on_other_images() -> None:
    """Fractures are commonest among the knees: right where it is one, wrong elsewhere, and nobody counts himself."""
    kinds = ["fracture"] * 12 + ["hematoma"] * 4 + [NO_PATHOLOGY] * 4
    asked = [question(n, pathology=kind, abnormal=kind != NO_PATHOLOGY) for n, kind in enumerate(kinds)]
    assert levels(asked)["pathology_mc"][NAMED_REGION] == pytest.approx(12 / 20)
    alone = question(0, pathology="fracture", abnormal=True)
    # Nothing is known of the other half: one of the three pathologies.
    assert levels([alone])["pathology_mc"][NAMED_REGION] == pytest.approx(1 / 3)


def test_region_counts_only_where_it_is_named(benchmark: dict[str, list[Question]]) -> None:
    """A question that names no region is answered by the commonest pathology of all."""
    kinds = [("knee", "fracture")] * 8 + [("brain", "edema")] * 20
    text = "What abnormality is present in this scan?"
    asked = [
        record(n, "pathology_open", location=place, pathology=kind, target=kind, abnormal=True, question=text)
        for n, (place, kind) in enumerate(kinds)
    ]
    assert levels(asked)["pathology_open"][NAMED_REGION] == pytest.approx(20 / 28)
    named = [changed(one, question=f"What condition is affecting the {one.facets['location']}?") for one in asked]
    assert levels(named)["pathology_open"][NAMED_REGION] == 1


def test_levels_that_read_the_question_need_its_text() -> None:
    """A record without its question's text has the other levels, and no number for these."""
    asked = [record(0, "pathology_mc", question=None)]
    of_cell = levels(asked)["pathology_mc"]
    assert of_cell[UNIFORM] == 0.25
    assert math.isnan(of_cell[PUBLISHED]) and math.isnan(of_cell[NAMED_REGION])


def test_records_that_contradict_themselves_do_no_harm() -> None:
    """Logs are hostile: a letter without an option, or no options at all, are wrong answers, not crashes."""
    for odd in ({"target": "Z"}, {"target": ""}, {"choices": ()}):
        of_cell = levels([record(0, "pathology_mc", **odd), record(2, "pathology_mc", **odd)])["pathology_mc"]
        assert not of_cell[UNIFORM] > 0.25
