"""MMMU's medical subjects to Question columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import comparators
import pytest
from datasets import Dataset, load_dataset
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS, mmmu_med
from radimagenet_vqa_tasks.benchmarks.mmmu_med import SUBJECTS, parse_options
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.utils import questions as hooks
from radimagenet_vqa_tasks.utils.prompts import doc_to_visual

PARTS = {name: str(cell.part) for name, cell in BENCHMARKS["mmmu_med"].cells.items()}


@pytest.fixture(scope="module")
def subjects(comparator_copies: dict[str, Path]) -> dict[str, Dataset]:
    """The validation split of each subject, as `load_dataset` gives it."""
    folder = comparator_copies["mmmu_med"]
    return {
        name: load_dataset("parquet", data_files=str(folder / name / "*.parquet"), split="train") for name in SUBJECTS
    }


def test_each_subject_is_a_task(subjects: dict[str, Dataset]) -> None:
    """A subject's rows are its own task's; questions without options are left out."""
    keys = set()
    for cell, subject in PARTS.items():
        questions = getattr(hooks, f"radvqa_{cell}")(subjects[subject])
        assert len(questions) == comparators.MMMU_QUESTIONS - comparators.MMMU_OPEN
        assert set(questions["format"]) == {"mc"}
        keys |= set(questions["key"])
    assert len(keys) == 5 * 28


def test_other_subject_is_refused(subjects: dict[str, Dataset]) -> None:
    """A task on another subject's rows would score nothing, or the wrong thing."""
    with pytest.raises(DataError, match="none of the questions of mmmu_med_mc_pharmacy"):
        hooks.radvqa_mmmu_med_mc_pharmacy(subjects["Public_Health"])


def test_question_has_the_images_that_exist_in_order(subjects: dict[str, Dataset]) -> None:
    """Null columns are no images, and the numbers of those that exist need not begin at one."""
    rows = subjects["Pharmacy"]
    questions = hooks.radvqa_mmmu_med_mc_pharmacy(rows)
    for index in range(len(questions)):
        paths = [cell["path"] for cell in questions[index]["images"]]
        raw = rows.with_format("arrow")[index].to_pylist()[0]
        assert paths == [raw[name]["path"] for name in mmmu_med.IMAGE_COLUMNS if raw[name]]
    assert [len(cells) for cells in questions["images"]][:7] == [1, 1, 1, 2, 1, 1, 3]
    assert questions[5]["images"][0]["path"] == "Pharmacy_5_2.png"
    assert [image.mode for image in doc_to_visual(questions[6])] == ["RGB"] * 3


def test_clusters_are_the_images(subjects: dict[str, Dataset]) -> None:
    """Questions about the same pictures are one cluster, whatever their ids say."""
    rows = subjects["Pharmacy"].to_list()
    for name in mmmu_med.IMAGE_COLUMNS:
        rows[1][name] = rows[0][name]
    clusters = hooks.radvqa_mmmu_med_mc_pharmacy(Dataset.from_list(rows, features=subjects["Pharmacy"].features))[
        "cluster"
    ]
    assert clusters[0] == clusters[1]
    assert len(set(clusters)) == len(clusters) - 1


def test_preparing_opens_no_image(subjects: dict[str, Dataset], monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven image columns, and none is decoded; text-only questions have none at all."""
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    assert hooks.radvqa_mmmu_med_mc_pharmacy(subjects["Pharmacy"])[0]["images"][0]["bytes"]
    assert "images" not in hooks.radvqa_mmmu_med_mc_pharmacy_textonly(subjects["Pharmacy"]).column_names


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"options": "['a', 'b'"}, "question 'validation_Pharmacy_1': options \"['a', 'b'\" is no list of texts"),
        ({"options": "__import__('os').getcwd()"}, "is no list of texts"),
        ({"options": "[" * 10_000}, "is no list of texts"),
        ({"options": "['a'] * 3"}, "is no list of texts"),
        ({"options": "['a', 2]"}, "is no list of texts"),
        ({"options": "['a']"}, "holds 1 options"),
        ({"options": "x" * 30_000}, "is longer than 20,000 characters"),
        ({"options": None}, "options is empty"),
        ({"answer": "Z"}, "the answer 'Z' is not one of the letters A, B, C, D, E"),
        ({"answer": "AB"}, "the answer 'AB' is not one of the letters"),
        ({"question": " "}, "the question is empty"),
        ({"question_type": "essay"}, "the question_type 'essay' is neither"),
        ({"id": "validation_Art_1"}, "its id names none of the subjects"),
        ({"image_1": None}, "it has no image"),
        ({"id": "validation_Pharmacy_2"}, "question 'validation_Pharmacy_2' is there more than once"),
    ],
)
def test_damaged_row_is_named(values: dict[str, Any], said: str) -> None:
    """Each way in which a row can be wrong ends in one message with its id and what is wrong with it."""
    rows = comparators.mmmu_rows("Pharmacy")
    rows[0].update(values)
    with pytest.raises(DataError) as error:
        hooks.radvqa_mmmu_med_mc_pharmacy(Dataset.from_list(rows))
    assert said in str(error.value)


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=26))
def test_lists_come_back_as_they_were_written(options: list[str]) -> None:
    """Quotes, line breaks and commas inside options are theirs."""
    assert parse_options(repr(options)) == options


@given(st.text(alphabet="[](){}'\",\\ab1+*x:\n\0", max_size=200))
def test_no_string_is_more_than_refused(options: str) -> None:
    """Whatever stands in the column, it is a list of texts or a ValueError."""
    try:
        assert all(isinstance(option, str) for option in parse_options(options))
    except ValueError as error:
        assert str(error)
