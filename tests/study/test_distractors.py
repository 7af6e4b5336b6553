"""Table 4 of made-up runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs_support import arm, record, records, write

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.study.distractors import TITLES, paired, results
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

NONE, SOME, ALL = TITLES
RIGHT = {NONE: 16, SOME: 12, ALL: 6}  # of twenty images, the first ones


def test_columns_and_differences_by_hand(tmp_path: Path) -> None:
    """80, 60 and 30 %: four, ten and six images are lost, none gained, and Holm corrects over the three."""
    write(tmp_path / "m", records(20, lambda image, cell: image < RIGHT[cell], TITLES), model="m")
    table_4, differences, _ = (sheet.data for sheet in results(read_runs([tmp_path / "m"]), Scheme()).sheets)
    assert [row["accuracy"] for row in table_4] == pytest.approx([0.8, 0.6, 0.3])
    assert [row["difference"] for row in differences] == pytest.approx([-0.2, -0.5, -0.3])
    assert [(row["gained"], row["lost"]) for row in differences] == [(0, 4), (0, 10), (0, 6)]
    p = [2 / 2**4, 2 / 2**10, 2 / 2**6]  # McNemar's exact test, all in one direction
    assert [row["p"] for row in differences] == pytest.approx(p)
    assert [row["p_holm"] for row in differences] == pytest.approx([p[0], 3 * p[1], 2 * p[2]])
    assert all(row["low"] < row["difference"] < row["high"] for row in differences)


def test_pairs_are_made_by_image_and_not_by_place() -> None:
    """Cells may be in another order, or miss images: only images in both count."""
    first = [record(image, NONE, image == 1) for image in (0, 1, 2)]
    second = [record(image, ALL, image == 2) for image in (2, 1, 5)]
    scores, before, images = paired(arm("m", first + second), NONE, ALL, Scheme())
    assert list(zip(images, before, scores, strict=True)) == [("image1", 1, 0), ("image2", 0, 1)]


def test_choices_of_the_option_are_counted_where_it_is_offered(tmp_path: Path) -> None:
    """Of four lists two have it, and one of them was answered by it."""
    plain = ["fracture", "hematoma", "edema", "muscle strain"]
    offering = ["fracture", "hematoma", NO_PATHOLOGY, "muscle strain"]
    found = [
        *(record(image, NONE, choices=plain, extracted="C") for image in range(4)),
        *(record(image, SOME, choices=offering if image < 2 else plain, extracted="CABC"[image]) for image in range(4)),
        *(record(image, ALL, choices=offering, extracted="C") for image in range(4)),
    ]
    write(tmp_path / "m", found)
    chosen = results(read_runs([tmp_path / "m"]), Scheme()).sheets[2].data
    assert [row["offered"] for row in chosen] == [0, 2, 4]
    assert [row["chosen"] for row in chosen][1:] == [0.5, 1.0]


def test_run_without_the_ablation_is_refused(tmp_path: Path) -> None:
    """Answers to the benchmark's own questions are no answers to these."""
    write(tmp_path / "m", records(3))
    with pytest.raises(RunError, match="no answers to RadImageNet-VQA, distractor ablation"):
        results(read_runs([tmp_path / "m"]), Scheme())
