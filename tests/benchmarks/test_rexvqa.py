"""ReXVQA's records to Question columns, and its stand-in through the real runner."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rexvqa_standin
from click.testing import CliRunner
from datasets import Dataset, config, load_dataset
from PIL import Image
from rexvqa_standin import PLANTED, image_name, records
from support import TINY_MODEL, lines_of

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import RowFaultError
from radimagenet_vqa_tasks.benchmarks.rexvqa_rows import choices, frontal
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.data.adapter import every_question
from radimagenet_vqa_tasks.data.sources import local_copies
from radimagenet_vqa_tasks.errors import DataError, RunError
from radimagenet_vqa_tasks.plugin import TASKS
from radimagenet_vqa_tasks.run.evaluation import run
from radimagenet_vqa_tasks.utils import questions as hooks
from radimagenet_vqa_tasks.utils.prompts import doc_to_blank_visual, doc_to_text, doc_to_visual

REXVQA = BENCHMARKS["rexvqa"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("rexvqa") / "ReXVQA"
    rexvqa_standin.write(found)
    return found


@pytest.fixture(autouse=True)
def copy(folder: Path) -> Iterator[None]:
    """The stand-in in the hub's place."""
    with local_copies({"rexvqa": folder}):
        yield


def document(rows: Any) -> Dataset:
    """A question file as the task files load it."""
    return Dataset.from_dict({"text": [json.dumps(rows)]})


@pytest.fixture(scope="module")
def rows(folder: Path) -> Dataset:
    path = str(folder / "metadata" / "test_vqa_data.json")
    return load_dataset("text", data_files=path, split="train", sample_by="document")


def test_questions_say_what_their_records_say(rows: Dataset) -> None:
    """Task, key, cluster, facets and all views in their order; letters once, whether lists are lists or texts."""
    every = every_question(REXVQA, rows)
    assert Counter(every["cell"][:]) == {
        "rexvqa_presence": 14_078,
        "rexvqa_location": 2_365,
        "rexvqa_negation": 15_369,
        "rexvqa_differential": 8_563,
        "rexvqa_geometric": 182,
    }
    for number in (3, 5):  # lists as texts, and as lists
        one = every[number]
        assert (one["key"], one["cluster"], one["target"]) == (f"q{number}", f"S{number:03}", "ABCD"[number % 4])
        assert one["facets"]["views"] == "PA, LATERAL"
        paths = [Path(image["path"]).as_posix() for image in one["images"]]
        assert [path.endswith(image_name(number, view)) for view, path in enumerate(paths)] == [True, True]
        assert f"\nA. Clear {number}\nB. Hazy {number}\n" in doc_to_text(one)
        assert {image.mode for image in doc_to_visual(one)} == {"RGB"}


def test_reports_and_explanations_get_nowhere(rows: Dataset) -> None:
    """What is planted in every field that tells the answer is in no column, so in no prompt and no record."""
    assert PLANTED in rows[0]["text"]
    every = every_question(REXVQA, rows).remove_columns("images")
    assert PLANTED not in repr(every.with_format("arrow")[:].to_pylist())


def test_list_and_dict_are_the_same_data(rows: Dataset) -> None:
    """A list of records with ids has the same questions and the same fingerprint."""
    listed = document([{"id": name, **one} for name, one in records().items()])
    assert every_question(REXVQA, listed)[7] == every_question(REXVQA, rows)[7]


def test_arms_without_images_need_none(rows: Dataset, folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """They are prepared from the question file alone, with the same fingerprint; the others say what is missing."""
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("an image was opened"))
    shown = hooks.radvqa_rexvqa_geometric(rows)[0]
    (tmp_path / "test_vqa_data.json").write_text("{}", encoding="utf-8")
    with local_copies({"rexvqa": tmp_path}):
        blind = hooks.radvqa_rexvqa_geometric_textonly(document(records()))
        assert "images" not in blind.column_names and blind[0]["fingerprint"] == shown["fingerprint"]
        with pytest.raises(RunError, match=r"neither deid_png/ nor deid_png.part\* is in"):
            hooks.radvqa_rexvqa_geometric(document(records()))


def test_swapped_pictures_are_of_other_studies(rows: Dataset) -> None:
    """Nobody knows what is right then."""
    for one in hooks.radvqa_rexvqa_geometric_swapped(rows):
        assert one["shown"]["target"] is None
        assert f"/A{one['cluster'][1:]}/" not in one["images"][0]["path"]


def test_views_choose_among_the_images_of_a_study(rows: Dataset) -> None:
    """All, those from the front, or the first, also of another study's images; another name is an error."""
    one = next(one for one in hooks.radvqa_rexvqa_geometric(rows) if one["views"] == ["PA", "LATERAL"])
    side = {**one, "images": one["images"][::-1], "views": ["LATERAL", "PA"]}
    front, lateral = (image.tobytes() for image in doc_to_visual(one))
    for doc, shown in ((one, {"frontal": [front], "first": [front]}), (side, {"frontal": [front], "first": [lateral]})):
        for views, expected in shown.items():
            assert [image.tobytes() for image in doc_to_visual(doc, {"views": views})] == expected
            assert len(doc_to_blank_visual(doc, {"views": views})) == 1
    assert len(doc_to_visual(one, {"views": "all"})) == len(doc_to_visual(one, {"pre_prompt": "x"})) == 2
    with pytest.raises(DataError, match="views: 'back' is none of all, frontal, first"):
        doc_to_visual(one, {"views": "back"})
    for other in hooks.radvqa_rexvqa_geometric_swapped(rows):
        assert len(other["views"]) == len(other["images"])


