"""RadImageNet-VQA's rows to Question columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset, load_dataset

from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.data import adapter
from radimagenet_vqa_tasks.data.fingerprints import fingerprint
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.utils import questions as hooks

Row = dict[str, Any]


@pytest.fixture(scope="module")
def benchmark(hub_copy: Path) -> Dataset:
    """The data set as `load_dataset` gives it for the hub's layout."""
    return load_dataset(str(hub_copy), "benchmark", split="test")


def changed(table: pa.Table, change: Callable[[list[Row]], Any], images: int = 3) -> Dataset:
    """The first few images' rows after `change`."""
    rows = table.slice(0, 9 * images).to_pylist()
    change(rows)
    return Dataset.from_list(rows)


def test_benchmark_gives_a_thousand_questions_a_cell(benchmark: Dataset) -> None:
    """Each of the nine tasks sees its own thousand rows, and together they see every row once."""
    keys = []
    for cell in CELLS:
        questions = getattr(hooks, f"radvqa_{cell}")(benchmark)
        assert len(questions) == 1000
        assert set(questions["cell"]) == {cell}
        keys += questions["key"]
    assert len(set(keys)) == 9000


def test_cells_are_told_by_question_id_and_not_by_answer(benchmark: Dataset) -> None:
    """Closed+ holds the 281 normal images whose answer is no: the paper's cells rest on 1,000 questions each."""
    answers = hooks.radvqa_pathology_closed_pos(benchmark)["target"]
    assert (answers.count("yes"), answers.count("no")) == (719, 281)


@pytest.mark.parametrize("question_id", ["something_else", None])
def test_multiple_choice_cells_do_not_need_a_question_id(shaped_table: pa.Table, question_id: str | None) -> None:
    """Nobody has published the ids of the multiple-choice rows, so any must do, and so must none."""

    def rename(rows: list[Row]) -> None:
        for row in rows[3::9] + rows[8::9]:
            row["metadata"]["question_id"] = question_id

    rows = changed(shaped_table, rename)
    assert hooks.radvqa_sample_anatomy_mc(rows)["facets"][0]["subject"] == "anatomy"
    assert hooks.radvqa_sample_pathology_mc(rows)["facets"][0]["template"] == (question_id or "pathology_mc")
    assert len(hooks.radvqa_sample_pathology_mc(rows)) == 3


def test_question_columns_hold_what_the_row_says(shaped_table: pa.Table) -> None:
    """Question, options, target, key, cluster and facets come through unchanged."""
    rows = changed(shaped_table, lambda rows: None)
    question = hooks.radvqa_sample_pathology_mc(rows)[1]
    source = shaped_table.slice(17, 1).to_pylist()[0]
    assert question["question"] == source["question"]
    assert question["choices"] == source["choices"]
    assert question["target"] == source["answer"]
    assert question["key"] == "benchmark_0001.png:pathology_mc"
    assert question["cluster"] == "benchmark_0001.png"
    assert question["facets"] == {
        "subject": "pathology",
        "template": "pathology_mc",
        "location": source["metadata"]["location"],
        "modality": source["metadata"]["modality"],
        "pathology": "no pathology seen",
        "abnormal": False,
    }


def test_images_are_grouped_by_place_where_paths_are_missing(shaped_table: pa.Table) -> None:
    """Nine rows in a row are one image even if the data set lost the paths."""

    def forget(rows: list[Row]) -> None:
        for row in rows:
            row["image"]["path"] = None

    assert hooks.radvqa_sample_anatomy_open(changed(shaped_table, forget))["cluster"] == [
        "image-0000",
        "image-0001",
        "image-0002",
    ]


