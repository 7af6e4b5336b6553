"""Alternating sampling (arXiv 2512.17396, section 4.3.3): every batch from one data set, the sets taking turns.

Trainers interleave data sets row by row. Where the rows of one file lie in blocks of one global batch, each from one
data set, and the trainer is told to shuffle nothing, every batch that it makes is from one data set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from radimagenet_vqa_tasks.errors import DataError


def alternate(files: Sequence[Path], out: Path, batch: int, seed: int) -> int:
    """Write the lines of `files` into `out` in blocks of `batch`; returns how many.

    Each file's lines are shuffled by `seed`, cut into blocks (what is left over is not used), and the blocks of all
    files spread evenly over the whole. Raises DataError where a file has not one whole block.
    """
    blocks = []
    for file in files:
        order = _shuffled(_lines(file), f"{seed}\x1f{file.name}")
        count = len(order) // batch
        if not count:
            raise DataError(f"{file.stem} has {len(order)} rows, fewer than one batch of {batch}.")
        blocks += [((place + 0.5) / count, file, order[place * batch :][:batch]) for place in range(count)]
    blocks.sort(key=lambda block: (block[0], block[1].name))
    opened = {file: file.open("rb") for file in files}
    try:
        with out.open("wb") as lines:
            for _, file, offsets in blocks:
                for offset in offsets:
                    opened[file].seek(offset)
                    lines.write(opened[file].readline())
    finally:
        for handle in opened.values():
            handle.close()
    return len(blocks) * batch


def _lines(file: Path) -> list[int]:
    """Where each line begins."""
    offsets, here = [], 0
    with file.open("rb") as lines:
        for line in lines:
            offsets.append(here)
            here += len(line)
    return offsets


def _shuffled(offsets: Sequence[int], salt: str) -> list[int]:
    return sorted(offsets, key=lambda offset: hashlib.sha256(f"{salt}\x1f{offset}".encode()).digest())
