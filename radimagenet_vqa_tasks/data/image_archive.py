"""Images that a data set keeps in a zip file: those that its questions are about, unpacked once into a cache folder.

A zip file is hostile input. Only the members that the rows name are taken, each to a path made here, and none may be
a link, lead out of the folder or be larger than a picture. The folder is named after the SHA-256 of the archive, so
that another archive has another folder; it appears as a whole or not at all, however many processes want it at once.
Beside it is the SHA-256 of each image: what has changed since it was unpacked is unpacked again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from datasets import config

from radimagenet_vqa_tasks.data.locking import held
from radimagenet_vqa_tasks.errors import DataError

LARGEST_IMAGE = 50_000_000  # bytes; the largest slice of SLAKE has less than one hundredth of it
LARGEST_FOLDER = 2_000_000_000

_ENCRYPTED = 0x1


def unpack(archive: Path, names: Sequence[str], folder: str) -> Mapping[str, Path]:
    """The files of the images `names`, which lie under `folder` in the archive; unpacked unless they already are.

    Raises DataError where the archive is damaged, lacks an image or holds something that is no plain small file.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = {name: _member(opened, archive, name, folder) for name in names}
            place = cache() / _identity(archive, names, folder)
            if not _is_sound(place, names):
                _unpack(opened, members, place)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise DataError(
            f"the images in {archive} cannot be unpacked ({error}). If it is damaged, copy it again, or remove it so "
            f"that it is fetched again. The images are unpacked into {cache()}, where there must be room."
        ) from error
    return {name: place / name for name in names}


def _member(opened: zipfile.ZipFile, archive: Path, name: str, folder: str) -> zipfile.ZipInfo:
    """The archive's entry of an image, after every check that needs no reading."""
    check_name(name)
    try:
        found = opened.getinfo(f"{folder}/{name}")
    except KeyError:
        raise DataError(f"{archive} lacks the image {folder}/{name}. Fetch the archive again.") from None
    kind = stat.S_IFMT(found.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or found.is_dir() or found.flag_bits & _ENCRYPTED:
        raise DataError(f"{folder}/{name} in {archive} is no plain file. Fetch the archive again.")
    if found.file_size > LARGEST_IMAGE:
        raise DataError(f"{folder}/{name} in {archive} would be {found.file_size:,} bytes: that is no image.")
    return found


def check_name(name: str) -> None:
    """Raise DataError where an image's name could lead out of the folder that it is in."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or ":" in name or str(path) != name:
        raise DataError(f"the image name {name!r} leads out of the archive's folder. Fetch the data set again.")


def _identity(archive: Path, names: Sequence[str], folder: str) -> str:
    # Not the checksums that a zip file states: they are CRC-32, for which another content is made in no time.
    digest = hashlib.sha256(repr((folder, sorted(names))).encode("utf-8", "surrogatepass"))
    with archive.open("rb") as opened:
        while piece := opened.read(1 << 20):
            digest.update(piece)
    return f"images-{digest.hexdigest()[:32]}"


def _checksums(place: Path) -> Path:
    return place.with_name(f"{place.name}.sha256.json")


def _is_sound(place: Path, names: Sequence[str]) -> bool:
    """Whether the folder holds these images as they were unpacked; a disk or a hand may have changed them since."""
    try:
        digests = json.loads(_checksums(place).read_text(encoding="utf-8"))
        return all(hashlib.sha256((place / name).read_bytes()).hexdigest() == digests[name] for name in names)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def cache() -> Path:
    """The folder that all unpacked images are below."""
    return Path(config.HF_DATASETS_CACHE) / "radimagenet_vqa_tasks"


def _unpack(opened: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], place: Path) -> None:
    if sum(member.file_size for member in members.values()) > LARGEST_FOLDER:
        raise DataError(f"the images in {opened.filename} would take more than {LARGEST_FOLDER:,} bytes.")
    place.parent.mkdir(parents=True, exist_ok=True)
    with held(place.with_name(f"{place.name}.lock")):
        if _is_sound(place, list(members)):
            return  # another process was faster
        unfinished = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-"))
        digests = {}
        try:
            for name, member in members.items():
                target = unfinished / name
                target.parent.mkdir(parents=True, exist_ok=True)
                # zipfile stops at the size that the archive states, and compares the checksum.
                content = opened.read(member)
                target.write_bytes(content)
                digests[name] = hashlib.sha256(content).hexdigest()
            shutil.rmtree(place, ignore_errors=True)
            _checksums(place).write_text(json.dumps(digests), encoding="utf-8")
            unfinished.chmod(0o755)
            unfinished.rename(place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
