"""Keeps test data out of training: what is told by its name, by its composition, and by its images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from radimagenet_vqa_tasks.build.pictures import pixels
from radimagenet_vqa_tasks.data.images import decode
from radimagenet_vqa_tasks.data.provenance import built
from radimagenet_vqa_tasks.errors import DataError

# What the benchmarks' test splits are told by, whatever they are called: rows, images and normal images of
# RadImageNet-VQA's; rows of VQA-RAD's; English questions of SLAKE's.
RADVQA_TEST = (9000, 1000, 281)
VQARAD_TEST = 451
SLAKE_TEST = 1061

SHOWN = 3
_BATCH = 100  # rows in memory at a time


def refuse_files(parquet: Sequence[Path]) -> None:
    """Raise DataError if these files of one split are a benchmark's test split."""
    for file in parquet:
        said = built(file)
        if said and said.get("config") == "benchmark":
            raise DataError(f"{file} is a benchmark that was built to be asked, whatever its name. It is not exported.")
    rows = sum(pq.ParquetFile(file).metadata.num_rows for file in parquet)
    names = pq.ParquetFile(parquet[0]).schema_arrow.names
    if names == ["image", "question", "answer"] and rows == VQARAD_TEST:
        raise DataError(f"{parquet[0]} has the {rows} rows of VQA-RAD's test split. Test data are never exported.")
    if rows == RADVQA_TEST[0] and "question_type" in names and _composition(parquet) == RADVQA_TEST[1:]:
        raise DataError(
            f"{parquet[0]} has the composition of RadImageNet-VQA's benchmark (1,000 images, 281 normal), whatever its "
            "name. Test data are never exported."
        )


def _composition(parquet: Sequence[Path]) -> tuple[int, int]:
    """Images, and normal ones among them."""
    images: dict[str, bool] = {}
    for file in parquet:
        table = pq.ParquetFile(file).read(columns=["image.path", "metadata.pathology"])
        paths = pc.struct_field(table["image"], "path").to_pylist()
        pathologies = pc.struct_field(table["metadata"], "pathology").to_pylist()
        images |= {path: pathology == "normal" for path, pathology in zip(paths, pathologies, strict=True)}
    return len(images), sum(images.values())


def refuse_slake(file: Path, english: Sequence[Mapping[str, Any]]) -> None:
    """Raise DataError if these rows are SLAKE's test split."""
    if len(english) == SLAKE_TEST:
        raise DataError(f"{file} has the {SLAKE_TEST:,} English questions of SLAKE's test split. It is not exported.")


@dataclass
class HeldOut:
    """The images that may not be trained on, by their pixels: another file of the same picture is the same.

    VQA-RAD's splits share images on purpose: of its test split, and of any that has no more than question and answer,
    the rows are kept out and not the images.
    """

    images: dict[bytes, str] = field(default_factory=dict)
    rows: dict[bytes, str] = field(default_factory=dict)

    def add(self, copy: Path) -> None:
        """Add a local copy of a benchmark: a Parquet file, or a folder with benchmark/ or data/test-* in it."""
        found = [copy] if copy.is_file() else [*copy.glob("benchmark/*.parquet"), *copy.glob("data/test-*.parquet")]
        if not found and copy.is_dir():
            found = [*copy.glob("*.parquet")]
        if not found:
            raise DataError(f"{copy} holds no Parquet file of a benchmark. Name the file, or the folder of a download.")
        for file in found:
            self._add_file(file)

    def add_own(self, data: Path) -> None:
        """Add the benchmark that is in the same folder as the training data, and the embedded sample."""
        for file in [*data.glob("benchmark/*.parquet"), *data.glob("data/test-*.parquet")]:
            self._add_file(file)
        with as_file(files("radimagenet_vqa_tasks.sample").joinpath("test.parquet")) as sample:
            self._add_file(sample)

    def _add_file(self, file: Path) -> None:
        parquet = pq.ParquetFile(file)
        by_row = parquet.schema_arrow.names == ["image", "question", "answer"]
        for batch in parquet.iter_batches(_BATCH, columns=["image", "question", "answer"]):
            for row in batch.to_pylist():
                image = picture_hash(row["image"]["bytes"] or b"")
                if by_row:
                    self.rows[_row_hash(image, row["question"], row["answer"])] = str(file)
                else:
                    self.images[image] = str(file)

    def guard(self, examples: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        """The examples. Raises DataError, when all have been looked at, if there were test images among them."""
        caught: list[str] = []
        for example in examples():
            image = picture_hash(example.image)
            source = self.images.get(image) or self._same_row(image, example)
            if source:
                caught.append(f"{example.key} ({source})")
            yield example
        _refuse(caught)

    def _same_row(self, image: bytes, example: Any) -> str | None:
        if not self.rows:
            return None
        question = example.said.split("\nPlease ")[0]
        return self.rows.get(_row_hash(image, question, example.answer))


@lru_cache(maxsize=1)  # rows that follow each other often have the same image
def image_hash(content: bytes) -> bytes:
    """What an image file is told by."""
    return hashlib.sha256(content).digest()[:16]


@lru_cache(maxsize=1)
def picture_hash(content: bytes) -> bytes:
    """What a picture is told by, whatever file it is in: its pixels. Of a file that is no picture, its bytes."""
    try:
        return pixels(decode({"bytes": content, "path": None}, ""))
    except DataError:
        return image_hash(content)


def _row_hash(image: bytes, question: str, answer: str) -> bytes:
    text = "\x1f".join((question.strip().casefold(), answer.strip().casefold()))
    return hashlib.sha256(image + text.encode()).digest()[:16]


def _refuse(caught: Iterable[str]) -> None:
    found = list(caught)
    if found:
        raise DataError(
            f"{len(found):,} rows to train on show images of a benchmark's test data: {', '.join(found[:SHOWN])}"
            f"{' ...' if len(found) > SHOWN else ''}. Nothing is exported. Build without them (radvqa build "
            "--drop_duplicates)."
        )
