"""Small copies of the questions' images, each once, and so many bytes in all that the page stays light."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.data.images import decode
from radimagenet_vqa_tasks.data.sources import Copies
from radimagenet_vqa_tasks.errors import DataError, RadVQAError
from radimagenet_vqa_tasks.report.answers import Question

# Pixels of the longer side and JPEG quality, from the best: the first with which all images fit.
RUNGS = ((320, 82), (320, 70), (224, 70), (224, 55), (192, 55), (160, 55), (128, 50), (96, 50), (64, 45), (48, 40))
PROBED = 32  # images from which the size of all is estimated
BASE64 = 4 / 3


@dataclass
class Pictures:
    """Images, none of them larger than a thumbnail may be, and which of them each question shows.

    Attributes:
        of: the numbers of a question's images.
        notes: what a reader must know of images that are missing.
    """

    images: list[Image.Image] = field(default_factory=list)
    of: dict[Question, list[int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def jpegs(self, budget: int) -> list[bytes]:
        """All images as JPEG, as good as `budget` characters of base64 allow; the last are left out if they must be.

        The same images and budget give the same bytes.
        """
        found: list[bytes] = []
        probe = self.images[:: max(1, len(self.images) // PROBED)]
        for rung in RUNGS:
            if rung != RUNGS[-1] and _weight(_encoded(probe, rung)) * len(self.images) > budget * len(probe):
                continue
            found = _encoded(self.images, rung)
            if _weight(found) <= budget:
                return found
        kept = sum(weight <= budget for weight in accumulate(map(_weight, ([jpeg] for jpeg in found))))
        return found[:kept]


def pictures_of(arms: Sequence[Arm], copies: Copies) -> Pictures:
    """The images of all questions of the arms; those that cannot be had are left out, with a note.

    Args:
        copies: local copies of data sets; what is not among them comes from the hub.
    """
    wanted: dict[tuple[str, bool], set[Question]] = {}
    for arm in arms:
        questions = wanted.setdefault((arm.benchmark.name, arm.is_sample), set())
        questions.update((record.fingerprint, record.key) for record in arm.records)
    found = Pictures()
    collect = _Collector(found)
    for (name, is_sample), questions in wanted.items():
        benchmark = BENCHMARKS[name]
        title = f"{benchmark.title}{' (the embedded sample)' if is_sample else ''}"
        try:
            rows = _rows(benchmark, None if is_sample else copies.get(benchmark.source.name), sample=is_sample)
        except RadVQAError as error:
            found.notes.append(f"There are no images of {title}: {error}")
            continue
        found.notes += collect.add(title, questions, rows)
    return found


def _rows(benchmark: Benchmark, data: Path | None, *, sample: bool) -> pa.Table:
    """The columns `fingerprint`, `key` and `images` of a benchmark. Raises RadVQAError where they cannot be had."""
    from radimagenet_vqa_tasks.data.rows import question_columns

    columns = question_columns(benchmark, data, sample=sample)
    return columns.select_columns(["fingerprint", "key", "images"]).with_format("arrow")[:]


class _Collector:
    """Takes each image once, whatever rows it recurs in."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._numbers: dict[bytes | str, int | None] = {}
        self._before: tuple[pa.Buffer, int | None] | None = None

    def add(self, title: str, wanted: Collection[Question], rows: pa.Table) -> list[str]:
        """Take the images of these questions; gives a sentence for what is missing of them."""
        of = self._pictures.of
        damaged = 0
        questions = zip(rows["fingerprint"].to_pylist(), rows["key"].to_pylist(), strict=True)
        for question, cells in zip(questions, _cells(rows["images"]), strict=True):
            if question in wanted and question not in of:
                numbers = [self._number(buffer, path, question[1]) for buffer, path in cells]
                damaged += None in numbers
                of[question] = [number for number in numbers if number is not None]
        missing = sum(question not in of for question in wanted)
        if missing == len(wanted):
            return [f"There are no images of {title}: the data at hand are not those that the runs were asked about."]
        said = [f"Of {title}, the data at hand lack {missing:,} questions."] if missing else []
        return said + ([f"Of {title}, images of {damaged:,} questions cannot be decoded."] if damaged else [])

    def _number(self, buffer: pa.Buffer | None, path: str | None, key: str) -> int | None:
        # Nine rows in a row hold the same image: comparing is faster than a digest.
        if buffer is not None and self._before and buffer.equals(self._before[0]):
            return self._before[1]
        name = path or "" if buffer is None else hashlib.blake2b(buffer, digest_size=16).digest()
        if name not in self._numbers:
            stored = None if buffer is None else buffer.to_pybytes()
            self._numbers[name] = self._taken({"bytes": stored, "path": path}, key)
        if buffer is not None:
            self._before = buffer, self._numbers[name]
        return self._numbers[name]

    def _taken(self, cell: dict[str, Any], key: str) -> int | None:
        try:
            image = decode(cell, key)
        except DataError:
            return None
        channels = image.split()
        image = channels[0] if all(one.tobytes() == channels[0].tobytes() for one in channels[1:]) else image
        image.thumbnail((RUNGS[0][0], RUNGS[0][0]), Image.Resampling.LANCZOS)
        self._pictures.images.append(image)
        return len(self._pictures.images) - 1


def _cells(images: pa.ChunkedArray) -> Iterator[list[tuple[pa.Buffer | None, str | None]]]:
    """Each row's images as they are stored, without a copy: their bytes, or where there are none their files' paths."""
    for chunk in images.chunks:
        flat = chunk.flatten()
        stored, paths = pc.struct_field(flat, "bytes"), pc.struct_field(flat, "path")
        at = 0
        for count in pc.fill_null(pc.list_value_length(chunk), 0).to_pylist():
            yield [(stored[index].as_buffer(), paths[index].as_py()) for index in range(at, at + count)]
            at += count


def _encoded(images: Sequence[Image.Image], rung: tuple[int, int]) -> list[bytes]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(partial(_jpeg, rung=rung), images))


def _jpeg(image: Image.Image, rung: tuple[int, int]) -> bytes:
    side, quality = rung
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    with io.BytesIO() as file:
        small.save(file, "JPEG", quality=quality, optimize=True)
        return file.getvalue()


def _weight(jpegs: Sequence[bytes]) -> float:
    """Characters in base64, with the quotes and commas between them."""
    return sum(len(jpeg) * BASE64 + 7 for jpeg in jpegs)
