"""CT-Bench's records to Question columns, and its stand-in through the real runner."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ctbench_standin
import pytest
from click.testing import CliRunner
from datasets import Dataset
from PIL import Image

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS, cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import RowFaultError
from radimagenet_vqa_tasks.benchmarks.ctbench_records import said_box, said_split
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.data.adapter import every_question
from radimagenet_vqa_tasks.data.sources import local_copies
from radimagenet_vqa_tasks.errors import DataError, RunError
from radimagenet_vqa_tasks.scoring.outcomes import process_results
from radimagenet_vqa_tasks.utils import questions as hooks
from radimagenet_vqa_tasks.utils.prompts import doc_to_text, doc_to_visual

LLM, CLIP = BENCHMARKS["ctbench"], BENCHMARKS["ctbench_clip"]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(comparator_copies: dict[str, Path]) -> Path:
    return comparator_copies["ctbench"]


@pytest.fixture(autouse=True)
def copy(folder: Path) -> Iterator[None]:
    """The stand-in as the local copy."""
    with local_copies({"ctbench": folder}):
        yield


def document(rows: Any) -> Dataset:
    """A question file as the task files load it."""
    return Dataset.from_dict({"text": [json.dumps(rows)]})


@pytest.fixture(scope="module")
def llm(folder: Path) -> Dataset:
    return Dataset.from_dict({"text": [(folder / "qa_llm.json").read_text(encoding="utf-8")]})


@pytest.fixture(scope="module")
def clip(folder: Path) -> Dataset:
    return Dataset.from_dict({"text": [(folder / "qa_clip.json").read_text(encoding="utf-8")]})


def test_both_forms_and_splits_have_the_questions_of_table_4(llm: Dataset, clip: Dataset) -> None:
    """1,000 with a box and 900 without in the test split, half of each for validation; no question is in two."""
    for rows, form in ((llm, ""), (clip, "_clip")):
        for split, share in (("", 1), ("_validation", 2)):
            every = every_question(BENCHMARKS[f"ctbench{form}{split}"], rows)
            counts = Counter(cell.rpartition("_")[2] for cell in every["cell"][:])
            assert counts == {"bbox": 1000 // share, "nobox": 900 // share}
            assert len(set(every["key"][:])) == len(every)


def test_question_says_what_its_record_says(llm: Dataset) -> None:
    """One rendered picture with the box of its cell, options in the order of their letters, the lesion as cluster."""
    record = ctbench_standin.llm_rows()[0]
    one = hooks.radvqa_ctbench_img2txt_bbox(llm)[0]
    assert (one["question"], one["target"], one["cluster"]) == (record["question"], record["correct_choice"], "17138")
    assert one["choices"] == list(record["choices"].values())
    assert one["facets"] == {"kind": "img2txt", "box": "with box", "bbox_type": ""}
    [image] = doc_to_visual(one)
    [bare] = doc_to_visual(hooks.radvqa_ctbench_img2txt_nobox(llm)[0])
    reds = [
        sum(pixel == (255, 0, 0) for _, pixel in shown.getcolors(ctbench_standin.SIDE**2) or ())
        for shown in (image, bare)
    ]
    assert reds == [1, 0]


def test_questions_for_clip_have_their_images_one_by_one(clip: Dataset) -> None:
    """One picture, nine slices with the lesion in the middle, or four options; the cell says which."""
    for kind, shown, count in (("img2txt", "views", 1), ("ct2txt", "slices", 9), ("txt2bbox", "options", 4)):
        one = getattr(hooks, f"radvqa_ctbench_clip_{kind}_bbox")(clip)[0]
        assert (cell_called(one["cell"]).pictures, len(one["images"]), len(one["choices"])) == (shown, count, 4)
    assert one["choices"] == ["Box A", "Box B", "Box C", "Box D"]
    assert one["question"] == ctbench_standin.described(17138)


def test_pictures_are_those_of_the_questions_own_split(folder: Path, tmp_path: Path) -> None:
    """Where both splits have a picture of one name below their folders, each question gets its own."""
    assert LLM.places("a/b.png")[0] == "llm/test/a/b.png"
    assert BENCHMARKS["ctbench_validation"].places("a/b.png")[0] == "llm/validation/a/b.png"


@pytest.mark.parametrize(
    ("fields", "box"),
    [
        ({"bbox_type": "bbox"}, "bbox"),
        ({"bbox_type": "with_bbox"}, "bbox"),
        ({"bbox_type": "No BBox"}, "nobox"),
        ({"bbox_type": "w/o"}, "nobox"),
        ({"bbox_type": "without_bbox"}, "nobox"),
        ({"bbox_type": "w"}, "bbox"),
        ({"bbox_type": "true"}, "bbox"),
        ({"bbox_type": None, "image_path": "img2txt/lesion_nobox/3.png"}, "nobox"),
        ({"image_path": "llm/test/img2txt_bbox/3.png"}, "bbox"),
        ({"bbox_type": "type 7", "image_path": "img2txt_wo_bbox/3.png"}, "nobox"),
        ({"image_path": "img2txt/3.png"}, None),
    ],
)
def test_box_is_told_by_field_or_path(fields: dict[str, Any], box: str | None) -> None:
    """Nobody has published how it is written: any plain way will do, and silence is a fault, not a guess."""
    if box:
        assert said_box(fields, "img2txt") == box
    else:
        with pytest.raises(RowFaultError, match="tells whether a box is drawn"):
            said_box(fields, "img2txt")
        assert said_box(fields, "txt2bbox") == "bbox"  # there are none without


def test_split_is_told_by_field_or_path() -> None:
    """The field counts where there is one."""
    assert said_split({"split": "Val", "image_path": "test/a.png"}) == "validation"
    assert said_split({"image_path": "llm/test/a.png"}) == "test"
    assert said_split({"image_paths": '["clip/train/a.png"]'}) == "train"
    with pytest.raises(RowFaultError, match=r"\('later'\) nor the path of its image \('test/a.png'\)"):
        said_split({"split": "later", "image_path": "test/a.png"})


def test_prompt_is_the_published_runners(llm: Dataset) -> None:
    """Options with a colon, and the JSON that is asked for; a letter alone is read too, and so is an option's text."""
    one = hooks.radvqa_ctbench_img2size_bbox(llm)[0]
    config = LLM.cells["ctbench_img2size_bbox"].prompt
    shown = doc_to_text(one, {"post_prompt": config.post, "options": config.options, "mark": config.mark})
    assert shown.startswith(f"{one['question']}\nOptions:\nA: {one['choices'][0]}\nB: ")
    assert shown.endswith('"selected_option": "<selected_option>",\n  "explanation": "<explanation>"\n}')
    right = one["target"]
    words = one["choices"]["ABCD".index(right)]
    for said in (right, f"{right}: {words}", words):
        reply = json.dumps({"selected_option": said, "explanation": "Others, such as B, are too long."}, indent=2)
        for response in (reply, f"```json\n{reply}\n```", said):
            assert process_results(one, [response])["record"]["outcome"] == "correct", response


