"""Images that a data set keeps in one tar file, compressed with zstd and cut into parts.

Such a stream can only be read from its beginning. So it is read once: the images that are asked for are put below a
cache folder while it passes, under their own names, and that folder is the index from then on. Only what is not there
yet costs another pass, which ends at the last image found. A folder that is unpacked already is used as it is.

The archive is hostile input, as in `data/image_archive.py`: only plain members of asked-for names are taken.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from loguru import logger

from radimagenet_vqa_tasks.data.image_archive import LARGEST_IMAGE, cache, check_name
from radimagenet_vqa_tasks.data.locking import held
from radimagenet_vqa_tasks.errors import DataError

_HEAD = 65_536  # bytes of each part that tell archives apart, beside their sizes


def images(place: Path, pattern: str, names: Sequence[str], folder: str) -> Mapping[str, Path]:
    """The files of the images `names`, below `folder` in the archive whose parts, or whose content, are in `place`.

    Raises DataError where one is missing, or the archive is damaged or holds something that is no plain small file.
    """
    for name in names:
        check_name(name)
    unpacked = place / folder
    if not unpacked.is_dir():
        unpacked = _unpacked([part for part in sorted(place.glob(pattern)) if part.is_file()], names, folder)
    missing = [name for name in names if not (unpacked / name).is_file()]
    if missing:
        raise DataError(
            f"{place} lacks {len(missing):,} of {len(names):,} images, {folder}/{missing[0]} for one. Copy or fetch "
            "the rest."
        )
    return {name: unpacked / name for name in names}


def _unpacked(parts: Sequence[Path], names: Sequence[str], folder: str) -> Path:
    target = cache() / _identity(parts)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with held(target.with_name(f"{target.name}.lock")):
            wanted = {f"{folder}/{name}": target / name for name in names if not (target / name).is_file()}
            if wanted:
                logger.warning(f"reading {parts[0]} and the parts after it once for {len(wanted):,} images")
                _take(parts, wanted)
    except (tarfile.TarError, EOFError, OSError) as error:  # pyarrow's errors of a stream are OSErrors
        raise DataError(
            f"the images in {parts[0]} and the parts after it cannot be unpacked ({error}). If one is damaged or "
            f"missing, copy it again. The images are unpacked into {target}, where there must be room."
        ) from error
    return target


def _identity(parts: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as opened:
            digest.update(repr((part.name, os.stat(part).st_size, opened.read(_HEAD))).encode())
    return f"images-{digest.hexdigest()[:16]}"


def _take(parts: Sequence[Path], wanted: dict[str, Path]) -> None:
    """Write the wanted members to their paths; those that are not there stay wanted."""
    with _stream(parts) as stream, tarfile.open(fileobj=stream, mode="r|") as opened:
        while wanted and (member := opened.next()):
            # They would pile up: a large archive has hundreds of thousands. (The type stubs do not know them.)
            opened.members.clear()  # type: ignore[attr-defined]
            path = wanted.pop(member.name.removeprefix("./"), None)
            if path:
                _write(opened, member, path)


def _write(opened: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = opened.extractfile(member) if member.isreg() else None
    if content is None or member.size > LARGEST_IMAGE:
        raise DataError(f"{member.name} in the archive is no plain file of at most {LARGEST_IMAGE:,} bytes.")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(content.read())
    unfinished.replace(path)


@contextmanager
def _stream(parts: Sequence[Path]) -> Iterator[Any]:
    with io.BufferedReader(_Joined(parts), 1 << 20) as joined, pa.CompressedInputStream(joined, "zstd") as stream:
        yield stream


class _Joined(io.RawIOBase):
    """Files one after the other, as one."""

    def __init__(self, parts: Sequence[Path]) -> None:
        self._left = list(parts)
        self._opened: io.BufferedReader | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._opened or self._left:
            self._opened = self._opened or self._left.pop(0).open("rb")
            if count := self._opened.readinto(buffer):
                return count
            self._opened.close()
            self._opened = None
        return 0

    def close(self) -> None:
        if self._opened:
            self._opened.close()
        super().close()
