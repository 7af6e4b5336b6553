"""VQA-RAD's rows to Question columns."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import comparators
import pytest
from datasets import Dataset, load_dataset
from PIL import Image

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.data.adapter import every_question
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.utils import questions as hooks
from radimagenet_vqa_tasks.utils.prompts import doc_to_visual

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def rows(comparator_copies: dict[str, Path]) -> Dataset:
    """The test split as `load_dataset` gives it for the hub's layout."""
    return load_dataset(str(comparator_copies["vqarad"]), split="test")


def test_question_is_closed_if_its_answer_is_yes_or_no(rows: Dataset) -> None:
    """Whatever its capitals; both cells together are all 451 questions, once each."""
    closed, opened = hooks.radvqa_vqarad_closed(rows), hooks.radvqa_vqarad_open(rows)
    assert set(closed["target"]) == {"yes", "no"}
    assert not {"yes", "no"} & {target.lower() for target in opened["target"]}
    assert "MRI (magnetic resonance imaging)" in opened["target"][:]  # as it is written, but for blanks around it
    assert all(target == target.strip() for target in opened["target"])
    assert len(set(closed["key"][:]) | set(opened["key"][:])) == 451


def test_keys_are_of_the_content(rows: Dataset) -> None:
    """A row keeps its key in another order and in a part of the data; the second of two equal rows has its own."""
    every = every_question(BENCHMARKS["vqarad"], rows)
    backwards = every_question(BENCHMARKS["vqarad"], rows.select(range(450, 100, -1)), whole=False)
    asked = dict(zip(every["key"], every["question"], strict=True))
    assert all(asked[key] == question for key, question in zip(backwards["key"], backwards["question"], strict=True))
    assert [key for key in every["key"] if "#" in key] == [f"{every['key'][0]}#2"]


def test_clusters_are_images(rows: Dataset) -> None:
    """Questions with the same image bytes are one cluster, though nothing in the rows says so."""
    every = every_question(BENCHMARKS["vqarad"], rows)
    images = {cluster: cells[0]["bytes"] for cluster, cells in zip(every["cluster"], every["images"], strict=True)}
    assert len(images) == len(set(images.values())) == comparators.VQARAD_IMAGES


def test_every_kind_of_image_reaches_the_model_as_rgb(rows: Dataset) -> None:
    """CMYK, grey, palette and 16-bit files become 8-bit RGB."""
    every = every_question(BENCHMARKS["vqarad"], rows)
    modes = {Image.open(io.BytesIO(cells[0]["bytes"])).mode for cells in every["images"]}
    assert {"CMYK", "L", "P", "RGB", "I;16"} <= modes
    assert {doc_to_visual(every[index])[0].mode for index in range(12)} == {"RGB"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[3].update(question=""), "row 3: the question is empty"),
        (lambda rows: rows[3].update(answer=None), "row 3: the answer is empty"),
        (lambda rows: rows[3].update(image=None), "row 3: the image is missing"),
        (lambda rows: rows.pop(), "the test split has 451 questions; here are 450"),
    ],
)
def test_damaged_row_is_named(change: Callable[[Rows], Any], said: str) -> None:
    """Each way in which rows can be wrong ends in one message with the row and what is wrong with it."""
    rows = comparators.vqarad_rows()
    change(rows)
    with pytest.raises(DataError, match=said):
        hooks.radvqa_vqarad_open(Dataset.from_list(rows))


def test_other_data_set_is_told_by_its_columns(rows: Dataset) -> None:
    """A data set without answers is refused, by name."""
    with pytest.raises(DataError, match=r"this is not VQA-RAD: column answer is missing \(found: image, question\)"):
        hooks.radvqa_vqarad_open(rows.remove_columns("answer"))
