"""`radvqa export`: rows in each trainer's form, and test data that never get there."""

from __future__ import annotations

import io
import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import make_sample
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shaped_data
import yaml
from click.testing import CliRunner
from PIL import Image

from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.build.dataset import Request as Build
from radimagenet_vqa_tasks.build.dataset import build
from radimagenet_vqa_tasks.build.export import Request, export
from radimagenet_vqa_tasks.build.training_data import PROMPTS, prompt
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import DataError, RunError
from radimagenet_vqa_tasks.utils.prompts import doc_to_text


@pytest.fixture(scope="module")
def data(scans_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built data whose benchmark is the embedded sample's images."""
    out = tmp_path_factory.mktemp("built") / "data"
    build(Build(scans_tree, out, workers=1))
    return out


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.open(encoding="utf-8")]


def test_prompts_are_those_of_the_tasks() -> None:
    """What a model is trained on is what it will be asked."""
    asked = {
        "question": "Which?",
        "choices": ["hip", "knee"],
        "format": "mc",
    }
    affixes = {"pre_prompt": PROMPTS["mc"].pre, "post_prompt": PROMPTS["mc"].post}
    assert prompt("Which?", "mc", ["hip", "knee"]) == doc_to_text(asked, affixes)
    assert all(PROMPTS[cell.format] == cell.prompt for cell in CELLS.values())


def test_llamafactory(data: Path, tmp_path: Path) -> None:
    """ShareGPT turns, one image mark an image, images in files once, and a registry of every set."""
    done = export(Request((data,), tmp_path / "out", "llamafactory"))
    registry = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert (
        set(registry) == set(done.rows) == {f"radvqa_{c}{v}" for c in ("alignment", "instruct") for v in ("", "_val")}
    )
    assert registry["radvqa_instruct"]["tags"]["assistant_tag"] == "gpt"
    rows = lines(tmp_path / "out" / "radvqa_instruct.jsonl")
    source = pq.read_table(data / "instruct" / "train-00000-of-00001.parquet").to_pylist()
    assert len(rows) == len(source)
    for row, original in zip(rows, source, strict=True):
        human, gpt = row["conversations"]
        before = "\nQuestion: " if original["choices"] else ""
        assert human["value"].startswith(f"<image>\n{before}{original['question']}")
        assert human["value"].count("<image>") == len(row["images"]) == 1
        assert gpt == {"from": "gpt", "value": original["answer"]}
        assert (tmp_path / "out" / row["images"][0]).read_bytes() == original["image"]["bytes"]


def test_multiple_choice_lists_its_options(data: Path, tmp_path: Path) -> None:
    """One lettered option a line between the question and the instruction."""
    export(Request((data,), tmp_path / "out", "swift"))
    said = lines(tmp_path / "out" / "radvqa_instruct.jsonl")[3]["messages"][0]["content"].splitlines()
    assert said[:2] + said[3:4] == ["<image>", "", "Options: "]
    assert [line[:3] for line in said[4:8]] == ["A. ", "B. ", "C. ", "D. "]
    assert said[8] == "Answer with the option's letter from the given choices directly."


def test_llava_is_one_list(data: Path, tmp_path: Path) -> None:
    """A JSON list of {id, image, conversations} with ids of their own, and the YAML that names it."""
    export(Request((data,), tmp_path / "out", "llava"))
    named = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())["datasets"]
    rows = json.loads(Path(named[1]["json_path"]).read_text())
    assert len({row["id"] for row in rows}) == len(rows)
    assert {key for row in rows for key in row} == {"id", "image", "conversations"}


def test_trl_rows_hold_their_images(data: Path, tmp_path: Path) -> None:
    """The `datasets` library decodes the images, and the message names one image and one text."""
    from datasets import load_dataset

    export(Request((data,), tmp_path / "out", "trl"))
    rows = load_dataset(
        "parquet", data_files=str(tmp_path / "out" / "radvqa_alignment.parquet"), split="train", cache_dir=str(tmp_path)
    )
    assert rows[0]["images"][0].size == (224, 224)
    assert [part["type"] for part in rows[0]["messages"][0]["content"]] == ["image", "text"]
    assert rows[0]["messages"][1]["role"] == "assistant"


