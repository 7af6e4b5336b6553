"""`radvqa questions`: what it writes is what models get, and nothing that gives an answer away."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, PngImagePlugin

from radimagenet_vqa_tasks.benchmarks.radvqa import BENCHMARK, CELLS
from radimagenet_vqa_tasks.data.images import GREY
from radimagenet_vqa_tasks.data.rows import PACKAGE
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.run.catalogue import chosen
from radimagenet_vqa_tasks.run.questions import export
from radimagenet_vqa_tasks.scoring.record import ARMS
from radimagenet_vqa_tasks.tasks import tasks_of

PLANTED = "PLANTED-ANSWER"


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "questions.jsonl").open(encoding="utf-8")]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sample's questions in all five arms."""
    folder = tmp_path_factory.mktemp("questions")
    arms = ("", "_textonly", "_told", "_blank", "_swapped")
    export(chosen(",".join(f"radvqa_sample{arm}" for arm in arms)).values(), {}, folder)
    yield folder


def test_all_arms_are_written_and_images_are_shared(sample: Path) -> None:
    """Forty images and a grey one serve 1,800 lines: blank is grey, swapped another picture, two arms have none."""
    by_arm: dict[str, dict[str, list[str]]] = {}
    for one in lines_of(sample):
        assert set(one) == {"key", "arm", "task", "prompt", "choices", "images"}
        by_arm.setdefault(one["arm"], {})[one["key"]] = one["images"]
    assert {arm: len(keys) for arm, keys in by_arm.items()} == dict.fromkeys(
        ("image", "textonly", "told", "blank", "swapped"), 40 * len(CELLS)
    )
    assert {len(images) for arm in ("textonly", "told") for images in by_arm[arm].values()} == {0}
    assert all(by_arm["image"][key] != images and len(images) == 1 for key, images in by_arm["swapped"].items())
    [grey] = {name for images in by_arm["blank"].values() for name in images}
    with Image.open(sample / grey) as image:
        assert image.getcolors() == [(image.width * image.height, GREY)]
    assert len(list((sample / "images").iterdir())) == 41


def test_writing_again_changes_nothing(sample: Path, tmp_path: Path) -> None:
    """Names follow from the pixels: the same questions are the same files, and writing over them is safe."""
    for _ in range(2):
        export(chosen("radvqa_sample_anatomy_mc").values(), {}, tmp_path)
        of_task = [one for one in lines_of(sample) if one["task"] == "radvqa_sample_anatomy_mc"]
        assert lines_of(tmp_path) == of_task
        assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "questions.jsonl"]


@cache
def planted(image: bytes) -> bytes:
    """The same pixels with words beside them."""
    said, out = PngImagePlugin.PngInfo(), io.BytesIO()
    said.add_text("Description", PLANTED)
    Image.open(io.BytesIO(image)).save(out, "PNG", pnginfo=said)
    assert PLANTED.encode() in out.getvalue()
    return out.getvalue()


def test_answers_never_leave(tmp_path: Path) -> None:
    """Words planted in answers and image files are in no file that is written, in any arm."""
    assert BENCHMARK.embedded is not None
    table = pq.read_table(PACKAGE / BENCHMARK.embedded.file)
    rows = table.to_pylist()
    for row in rows:
        row["image"]["bytes"] = planted(row["image"]["bytes"])
        if row["question_type"] == "open":
            row["answer"] = f"{PLANTED} {row['answer']}"
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), tmp_path / "planted.parquet")
    tampered = replace(BENCHMARK, embedded=replace(BENCHMARK.embedded, file=str(tmp_path / "planted.parquet")))
    tasks = [task for arm in ARMS for task in tasks_of(tampered, arm, sample=True)]
    found = export(tasks, {}, tmp_path / "out")
    assert (found.questions, found.images) == (5 * len(rows), 41)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == found.images + 1
    for path in files:
        text = path.read_bytes() + path.name.encode()
        assert PLANTED.encode() not in text


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    """The error names the folder and the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be written to .*Choose another folder with -o"):
        export(chosen("radvqa_sample_anatomy_mc").values(), {}, tmp_path / "file" / "q")
