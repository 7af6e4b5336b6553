"""Images from a tar file that is compressed and cut into parts."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import config

from radimagenet_vqa_tasks.data import split_archive
from radimagenet_vqa_tasks.data.split_archive import images
from radimagenet_vqa_tasks.errors import DataError

PATTERN = "pictures.part*"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Three images, a link, and something outside, in parts of 100 bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("./pictures/a/1.png", "pictures/a/2.png", "../../outside.txt", "pictures/b/3.png"):
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
        link = tarfile.TarInfo("pictures/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    packed = pa.Codec("zstd").compress(buffer.getvalue(), asbytes=True)
    for number, start in enumerate(range(0, len(packed), 100)):
        (tmp_path / f"pictures.part{number:02}").write_bytes(packed[start : start + 100])
    assert number >= 1
    return tmp_path


def test_parts_are_read_once_for_each_image(place: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is asked for is unpacked; what is there already costs no other pass."""
    found = images(place, PATTERN, ["a/2.png"], "pictures")
    assert found["a/2.png"].read_text() == "pictures/a/2.png"
    both = images(place, PATTERN, ["a/1.png", "a/2.png"], "pictures")
    assert both["a/1.png"].read_text() == "./pictures/a/1.png"
    assert len([path for path in cache.rglob("*") if path.is_file() and path.suffix == ".png"]) == 2
    monkeypatch.setattr(split_archive, "_take", lambda *_: pytest.fail("the archive was read again"))
    assert images(place, PATTERN, ["a/1.png", "a/2.png"], "pictures") == both
    assert not list(place.rglob("outside.txt"))


def test_unpacked_folder_is_used_as_it_is(place: Path, cache: Path) -> None:
    """Whoever has unpacked the archive needs no second copy."""
    (place / "pictures").mkdir()
    (place / "pictures" / "x.png").write_text("x")
    assert images(place, PATTERN, ["x.png"], "pictures") == {"x.png": place / "pictures" / "x.png"}
    assert not cache.exists()


def test_missing_and_hostile_members_are_faults(place: Path) -> None:
    """A name that is not there, a link, and a name that leads elsewhere."""
    with pytest.raises(DataError, match=r"lacks 1 of 1 images, pictures/c.png"):
        images(place, PATTERN, ["c.png"], "pictures")
    with pytest.raises(DataError, match="link.png in the archive is no plain file"):
        images(place, PATTERN, ["link.png"], "pictures")
    with pytest.raises(DataError, match="leads out"):
        images(place, PATTERN, ["../../outside.txt"], "pictures")


def test_lost_part_is_explained(place: Path) -> None:
    """Without its end, or with a part that is something else, the archive cannot be read."""
    last = max(place.glob(PATTERN))
    last.write_bytes(b"\0" * 100)
    with pytest.raises(DataError, match="cannot be unpacked|lacks"):
        images(place, PATTERN, ["b/3.png"], "pictures")
