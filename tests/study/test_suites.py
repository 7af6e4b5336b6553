"""The benchmarks that a study can ask."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.run import catalogue
from radimagenet_vqa_tasks.scoring.record import ARMS, ArmName
from radimagenet_vqa_tasks.study.suites import FOUR, Suite, named


@pytest.mark.parametrize("sample", [False, True])
@pytest.mark.parametrize("arm", ARMS)
def test_every_task_of_a_benchmark_exists(sample: bool, arm: ArmName) -> None:
    """What a study asks the host for is in the catalogue, for the benchmarks and for the sample's two."""
    families = ("radvqa", "radvqa_distractors") if sample else (*FOUR, "radvqa_distractors")
    for name in families:
        tasks = Suite(BENCHMARKS[name], sample).tasks(arm)
        assert len(tasks) == len(BENCHMARKS[name].cells)
        assert set(tasks) <= set(catalogue.names())
        assert all(task.startswith("radvqa_sample_") == sample for task in tasks)


def test_all_four_benchmarks_are_the_default() -> None:
    """Without a name, Figure 4's; with names those, each once."""
    assert [one.benchmark.name for one in named(())] == list(FOUR)
    assert [one.title for one in named(["slake", "radvqa_sample", "slake"])] == [
        "SLAKE (English)",
        "RadImageNet-VQA (embedded sample)",
    ]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["slak"], "Did you mean 'slake'"),
        (["chest"], "Known are radvqa, radvqa_distractors, vqarad"),
        (["radvqa", "radvqa_sample"], "choose one of them"),
    ],
)
def test_names_that_cannot_be_are_explained(names: list[str], said: str) -> None:
    """A typing error gets the nearest name; the sample and the benchmark would be mistaken for one another."""
    with pytest.raises(RunError, match=said):
        named(names)


def test_sample_is_counted_by_cell() -> None:
    """Forty images: forty questions a cell, ten in each arm of the ablation."""
    asked = Suite(BENCHMARKS["radvqa"], sample=True).questions({}, "image")
    assert set(Counter(one.cell for one, _ in asked).values()) == {40}
    asked = Suite(BENCHMARKS["radvqa_distractors"], sample=True).questions({"radvqa": Path("none")}, "image")
    assert set(Counter(one.cell for one, _ in asked).values()) == {10}


@pytest.mark.parametrize("arm", ARMS)
def test_images_are_counted_where_they_are_shown(arm: ArmName) -> None:
    """One with each question of the sample, none in the arms that have none."""
    shown = {images for _, images in Suite(BENCHMARKS["radvqa"], sample=True).questions({}, arm)}
    assert shown == {0 if arm in ("textonly", "told") else 1}