def test_the_second_speaker_of_released_rows_is_the_assistant(data: Path, tmp_path: Path) -> None:
    """Released conversations call it "template"; no trainer knows that name."""
    export(Request((data,), tmp_path / "out", "llamafactory"))
    said = Counter(
        turn["from"] for row in lines(tmp_path / "out" / "radvqa_alignment.jsonl") for turn in row["conversations"]
    )
    assert set(said) == {"human", "gpt"}


def test_vqarad_and_slake_train_splits(tmp_path: Path) -> None:
    """Both are read in their own layout; SLAKE in English; a yes/no answer makes a closed question."""
    picture = (make_sample.SCANS / "brain1_axi_002.png").read_bytes()
    vqarad, slake = tmp_path / "vqa-rad", tmp_path / "SLAKE"
    (vqarad / "data").mkdir(parents=True)
    rows = [
        {"image": {"bytes": picture, "path": None}, "question": "is this a ct?", "answer": "No"},
        {"image": {"bytes": picture, "path": None}, "question": "what is shown?", "answer": "brain"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), vqarad / "data" / "train-00000-of-00001.parquet")
    write_slake(slake, picture, questions=2)
    done = export(Request((vqarad, slake), tmp_path / "out", "swift"))
    assert done.rows == {"vqarad": 2, "slake": 2}
    closed, opened = lines(tmp_path / "out" / "vqarad.jsonl")
    assert closed["messages"][0]["content"].endswith("'yes' or 'no'(no extra output).")
    assert opened["messages"][0]["content"].endswith("concisely.")
    phrase = lines(tmp_path / "out" / "slake.jsonl")[0]
    assert phrase["messages"][0]["content"].endswith("Answer the question using a single word or phrase.")


def write_slake(folder: Path, picture: bytes, questions: int) -> None:
    import zipfile

    folder.mkdir()
    row = {"img_name": "x/source.jpg", "question": "Which is bigger?", "answer": "Liver", "answer_type": "CLOSED"}
    rows = [{**row, "q_lang": "en", "qid": index} for index in range(questions)]
    (folder / "train.json").write_text(json.dumps([*rows, {**row, "q_lang": "zh", "qid": -1}]))
    with zipfile.ZipFile(folder / "imgs.zip", "w") as archive:
        archive.writestr("imgs/x/source.jpg", picture)


def renamed_benchmark(folder: Path, _: Path) -> str:
    """The benchmark's file under the name of a training file."""
    file = shaped_data.write_hub_copy(folder, shaped_data.table(side=8))
    (folder / "instruct").mkdir()
    file.rename(folder / "instruct" / "train-00000-of-00001.parquet")
    return "composition of RadImageNet-VQA's benchmark"


def renamed_built(folder: Path, data: Path) -> str:
    """A built benchmark under the name of a training file."""
    (folder / "instruct").mkdir(parents=True)
    shutil.copyfile(next(data.glob("benchmark/*")), folder / "instruct" / "train-00000-of-00001.parquet")
    return "a benchmark that was built to be asked"


def image_of_the_sample(folder: Path, data: Path) -> str:
    """One picture of the embedded sample among the training rows."""
    (folder / "instruct").mkdir(parents=True)
    rows = [
        *pq.read_table(data / "instruct" / "train-00000-of-00001.parquet").to_pylist()[:9],
        *pq.read_table(make_sample.TEST).to_pylist()[:9],
    ]
    pq.write_table(
        pa.Table.from_pylist(rows, schema=make_sample.SCHEMA), folder / "instruct" / "train-00000-of-00001.parquet"
    )
    return "9 rows to train on show images of a benchmark's test data"