def test_another_lesions_picture_may_fit_an_option(llm: Dataset) -> None:
    """In the arm `swapped` its own description is right if it is offered; of pictures as options nothing is known."""
    for one in hooks.radvqa_ctbench_img2txt_bbox_swapped(llm):
        shown = one["shown"]
        assert shown["target"] and one["choices"]["ABCD".index(shown["target"])].endswith(f"{shown['key'][13:18]}.")
    assert {one["shown"]["target"] for one in hooks.radvqa_ctbench_txt2img_bbox_swapped(llm)} == {None}


def _path(value: str) -> Callable[[Rows], Any]:
    return lambda rows: rows[0].update(image_path=value)


def _options(value: Any) -> Callable[[Rows], Any]:
    return lambda rows: rows[0].update(choices=value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[0].update(correct_choice="E"), "lesion '17138': the correct_choice 'E' is not one of A, B"),
        (lambda rows: rows[0].update(correct_choice=None), "the correct_choice is empty"),
        (lambda rows: rows[0].update(correct_choice=["A"]), "the correct_choice '[\"A\"]' is not one of"),
        (lambda rows: rows[0].update(q_type="img2life"), "the q_type 'img2life' is none of img2txt, ct2txt"),
        (lambda rows: rows[0].update(question=" "), "the question is empty"),
        (lambda rows: rows.pop(0), "ctbench_img2txt_bbox has 200 questions; here are 199"),
        (lambda rows: rows[0].pop("image_path"), "tells the split"),
        (_options({str(number): "x" for number in range(27)}), "its choices are not lettered A, B and so on"),
        (_options({"A": "x", "C": "y"}), "its choices are not lettered A, B and so on ('A, C')"),
        (_options({"A": "x"}), "it has 1 options"),
        (_options({"A": "x", "B": {"C": "y"}}), "option B is no text"),
        (_options({"A": "x", "B": ""}), "option B is empty"),
        (_options("__import__('os')"), "its choices are no dict of options by their letters"),
        (_path("test/bbox/../../../../etc/passwd"), "leads out of the archive's folder"),
        (_path("/test/bbox/1.png"), "leads out of the archive's folder"),
        (_path("test/bbox/none.png"), "lacks 1 of 741 images, test/bbox/none.png for one"),
    ],
)
def test_damaged_record_is_named(change: Callable[[Rows], Any], said: str) -> None:
    """Each way in which records can be wrong ends in one message with the lesion and what is wrong with it."""
    rows = ctbench_standin.llm_rows()
    change(rows)
    with pytest.raises(DataError) as error:
        hooks.radvqa_ctbench_img2txt_bbox(document(rows))
    assert said in str(error.value)


def test_it_is_said_where_the_data_are_to_be_had() -> None:
    """They are on no hub: without a copy there is one message, and no attempt to reach one."""
    result = CliRunner().invoke(main, ["verify", "--family", "ctbench"])
    assert isinstance(result.exception, RunError) or "is not on the hub. Fetch it from kaggle.com" in result.output


def test_verify_says_what_was_unknown(folder: Path) -> None:
    """How boxes are named, and how large the pictures are; every image is decoded."""
    result = CliRunner().invoke(main, ["verify", "--family", "ctbench", "--data", str(folder)])
    assert result.exit_code == 0, result.output
    assert "900 questions without box, where bbox_type is 'nobox'" in result.output
    assert "1,000 questions with box, where bbox_type is ''" in result.output
    assert "every image can be decoded: 400 of 128 x 128, 244 of 64 x 64, 96 of 192 x 192" in result.output


def test_preparing_opens_no_image(clip: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stay in their files until a model looks; without images there is no column of them."""
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    assert hooks.radvqa_ctbench_clip_ct2txt_bbox(clip)[0]["images"][0]["bytes"] is None
    assert "images" not in hooks.radvqa_ctbench_clip_ct2txt_bbox_textonly(clip).column_names
