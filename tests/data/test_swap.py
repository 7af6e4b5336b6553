"""The arm `swapped`: which picture a question gets, over every row of benchmark-shaped data."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from datasets import load_dataset
from scipy.stats import chi2

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS, MAIN
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, Question
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS, NONE_OF_THEM
from radimagenet_vqa_tasks.data.adapter import adapted, every_question, task_questions
from radimagenet_vqa_tasks.data.swap import swapped
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.tasks import tasks


@pytest.fixture(scope="module")
def questions(hub_copy: Path) -> Sequence[Question]:
    """The benchmark's questions with their own images."""
    return adapted(MAIN, load_dataset(str(hub_copy), "benchmark", split="test")).questions


@pytest.fixture(scope="module")
def pairs(questions: Sequence[Question]) -> list[tuple[Question, Question, Question]]:
    """Each question, the same one with another's picture, and the question that has that picture."""
    by_key = {one.key: one for one in questions}
    found = []
    for own, other in zip(questions, swapped(MAIN, questions), strict=True):
        assert other.shown is not None
        found.append((own, other, by_key[other.shown.key]))
    return found


def test_only_the_picture_is_swapped(pairs: list[tuple[Question, Question, Question]]) -> None:
    """Words, options, right answer, key and cluster stay: the arms are compared by question."""
    for own, other, _ in pairs:
        assert replace(other, row=own.row, shown=None) == own


def test_a_picture_never_has_the_questions_own_label(pairs: list[tuple[Question, Question, Question]]) -> None:
    """Another region for anatomy, the other kind for abnormality, another finding of the same region for pathology."""
    for own, other, source in pairs:
        assert source.cell == own.cell and source.row == other.row
        if own.facets["subject"] == "anatomy":
            assert source.facets["location"] != own.facets["location"]
        elif own.facets["subject"] == "abnormality":
            assert source.facets["abnormal"] is not own.facets["abnormal"]
        else:
            assert source.facets["pathology"] != own.facets["pathology"]
            assert source.facets["location"] == own.facets["location"]


def test_what_is_right_for_the_picture_is_known(pairs: list[tuple[Question, Question, Question]]) -> None:
    """Always known, what the picture's own labels say, and almost always another answer than the question's own."""
    differ: Counter[str] = Counter()
    for own, other, source in pairs:
        right = other.shown.target if other.shown else None
        assert right is not None
        shown = str(source.facets["location" if own.facets["subject"] == "anatomy" else "pathology"])
        if own.format == "open":
            assert right == shown
        elif own.format == "mc" and right != NONE_OF_THEM:
            assert own.choices[LETTERS.index(right)] == shown
        elif own.cell.startswith(("anatomy_closed", "pathology_closed")):
            assert (right == "yes") is (shown in own.question)
        differ[own.cell] += right not in (own.target, NONE_OF_THEM)
    assert set(differ) == set(CELLS) and min(differ.values()) > 900, differ


def test_draws_are_uniform(pairs: list[tuple[Question, Question, Question]]) -> None:
    """No region's picture is favoured among those that could be shown (chi-square, 99.9 %)."""
    shown = Counter(str(source.facets["location"]) for own, _, source in pairs if own.cell == "anatomy_open")
    sizes = Counter(str(own.facets["location"]) for own, _, _ in pairs if own.cell == "anatomy_open")
    total = sum(sizes.values())
    expected: dict[str, float] = defaultdict(float)
    for own, count in sizes.items():
        for other in sizes:
            if other != own:
                expected[other] += count * sizes[other] / (total - count)
    statistic = sum((shown[name] - expected[name]) ** 2 / expected[name] for name in sizes)
    assert statistic < chi2.ppf(0.999, df=len(sizes) - 1)


def test_draws_depend_on_no_order(questions: Sequence[Question]) -> None:
    """Backwards, the same question gets the same picture."""
    forwards = {one.key: one.shown for one in swapped(MAIN, questions)}
    assert {one.key: one.shown for one in swapped(MAIN, list(reversed(questions)))} == forwards


def test_one_picture_cannot_be_swapped(questions: Sequence[Question]) -> None:
    """Data whose pictures all have one label end in a message, not in a question with its own picture."""
    alone = [one for one in questions if one.cluster == questions[0].cluster]
    with pytest.raises(DataError, match="no other picture"):
        swapped(MAIN, alone)


@pytest.mark.parametrize("name", ["vqarad", "slake", "mmmu_med", "rexvqa"])
def test_other_benchmarks_know_what_the_same_question_says_elsewhere(
    name: str, comparator_copies: dict[str, Path]
) -> None:
    """Where the same was asked of another picture its answer is right there; elsewhere nothing is claimed."""
    from radimagenet_vqa_tasks.data.rows import data_parts
    from radimagenet_vqa_tasks.data.sources import local_copies

    with local_copies(comparator_copies):
        [rows, *_] = data_parts(BENCHMARKS[name], comparator_copies[name])
        own = adapted(BENCHMARKS[name], rows).questions
    by_key = {one.key: one for one in own}
    for one in swapped(BENCHMARKS[name], own):
        assert one.shown is not None
        source = by_key[one.shown.key]
        assert BENCHMARKS[name].label(source) != BENCHMARKS[name].label(one)
        if one.shown.target is not None:
            assert (source.question.casefold(), source.target) == (one.question.casefold(), one.shown.target)
    benchmark = BENCHMARKS[name]
    for asked, other in itertools.product(own[::7], own):
        if benchmark.relation(asked) != benchmark.relation(other):
            assert benchmark.fits(asked, benchmark.label(other)).right is None  # else it would not be drawn from


def test_arms_cost_no_second_copy(hub_copy: Path) -> None:
    """Swapped and blank questions hold the data set's own bytes; told ones hold no images at all."""
    rows = load_dataset(str(hub_copy), "benchmark", split="test")
    own = {doc["key"]: doc for doc in every_question(MAIN, rows)}
    named = tasks()
    other = task_questions(named["radvqa_pathology_open_swapped"], rows)
    assert other[3]["images"] == own[other[3]["shown"]["key"]]["images"]
    assert other[3]["arm"] == "swapped" and other[3]["target"] == own[other[3]["key"]]["target"]
    blank = task_questions(named["radvqa_pathology_open_blank"], rows)
    assert blank[3]["images"] == own[blank[3]["key"]]["images"] and blank[3]["arm"] == "blank"
    told = task_questions(named["radvqa_pathology_open_told"], rows)
    assert "images" not in told.column_names and told[3]["arm"] == "told"


def test_pictures_of_which_nothing_is_known_are_drawn_evenly() -> None:
    """Forty questions of words of their own: every one's picture can be any other's, and none gets its own."""
    questions = [
        Question(f"what {i}?", f"answer {i % 3}", "open", f"key{i}", f"scan{i}", "vqarad_open", row=i)
        for i in range(40)
    ]
    shown = [one.shown for one in swapped(BENCHMARKS["vqarad"], questions)]
    assert all(one is not None and one.target is None for one in shown)
    assert all(one is not None and one.key != asked.key for one, asked in zip(shown, questions, strict=True))
    drawn = Counter(one.key for one in shown if one)
    # 40 draws among 39 each: the most that one picture gets is far below what a favoured one would.
    assert max(drawn.values()) <= 6 and len(drawn) > 20
