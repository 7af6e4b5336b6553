"""Unpacking the images of a data set from its zip file."""

from __future__ import annotations

import errno
import os
import stat
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import config
from filelock import FileLock

from radimagenet_vqa_tasks.data import image_archive
from radimagenet_vqa_tasks.data.image_archive import unpack
from radimagenet_vqa_tasks.errors import DataError

NAMES = ["a/source.jpg", "b/source.jpg"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two images, and something that nobody asks for."""
    path = tmp_path / "imgs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in NAMES:
            opened.writestr(f"imgs/{name}", name * 1000)
        opened.writestr("imgs/a/mask.png", "mask")
        opened.writestr("../../outside.txt", "escaped")
    return path


def files_under(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix == ".jpg"}


def test_only_what_is_asked_for_is_unpacked_and_only_once(archive: Path, cache: Path) -> None:
    """Masks, and members that would leave the folder, are never written; the second time nothing is."""
    files = unpack(archive, NAMES, "imgs")
    assert {name: file.read_text() for name, file in files.items()} == {name: name * 1000 for name in NAMES}
    written = {file: file.stat().st_mtime_ns for file in files.values()}
    assert {file: file.stat().st_mtime_ns for file in unpack(archive, NAMES, "imgs").values()} == written
    assert len(files_under(cache)) == 2
    assert not list(cache.parent.rglob("outside.txt"))


def test_other_archive_has_another_folder(archive: Path, tmp_path: Path) -> None:
    """A corrected archive is not mistaken for the one unpacked before."""
    before = unpack(archive, NAMES, "imgs")["a/source.jpg"]
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as opened:
        for name in NAMES:
            opened.writestr(f"imgs/{name}", "other")
    assert unpack(tmp_path / "new.zip", NAMES, "imgs")["a/source.jpg"].read_text() == "other"
    assert before.read_text() == "a/source.jpg" * 1000


def test_a_forged_archive_has_another_folder(archive: Path, tmp_path: Path) -> None:
    """Two archives whose images have one CRC-32 and one size, which is made in no time, share nothing."""
    genuine, forged = b"plumless", b"buckeroo"  # the well-known pair
    assert zlib.crc32(genuine) == zlib.crc32(forged)
    found = []
    for name, content in (("forged.zip", forged), ("genuine.zip", genuine)):
        with zipfile.ZipFile(tmp_path / name, "w") as opened:
            opened.writestr("imgs/a.jpg", content)
        found.append(unpack(tmp_path / name, ["a.jpg"], "imgs")["a.jpg"].read_bytes())
    assert found == [forged, genuine]


@pytest.mark.parametrize("change", [lambda file: file.write_bytes(b"other"), lambda file: file.unlink()])
def test_an_image_that_has_changed_is_unpacked_again(archive: Path, change: Callable[[Path], object]) -> None:
    """What a disk or a hand has done to the cache is noticed when the images are used, and mended."""
    files = unpack(archive, NAMES, "imgs")
    change(files["b/source.jpg"])
    assert unpack(archive, NAMES, "imgs") == files
    assert {name: file.read_text() for name, file in files.items()} == {name: name * 1000 for name in NAMES}


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EIO, errno.ENOSYS])
def test_a_file_system_without_locks_is_done_without(
    archive: Path, monkeypatch: pytest.MonkeyPatch, warnings_said: list[str], code: int
) -> None:
    """Some network file systems cannot lock: the images are there, and one warning says so."""

    def refuses(self: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(FileLock, "_acquire", refuses)
    assert unpack(archive, NAMES, "imgs")["a/source.jpg"].is_file()
    assert len(warnings_said) == 1 and "cannot be locked" in warnings_said[0]


@pytest.mark.parametrize(
    "name", ["../b/source.jpg", "/etc/passwd", "a/../../x", "a\\b", "C:/x", "a//source.jpg", "a\0"]
)
def test_names_that_lead_elsewhere_are_refused(archive: Path, cache: Path, name: str) -> None:
    """The rows are hostile too: no name may point out of the folder."""
    with pytest.raises(DataError, match="leads out of the archive"):
        unpack(archive, [name], "imgs")
    assert not cache.exists()


def _link(opened: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("imgs/a/source.jpg")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    opened.writestr(member, "/etc/passwd")


def _bomb(opened: zipfile.ZipFile) -> None:
    opened.writestr("imgs/a/source.jpg", b"\0" * 3000)


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (_link, "is no plain file"),
        (_bomb, "would be 3,000 bytes"),
        (lambda opened: opened.writestr("imgs/c", ""), "lacks the image imgs/a/source.jpg"),
    ],
)
def test_hostile_members_are_refused(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, fill: Callable[[zipfile.ZipFile], None], said: str
) -> None:
    """Links, bombs and missing images end in one message, and leave nothing behind."""
    monkeypatch.setattr(image_archive, "LARGEST_IMAGE", 2000)
    with zipfile.ZipFile(tmp_path / "bad.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        fill(opened)
    with pytest.raises(DataError, match=said):
        unpack(tmp_path / "bad.zip", ["a/source.jpg"], "imgs")
    assert not cache.exists() or not files_under(cache)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"no zip", lambda data: b""])
def test_damaged_archive_is_one_message_with_a_remedy(
    archive: Path, cache: Path, damage: Callable[[bytes], bytes]
) -> None:
    """A download that stopped half-way says so, and what to do."""
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(DataError, match=r"imgs.zip cannot be unpacked .* copy it again, or remove it"):
        unpack(archive, NAMES, "imgs")
    assert not cache.exists() or not files_under(cache)


def test_damaged_member_leaves_nothing_behind(archive: Path, cache: Path) -> None:
    """A checksum that is wrong in the second image takes the first one back too."""
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as opened:
        start = opened.getinfo("imgs/b/source.jpg").header_offset
    data[start + 55] ^= 0xFF
    archive.write_bytes(bytes(data))
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(archive, NAMES, "imgs")
    assert not files_under(cache)


def test_processes_that_come_together_unpack_once(archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second waits, and takes what the first one made; nobody sees half a folder."""
    read, written = zipfile.ZipFile.read, []
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda self, member: written.append(member) or read(self, member))
    found: list[str] = []

    def look() -> None:
        found.append(unpack(archive, NAMES, "imgs")["b/source.jpg"].read_text())

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["b/source.jpg" * 1000] * 8
    assert len(written) == len(NAMES)
