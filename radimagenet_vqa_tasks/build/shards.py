"""Writes one shard: reads its images as bytes, writes their questions and captions, puts all into Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from radimagenet_vqa_tasks.build import plan
from radimagenet_vqa_tasks.build.captions import conversation
from radimagenet_vqa_tasks.build.plan import Shard, read_index
from radimagenet_vqa_tasks.build.questions import LabelledImage, nine_questions
from radimagenet_vqa_tasks.build.schema import SCHEMAS, Writer, cells, columns, repeated
from radimagenet_vqa_tasks.build.vocabulary import Vocabulary, vocabulary
from radimagenet_vqa_tasks.errors import DataError

GROUP = 100  # images in a row group: what is in memory of a shard
READERS = 4  # files read ahead while questions are written; what counts on a disk behind a network
QUESTIONS_OF_IMAGE = 9


@dataclass(frozen=True)
class Job:
    """What every shard of a build has in common; it travels to other processes and machines.

    Attributes:
        root: the folder of the images.
        out: the output folder.
        index: the list of the images, written by `plan.write_index`.
        taxonomy: a taxonomy of one's own.
        check_images: whether every image is decoded once.
    """

    root: Path
    out: Path
    index: Path
    seed: int
    taxonomy: Path | None = None
    check_images: bool = False


def write_shard(job: Job, shard: Shard) -> int:
    """Write the files of `shard`, each whole or not at all. Returns how many images it has.

    Raises DataError for an image that cannot be read, RunError where the output cannot be written.
    """
    images = read_index(job.index, shard)
    files = shard.files(job.out)
    parts = {config: file.with_name(f".{file.name}.{os.getpid()}.part") for config, file in files.items()}
    try:
        _write(job, shard, images, parts)
        for config, part in parts.items():
            part.replace(files[config])
    except OSError as error:
        raise plan.unwritten(error, job.out) from error
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return len(images)


def _write(job: Job, shard: Shard, listed: Sequence[LabelledImage], parts: dict[str, Path]) -> None:
    words = vocabulary(job.taxonomy)
    about = {"images": shard.images, "seed": job.seed, "split": shard.split}
    for part in parts.values():
        part.parent.mkdir(parents=True, exist_ok=True)
    writers = {config: Writer(part, config, about) for config, part in parts.items()}
    for group, contents in _read_ahead(job, listed):
        images = cells(contents, [image.path for image in group])
        for config, writer in writers.items():
            writer.write(rows(config, group, images, job.seed, words))
    for writer in writers.values():
        writer.close()


def rows(
    config: str, images: Sequence[LabelledImage], contents: pa.StructArray, seed: int, words: Vocabulary
) -> pa.Table:
    """The rows of one configuration about these images; `contents` are their cells (`schema.cells`)."""
    if config == "alignment":
        captions = [conversation(image, seed, words) for image in images]
        return columns(SCHEMAS[config], contents, captions)
    questions = [row for image in images for row in nine_questions(image, seed, words)]
    return columns(SCHEMAS[config], repeated(contents, QUESTIONS_OF_IMAGE), questions)


def _read_ahead(job: Job, images: Sequence[LabelledImage]) -> Iterator[tuple[Sequence[LabelledImage], list[bytes]]]:
    """The images in groups, with their bytes; a group is read while the one before it is written."""
    groups = [images[first : first + GROUP] for first in range(0, len(images), GROUP)]
    with ThreadPoolExecutor(READERS) as pool:
        ahead = _submit(pool, job, groups[0]) if groups else []
        for index, group in enumerate(groups):
            now, ahead = ahead, _submit(pool, job, groups[index + 1]) if index + 1 < len(groups) else []
            yield group, [content for future in now for content in future.result()]


def _submit(pool: ThreadPoolExecutor, job: Job, group: Sequence[LabelledImage]) -> list[Any]:
    size = -(-len(group) // READERS)
    return [pool.submit(_read, job, group[first : first + size]) for first in range(0, len(group), size)]


def _read(job: Job, images: Sequence[LabelledImage]) -> list[bytes]:
    return [read_image(job.root / image.path, job.check_images) for image in images]


def read_image(file: Path, check: bool = False) -> bytes:
    """The bytes of an image file; decoded once if `check`. Raises DataError where it cannot be read."""
    try:
        with open(file, "rb", buffering=0) as opened:
            content = opened.read()
    except OSError as error:
        raise DataError(f"the image {file} cannot be read: {error.strerror}.") from error
    if not content:
        raise DataError(f"the image {file} is empty. Fetch it again, or leave it out of the table.")
    if check:
        from radimagenet_vqa_tasks.data.images import decode

        try:
            decode({"bytes": content, "path": str(file)}, str(file))
        except DataError as error:
            raise DataError(f"the image {file} cannot be decoded: {error.__cause__}. Fetch it again.") from error
    return content
