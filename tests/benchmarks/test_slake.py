"""SLAKE's rows to Question columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comparators
import pytest
from datasets import Dataset, load_dataset
from PIL import Image

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.data.adapter import every_question
from radimagenet_vqa_tasks.data.sources import local_copies
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.utils import questions as hooks
from radimagenet_vqa_tasks.utils.prompts import doc_to_visual

Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def copy(comparator_copies: dict[str, Path]) -> Iterator[None]:
    """The stand-in in the hub's place."""
    with local_copies(comparator_copies):
        yield


@pytest.fixture(scope="module")
def rows(comparator_copies: dict[str, Path]) -> Dataset:
    """test.json as the task files load it."""
    return load_dataset("json", data_files=str(comparator_copies["slake"] / "test.json"), split="train")


def test_languages_are_families_of_their_own(rows: Dataset) -> None:
    """English and Chinese questions never meet in a task; together they are all rows."""
    english = every_question(BENCHMARKS["slake"], rows)
    chinese = every_question(BENCHMARKS["slake_zh"], rows)
    assert all(question.isascii() for question in english["question"])
    assert not any(question.isascii() for question in chinese["question"])
    assert len(set(english["key"][:]) | set(chinese["key"][:])) == len(rows)


def test_closed_questions_are_of_two_formats(rows: Dataset) -> None:
    """CLOSED is not only yes and no; the answers to the rest stay as they are written. In Chinese all are phrases."""
    closed = hooks.radvqa_slake_closed(rows)
    targets = {
        form: {target for target, of in zip(closed["target"], closed["format"], strict=True) if of == form}
        for form in set(closed["format"][:])
    }
    assert targets == {"closed": {"yes", "no"}, "phrase": {"Liver", "Healthy", "Diseased"}}
    assert set(hooks.radvqa_slake_zh_closed(rows)["format"]) == {"phrase"}
    assert set(hooks.radvqa_slake_open(rows)["format"]) == {"open"}


def test_question_says_what_its_row_says(rows: Dataset) -> None:
    """Key, cluster and facets come from the row."""
    source = next(row for row in rows if row["q_lang"] == "en" and row["answer_type"] == "OPEN")
    question = hooks.radvqa_slake_open(rows)[0]
    assert question["key"] == f"{source['img_name']}:{source['qid']}"
    assert question["cluster"] == source["img_name"]
    assert question["facets"] == {
        "organ": source["location"],
        "modality": source["modality"],
        "content_type": source["content_type"],
        "base_type": source["base_type"],
    }


def test_images_stay_in_their_files_until_a_model_looks(rows: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Preparing opens no image; a question holds a path, and a text-only one not even that."""
    opened = Image.open
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    shown, blind = hooks.radvqa_slake_open(rows), hooks.radvqa_slake_open_textonly(rows)
    assert shown[0]["images"][0]["bytes"] is None
    assert "images" not in blind.column_names
    monkeypatch.setattr(Image, "open", opened)
    assert doc_to_visual(shown[0])[0].mode == "RGB"


def test_fingerprint_covers_the_images(rows: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other pixels under the same names are other data."""
    before = every_question(BENCHMARKS["slake"], rows)[0]["fingerprint"]
    monkeypatch.setattr(comparators, "variant", lambda index: comparators.slices()[index % 3])
    comparators.write_slake(tmp_path / "other")
    other = load_dataset("json", data_files=str(tmp_path / "other" / "test.json"), split="train")
    with local_copies({"slake": tmp_path / "other"}):
        assert every_question(BENCHMARKS["slake"], other)[0]["fingerprint"] != before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[0].update(answer=" "), "row 0: question qid 10000: the answer is empty"),
        (lambda rows: rows[0].update(answer_type="ESSAY"), "the answer_type 'ESSAY' is neither OPEN nor CLOSED"),
        (lambda rows: rows.append(rows[0]), "question 'xmlab0/source.jpg:10000' is there more than once"),
        (lambda rows: rows.pop(0), "has 1,061 questions; here are 1,060"),
        (lambda rows: rows[0].update(img_name="../../etc/passwd"), "'../../etc/passwd' leads out of the archive"),
        (lambda rows: rows[0].update(img_name="xmlab999/source.jpg"), "lacks the image imgs/xmlab999/source.jpg"),
    ],
)
def test_damaged_row_is_named(change: Callable[[Rows], Any], said: str) -> None:
    """Each way in which rows can be wrong ends in one message with the question and what is wrong with it."""
    rows = comparators.slake_rows()
    change(rows)
    with pytest.raises(DataError) as error:
        hooks.radvqa_slake_open(Dataset.from_list(rows))
    assert said in str(error.value)
