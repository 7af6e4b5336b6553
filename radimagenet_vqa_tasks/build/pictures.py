"""What a picture is told by: its pixels, a hash that forgives small changes, and whether there is anything on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from tqdm import tqdm

from radimagenet_vqa_tasks.data.images import decode
from radimagenet_vqa_tasks.errors import DataError, RunError

NEAR = 4
"""Bits of 64 in which the perceptual hashes of near duplicates may differ."""

BLANK = 0.999
"""A picture is blank where so large a share of its pixels has one grey value, give or take one."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture; `pixels` is equal for equal pixels whatever the file, `look` is 64 bits, near for near pictures."""

    name: str
    pixels: bytes
    look: int
    blank: bool


def picture(name: str, content: bytes) -> Picture:
    """Look at an image file. Raises DataError, naming it, where it cannot be decoded."""
    try:
        image = decode({"bytes": content, "path": name}, name)
    except DataError as error:
        raise DataError(f"the image {name} cannot be decoded: {error.__cause__}. Fetch it again.") from error
    grey = image.convert("L")
    return Picture(name, pixels(image), _look(grey), _is_blank(grey))


def pixels(image: Image.Image) -> bytes:
    """Sixteen bytes that are equal for equal pixels."""
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).digest()[:16]


def _look(grey: Image.Image) -> int:
    bits = imagehash().phash(grey).hash.flatten()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def imagehash() -> Any:
    """The library of perceptual hashes. Raises RunError where it is not installed."""
    try:
        import imagehash as library
    except ImportError as error:
        raise RunError(
            "looking for duplicates needs the library imagehash. Run: pip install 'radimagenet-vqa-tasks[build]'"
        ) from error
    return library


def _is_blank(grey: Image.Image) -> bool:
    counts = np.asarray(grey.histogram())
    around = np.convolve(counts, (1, 1, 1), mode="same")
    return bool(around.max() >= BLANK * counts.sum())


_Task = TypeVar("_Task")


def look_at(
    tasks: Sequence[_Task], look: Callable[[_Task], list[Picture]], total: int, workers: int | None
) -> Iterator[Picture]:
    """The pictures of all tasks, in their order, by several processes and with progress."""
    imagehash()
    with tqdm(total=total, unit=" images", desc="looking at", mininterval=1) as progress:
        for pictures in _mapped(tasks, look, workers):
            progress.update(len(pictures))
            yield from pictures


def _mapped(
    tasks: Sequence[_Task], look: Callable[[_Task], list[Picture]], workers: int | None
) -> Iterable[list[Picture]]:
    if workers == 1 or len(tasks) < 2:
        yield from map(look, tasks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(look, tasks)


def files(task: tuple[Path, Sequence[str]]) -> list[Picture]:
    """The pictures of some files below a folder."""
    root, names = task
    return [picture(name, _read(root / name)) for name in names]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"the image {file} cannot be read: {error.strerror}.") from error


def near(looks: Sequence[int], others: Sequence[int]) -> list[tuple[int, int]]:
    """The pairs (place in `looks`, place in `others`) that differ in at most `NEAR` bits."""
    if not looks or not others:
        return []
    mine, theirs = np.array(looks, np.uint64), np.array(others, np.uint64)
    pairs = []
    for place, look in enumerate(mine):
        hits = np.flatnonzero(np.bitwise_count(theirs ^ look) <= NEAR) if hasattr(np, "bitwise_count") else None
        if hits is None:  # numpy before 2
            hits = np.flatnonzero(np.unpackbits((theirs ^ look).view(np.uint8).reshape(-1, 8), axis=1).sum(1) <= NEAR)
        pairs += [(place, int(hit)) for hit in hits]
    return pairs