def test_frontal_views_are_known_by_any_spelling() -> None:
    """The first image stands in where no view has a name that says so."""
    assert frontal(["LATERAL", "Postero-Anterior", "AP", "LL"]) == [1, 2]
    assert frontal(["UNKNOWN", "", "RAO"]) == [0]


def _path(value: str) -> Callable[[dict[str, Any]], Any]:
    return lambda rows: rows["q1"].update(ImagePath=[value])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows["q1"].update(correct_answer="E"), "question 'q1': the correct_answer 'E' is not one of"),
        (lambda rows: rows["q1"].update(task_name="Counting"), "'Counting' is none of the five tasks"),
        (lambda rows: rows["q1"].update(options="__import__('os')"), "is no list of texts"),
        (lambda rows: rows["q1"].update(options=["B. x", "A. y"]), "letters of its options are out of order"),
        (lambda rows: rows.pop("q1"), "40,557 or 40,826 questions; here are 40,556"),
        (_path("/etc/passwd"), "'/etc/passwd' is not below deid_png/"),
        (_path("../deid_png/../../secret.png"), "leads out of the archive's folder"),
        (_path("../deid_png/P1/none.png"), "lacks 1 of 91 images, deid_png/P1/none.png for one"),
    ],
)
def test_damaged_record_is_named(change: Callable[[dict[str, Any]], Any], said: str) -> None:
    """Each way in which records can be wrong ends in one message with the question and what is wrong with it."""
    rows = records()
    change(rows)
    with pytest.raises(DataError) as error:
        hooks.radvqa_rexvqa_location(document(rows))
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["no JSON", "[" * 100_000, '{"a": 1}', "[1]", "3", "{}"])
def test_other_document_is_one_message(text: str) -> None:
    """A file that holds no records is no crash."""
    with pytest.raises(DataError):
        hooks.radvqa_rexvqa_location(Dataset.from_dict({"text": [text]}))


def test_letters_are_taken_off_only_where_all_options_have_theirs() -> None:
    """An option may begin with a letter and a full stop of its own."""
    assert choices(["A. one", "B) two"]) == ["one", "two"]
    assert choices(["A. fumigatus", "Candida"]) == ["A. fumigatus", "Candida"]
    with pytest.raises(RowFaultError):
        choices(["B. one", "A. two"])


def test_verify_says_which_count_it_found(folder: Path) -> None:
    """The paper prints two; every image is decoded."""
    result = CliRunner().invoke(main, ["verify", "--family", "rexvqa", "--data", str(folder)])
    assert result.exit_code == 0, result.output
    assert "questions: 40,557, the sum of the paper's Table 1" in result.output
    assert "every image can be decoded" in result.output


@pytest.mark.host
def test_run_end_to_end(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All five tasks through the runner from the local copy, from an archive that is not unpacked yet."""
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")
    records, _ = ran(folder, tmp_path / "all", "radvqa_rexvqa,radvqa_rexvqa_told")
    assert Counter(one["arm"] for one in records) == {"image": 15, "told": 15}
    assert {one["outcome"] for one in records} <= {"correct", "incorrect"}
    assert PLANTED not in json.dumps(records)
    # What is shown of a study is a part of what was asked, where anything is shown.
    chosen, words = ran(folder, tmp_path / "front", "radvqa_rexvqa_geometric,radvqa_rexvqa_geometric_told", "frontal")
    before, asked = ({one["arm"]: one["asked"] for one in found} for found in (records, chosen))
    assert asked["image"] != before["image"] and asked["told"] == before["told"]
    assert words[asked["image"]]["views"] == "frontal" and "views" not in words[asked["told"]]


def ran(
    folder: Path, output: Path, tasks: str, views: str = "all", model: str = "radvqa_chance", *more: str
) -> tuple[list[Any], dict[str, Any]]:
    """The records of three questions a task, and the words behind what was asked."""
    arguments = ["--model", model, "--tasks", tasks, "--limit", "3", "--output_path", str(output), *more]
    found = run(arguments, {"rexvqa": folder}, views=views)
    assert found is not None
    words = json.loads((found.sample_logs[0].parent / "asked.json").read_text(encoding="utf-8"))
    return [line["record"] for line in lines_of(found.sample_logs)], words


@pytest.mark.host
def test_task_file_of_ones_own_chooses_views(folder: Path, tmp_path: Path) -> None:
    """As docs/data.md says for plain lmms-eval: `include` and `lmms_eval_specific_kwargs`."""
    text = f"include: {TASKS}/rexvqa/radvqa_rexvqa_geometric.yaml\ntask: mine\nlmms_eval_specific_kwargs:\n"
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.yaml").write_text(
        f"{text}  default: {{pre_prompt: '', views: first}}\n", encoding="utf-8"
    )
    records, words = ran(folder, tmp_path, "mine", "all", "radvqa_chance", "--include_path", str(tmp_path / "tasks"))
    assert len(records) == 3 and {words[one["asked"]]["views"] for one in records} == {"first"}


@pytest.mark.host
def test_tiny_model_and_prior_answer(folder: Path, tmp_path: Path) -> None:
    """Studies of one view and of two: a real model sees them, and the prior does without."""
    tiny = f"pretrained={TINY_MODEL},device=cpu,device_map=cpu,attn_implementation=sdpa"
    for model, more in (("qwen2_5_vl", ("--model_args", tiny)), ("radvqa_prior", ())):
        records, _ = ran(folder, tmp_path / model, "radvqa_rexvqa_geometric", "all", model, *more)
        assert [one["outcome"] == "missing" for one in records] == [False] * 3


def test_views_that_no_task_knows_are_named() -> None:
    """Before anything is loaded, with the benchmarks that have a choice."""
    with pytest.raises(RunError, match="--views first: none of these tasks shows its images so. There are ReXVQA: all"):
        run(["--model", "radvqa_chance", "--tasks", "radvqa_slake"], views="first")
