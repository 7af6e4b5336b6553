"""Thumbnails: each image once, from the data that the runs were asked about, within their budget."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from runs_support import DATA, arm, record

from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.report import thumbnails
from radimagenet_vqa_tasks.report.thumbnails import RUNGS, Pictures, pictures_of

KEY = "image0:anatomy_open"
ARM = arm(found=[record(0, "anatomy_open"), record(0, "anatomy_mc"), record(1, "anatomy_open")])


def picture(colour: tuple[int, int, int] = (90, 90, 90), size: tuple[int, int] = (64, 48)) -> bytes:
    """A PNG of one colour."""
    with io.BytesIO() as file:
        Image.new("RGB", size, colour).save(file, "PNG")
        return file.getvalue()


def row(key: str, *images: bytes | None, path: str | None = None, fingerprint: str = DATA) -> dict[str, Any]:
    """One question of a data set."""
    return {"fingerprint": fingerprint, "key": key, "images": [{"bytes": one, "path": path} for one in images]}


def found(monkeypatch: pytest.MonkeyPatch, *rows: dict[str, Any]) -> Pictures:
    """The pictures of ARM from a data set of these rows."""
    image = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    table = pa.Table.from_pylist(
        list(rows), pa.schema([("fingerprint", pa.string()), ("key", pa.string()), ("images", image)])
    )
    monkeypatch.setattr(thumbnails, "_rows", lambda family, data, sample: table)
    return pictures_of([ARM], {})


def test_image_of_several_questions_is_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions about one image share it, next to each other in the data or not; other images are others."""
    one, other = picture(), picture((200, 0, 0))
    pictures = found(monkeypatch, row(KEY, one), row("image1:anatomy_open", other), row("image0:anatomy_mc", one))
    assert pictures.of == {(DATA, KEY): [0], (DATA, "image1:anatomy_open"): [1], (DATA, "image0:anatomy_mc"): [0]}
    assert not pictures.notes


def test_question_can_have_several_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """All images of a question are there, in their order."""
    pictures = found(monkeypatch, row(KEY, picture((1, 2, 3)), picture((4, 5, 6))), row(KEY + "x", picture()))
    assert pictures.of == {(DATA, KEY): [0, 1]}
    assert pictures.notes == ["Of RadImageNet-VQA, the data at hand lack 2 questions."]


def test_image_in_a_file_is_read_from_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A data set that names files instead of holding bytes has images too."""
    (tmp_path / "scan.png").write_bytes(picture())
    pictures = found(monkeypatch, row(KEY, None, path=str(tmp_path / "scan.png")))
    assert pictures.of[DATA, KEY] == [0]
    assert pictures.images[0].size == (64, 48)


def test_other_data_give_no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the fingerprint is another, a key may be of another image: nothing is shown, and the page says why."""
    pictures = found(monkeypatch, row(KEY, picture(), fingerprint="other"))
    assert not pictures.of
    assert "not those that the runs were asked about" in pictures.notes[0]


def test_damaged_images_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that cannot be decoded costs itself only."""
    rows = [row(KEY, b"no image"), row("image0:anatomy_mc", picture()[:-30]), row("image1:anatomy_open", picture())]
    pictures = found(monkeypatch, *rows)
    assert [len(numbers) for numbers in pictures.of.values()] == [0, 0, 1]
    assert pictures.notes == ["Of RadImageNet-VQA, images of 2 questions cannot be decoded."]


def test_data_that_cannot_be_had_cost_only_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gated or missing data set is a note with the remedy, not an error."""

    def refused(family: str, data: Path | None, *, sample: bool) -> pa.Table:
        raise RunError("it is gated: log in.")

    monkeypatch.setattr(thumbnails, "_rows", refused)
    assert pictures_of([ARM], {}).notes == ["There are no images of RadImageNet-VQA: it is gated: log in."]


def test_local_copy_and_sample_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A local copy is for the benchmark's questions; the sample's images come from the package whatever is named."""
    asked: list[tuple[str, Path | None, bool]] = []

    def refused(benchmark: Benchmark, data: Path | None, *, sample: bool) -> pa.Table:
        asked.append((benchmark.name, data, sample))
        raise RunError("no.")

    monkeypatch.setattr(thumbnails, "_rows", refused)
    pictures_of([ARM, replace(ARM, is_sample=True)], {"radvqa": Path("copy")})
    assert asked == [("radvqa", Path("copy"), False), ("radvqa", None, True)]


def test_grey_stays_grey_and_colour_stays_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans are stored in one channel, which is smaller; a coloured image keeps its colours."""
    pictures = found(monkeypatch, row(KEY, picture(), picture((200, 30, 30))))
    modes = [Image.open(io.BytesIO(jpeg)).mode for jpeg in pictures.jpegs(10**6)]
    assert modes == ["L", "RGB"]


def noise(count: int, side: int = 400) -> Pictures:
    """Images that JPEG can hardly compress."""
    random = np.random.default_rng(0)
    return Pictures([Image.fromarray(random.integers(0, 255, (side, side), np.uint8)) for _ in range(count)])


@pytest.mark.parametrize("budget", [400_000, 100_000, 40_000])
def test_images_keep_within_their_budget(budget: int) -> None:
    """As the budget shrinks, so do the thumbnails, until all fit."""
    jpegs = noise(12).jpegs(budget)
    assert len(jpegs) == 12
    assert sum(len(jpeg) * 4 / 3 for jpeg in jpegs) <= budget


def test_images_that_cannot_fit_are_left_out() -> None:
    """Not even the smallest thumbnails of all fit: the first of them do."""
    jpegs = noise(40).jpegs(4_000)
    assert 0 < len(jpegs) < 40
    assert sum(len(jpeg) * 4 / 3 for jpeg in jpegs) <= 4_000


def test_larger_budget_gives_better_images() -> None:
    """Room is used: no image is smaller than it has to be, nor larger than it was."""
    small, large = (Image.open(io.BytesIO(noise(4).jpegs(budget)[0])) for budget in (20_000, 10**7))
    assert small.width < large.width == RUNGS[0][0]
    tiny = Pictures([Image.new("L", (20, 10))])
    assert Image.open(io.BytesIO(tiny.jpegs(10**6)[0])).size == (20, 10)