def test_no_image_is_decoded_while_preparing(benchmark: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Preparing all eighteen tasks opens no image, and text-only tasks have no image column at all."""
    from PIL import Image

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr(Image, "open", fail)
    for cell in CELLS:
        assert getattr(hooks, f"radvqa_{cell}")(benchmark)[0]["images"][0]["bytes"].startswith(b"\x89PNG")
        blind = getattr(hooks, f"radvqa_{cell}_textonly")(benchmark)
        assert "images" not in blind.column_names
        assert blind[0]["arm"] == "textonly"


def test_adaptation_is_shared_by_tasks(benchmark: Dataset) -> None:
    """The host loads the data once a task; only the first of them pays for the checks and the fingerprint."""
    adapter._cached.cache_clear()
    for cell in CELLS:
        getattr(hooks, f"radvqa_{cell}")(benchmark)
    assert adapter._cached.cache_info().misses == 1


def test_unknown_task_function_is_an_attribute_error() -> None:
    """A typing error in a task file is found when the file is loaded, by name."""
    with pytest.raises(AttributeError, match="no task 'radvqa_anatomy_opne'"):
        _ = hooks.radvqa_anatomy_opne


def _set(index: int, **values: Any) -> Callable[[list[Row]], None]:
    return lambda rows: rows[index].update(values)


def _set_metadata(index: int, **values: Any) -> Callable[[list[Row]], None]:
    return lambda rows: rows[index]["metadata"].update(values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set(3, choices=None), "row 3: choices is null"),
        (_set(3, choices=["hip", ""]), "row 3: choices is null or holds an empty option"),
        (_set(8, answer="E"), "row 8: the answer 'E' is not one of the letters A, B, C, D"),
        (_set(8, answer="AB"), "row 8: the answer 'AB' is not one of the letters"),
        (_set(8, answer=None), "row 8: the answer None is not one of the letters"),
        (_set(1, answer="Yes"), "row 1: the answer 'Yes' of a closed question is neither 'yes' nor 'no'"),
        (_set(0, answer=""), "row 0: the answer is empty"),
        (_set(2, question=None), "row 2: the question is empty"),
        (_set(4, question_type="essay"), "row 4: question_type 'essay' with metadata.question_id 'abnormal_closed'"),
        (_set_metadata(5, location="elbow"), "row 5: metadata.location 'elbow' is none of abdomen"),
        (_set_metadata(0, question_id=None), "row 0: question_type 'open' with metadata.question_id None is none of"),
        (_set_metadata(6, pathology=None), "row 6: metadata.pathology is null"),
        (lambda rows: rows.pop(4), "image 'benchmark_0000.png' lacks abnormality_closed"),
        (lambda rows: rows.append(dict(rows[0])), "image 'benchmark_0000.png' has anatomy_open more than once"),
    ],
)
def test_damaged_row_is_named(shaped_table: pa.Table, change: Callable[[list[Row]], Any], said: str) -> None:
    """Each way in which rows can be wrong ends in one message with the row or image and what is wrong with it."""
    with pytest.raises(DataError) as error:
        hooks.radvqa_sample_anatomy_open(changed(shaped_table, change))
    assert said in str(error.value)
    assert "radvqa verify" in str(error.value)


def test_missing_columns_are_named(shaped_table: pa.Table) -> None:
    """Another configuration of the data set, or another data set, is recognised by its columns."""
    rows = Dataset.from_list(shaped_table.slice(0, 9).drop(["question_type"]).to_pylist())
    with pytest.raises(DataError, match=r"column question_type is missing \(found: image, question"):
        hooks.radvqa_sample_anatomy_open(rows)


def test_part_of_the_benchmark_is_refused(shaped_table: pa.Table) -> None:
    """A data set with fewer images than the benchmark is never scored as if it were the benchmark."""
    with pytest.raises(DataError, match=r"1,000 images .* 9,000 rows; here are 3 images and 27 rows"):
        hooks.radvqa_anatomy_open(changed(shaped_table, lambda rows: None))


def test_many_faults_are_counted(shaped_table: pa.Table) -> None:
    """A thousand faults do not fill the screen: five are spelled out."""

    def blank(rows: list[Row]) -> None:
        for row in rows:
            row["question"] = ""

    with pytest.raises(DataError, match=r"row 4: the question is empty; and 22 more\."):
        hooks.radvqa_sample_anatomy_open(changed(shaped_table, blank))


def test_fingerprint_is_of_the_content(shaped_table: pa.Table, benchmark: Dataset) -> None:
    """The same rows have the same fingerprint from memory and from files; one other pixel or word changes it."""
    rows = changed(shaped_table, lambda rows: None)
    pixel = changed(shaped_table, lambda rows: rows[5]["image"].update(bytes=rows[5]["image"]["bytes"] + b"\0"))
    word = changed(shaped_table, lambda rows: rows[5].update(question="Is it?"))
    assert fingerprint(rows) == fingerprint(benchmark.select(range(27)))
    assert len({fingerprint(rows), fingerprint(pixel), fingerprint(word)}) == 3