def picture_of_the_sample(folder: Path, _: Path) -> str:
    """A benchmark image in another file: the same pixels, compressed otherwise."""
    [row] = pq.read_table(make_sample.TEST).slice(0, 1).to_pylist()
    again = io.BytesIO()
    Image.open(io.BytesIO(row["image"]["bytes"])).save(again, "TIFF")
    row["image"]["bytes"] = again.getvalue()
    (folder / "instruct").mkdir(parents=True)
    file = folder / "instruct" / "train-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist([row], schema=make_sample.SCHEMA), file)
    return "1 rows to train on show images of a benchmark's test data"


def vqarad_test(folder: Path, _: Path) -> str:
    """VQA-RAD's 451 test rows under the name of a training file."""
    (folder / "data").mkdir(parents=True)
    row = {"image": {"bytes": b"x", "path": None}, "question": "?", "answer": "yes"}
    pq.write_table(pa.Table.from_pylist([row] * 451), folder / "data" / "train-00000-of-00001.parquet")
    return "VQA-RAD's test split"


def slake_test(folder: Path, _: Path) -> str:
    """SLAKE's 1,061 English test questions in train.json."""
    write_slake(folder, b"x", questions=1061)
    return "SLAKE's test split"


@pytest.mark.parametrize(
    "make",
    [renamed_benchmark, renamed_built, image_of_the_sample, picture_of_the_sample, vqarad_test, slake_test],
)
def test_test_data_are_refused_under_any_name(data: Path, tmp_path: Path, make: Any) -> None:
    """One message, and no export is left behind."""
    expected = make(tmp_path / "spoilt", data)
    with pytest.raises(DataError, match=expected):
        export(Request((tmp_path / "spoilt",), tmp_path / "out", "llamafactory"))
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_a_held_out_copy_is_respected(data: Path, tmp_path: Path) -> None:
    """Images of a benchmark that is named are kept out too."""
    benchmark = tmp_path / "theirs.parquet"
    pq.write_table(pq.read_table(data / "instruct" / "val-00000-of-00001.parquet").slice(0, 9), benchmark)
    with pytest.raises(DataError, match="1 rows to train on"):
        export(Request((data,), tmp_path / "out", "swift", held_out=(benchmark,)))


def test_alternating_blocks_are_of_one_source(data: Path, tmp_path: Path) -> None:
    """Every block of the global batch is from one data set, both take turns, and no row is there twice."""
    picture = (make_sample.SCANS / "brain1_axi_002.png").read_bytes()
    write_slake(tmp_path / "SLAKE", picture, questions=70)
    out = tmp_path / "out"
    done = export(Request((data, tmp_path / "SLAKE"), out, "llamafactory", alternate=16))
    rows = (out / "alternating.jsonl").read_text().splitlines()
    slake = set((out / "slake.jsonl").read_text().splitlines())
    assert done.rows["alternating"] == len(rows) == 16 * (done.rows["radvqa_instruct"] // 16 + 70 // 16)
    blocks = [{row in slake for row in rows[first : first + 16]} for first in range(0, len(rows), 16)]
    assert all(len(block) == 1 for block in blocks)
    turns = [place for place, block in enumerate(blocks) if block == {True}]
    assert len(turns) == 4
    assert min(later - earlier for earlier, later in pairwise(turns)) > 10
    assert "alternating" in json.loads((out / "dataset_info.json").read_text())


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    """A folder with something in it is not touched."""
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(RunError, match="not empty"):
        export(Request((data,), tmp_path, "trl"))


def test_the_command_says_what_it_wrote(data: Path, tmp_path: Path) -> None:
    """Rows of every set; and a folder without training data is one message."""
    result = CliRunner().invoke(main, ["export", str(data), "--format", "trl", "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "radvqa_alignment: 132 rows" in result.output
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(main, ["export", str(tmp_path / "empty"), "--format", "trl", "-o", str(tmp_path / "o")])
    assert result.exit_code == 1
    assert "holds nothing to train on" in result.output
