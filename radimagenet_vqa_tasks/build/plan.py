"""What a build will write: its shards, and what tells it from another build.

A build is fixed by its plan, which is in the output folder before the first row is. The same command given again goes
on with the shards that are not there; another command is refused.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.build.questions import LabelledImage
from radimagenet_vqa_tasks.build.schema import strings
from radimagenet_vqa_tasks.errors import DataError, RunError

PARTS = ("alignment", "instruct", "benchmark")
SPLITS_OF = {"alignment": ("train", "val"), "instruct": ("train", "val"), "benchmark": ("test",)}
IMAGES_IN_SHARD = 5000
"""About a quarter of a gigabyte of RadImageNet's images."""

PLAN = "build.json"
WORK = ".build"  # folder in the output: the list of images and the lock, while a build goes on
INDEX = "images.arrow"


@dataclass(frozen=True)
class Settings:
    """What decides the bytes of a build, the images apart."""

    seed: int
    parts: tuple[str, ...]
    images: int
    images_in_shard: int
    taxonomy: str
    drop_duplicates: bool


@dataclass(frozen=True)
class Shard:
    """The images from `first` up to `last` of a split's list, and the files that are made of them."""

    split: str
    number: int
    of: int
    first: int
    last: int
    configs: tuple[str, ...]
    images: int

    def files(self, out: Path) -> dict[str, Path]:
        """Configuration -> its file of this shard."""
        name = f"{self.split}-{self.number:05d}-of-{self.of:05d}.parquet"
        return {config: out / config / name for config in self.configs}

    def is_written(self, out: Path) -> bool:
        """Whether all of its files are there; a file is there only when it is whole."""
        return all(file.is_file() for file in self.files(out).values())


def shards(images: Mapping[str, Sequence[LabelledImage]], settings: Settings) -> list[Shard]:
    """Every shard of a build; one pass over a shard's images writes all of its configurations."""
    found = []
    for split, members in images.items():
        configs = tuple(part for part in settings.parts if split in SPLITS_OF[part])
        if not configs or not members:
            continue
        size = settings.images_in_shard
        starts = range(0, len(members), size)
        for number, first in enumerate(starts):
            last = min(first + size, len(members))
            found.append(Shard(split, number, len(starts), first, last, configs, len(members)))
    return found


def identity(settings: Settings, images: Mapping[str, Sequence[LabelledImage]]) -> dict[str, Any]:
    """What a build is told by: the settings and a digest of the images' paths and labels."""
    digest = hashlib.sha256()
    for split, members in images.items():
        for image in members:
            row = (split, image.path, image.modality, image.location, image.pathology)
            digest.update("\x1f".join(row).encode("utf-8", "surrogateescape") + b"\n")
    return {
        "version": __version__,
        **asdict(settings),
        "parts": list(settings.parts),
        "labels": digest.hexdigest()[:16],
    }


def begin(out: Path, wanted: Mapping[str, Any]) -> None:
    """Put the plan into `out`. Raises RunError, and touches nothing, where `out` holds anything else."""
    plan = out / PLAN
    if plan.is_file():
        _check_same(out, json.loads(plan.read_text(encoding="utf-8")).get("identity", {}), wanted)
        return
    if out.exists() and (not out.is_dir() or any(file.name != f"{PLAN}.new" for file in out.iterdir())):
        raise RunError(f"{out} is there and is no build of this command. Choose another folder with -o.")
    out.mkdir(parents=True, exist_ok=True)
    write_plan(out, {"identity": dict(wanted), "finished": False})


def _check_same(out: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if found.get(name) != value:
            raise RunError(
                f"{out} holds a build with another {name.replace('_', ' ')} ({found.get(name)}; now {value}). Nothing "
                "was touched: choose another folder with -o, or remove that one."
            )


def write_plan(out: Path, content: Mapping[str, Any]) -> None:
    """Replace the plan as a whole."""
    new = out / f"{PLAN}.new"
    new.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    new.replace(out / PLAN)


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn what keeps files from being written below `out` into a RunError."""
    try:
        yield
    except OSError as error:
        raise unwritten(error, out) from error


def unwritten(error: OSError, out: Path) -> RunError:
    """What to say, and to do, where nothing can be written below `out`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunError(
            f"the disk of {out} is full. What is finished stays: make room and give the same command again, or choose "
            "another folder with -o."
        )
    return RunError(f"cannot write to {out}: {error.strerror or error}.")


_COLUMNS = ("path", "location", "modality", "pathology")


def write_index(file: Path, images: Mapping[str, Sequence[LabelledImage]]) -> None:
    """The images' list as workers read it: one record batch a split, mapped into memory and not copied."""
    file.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(name, pa.string()) for name in _COLUMNS], {"splits": json.dumps(list(images))})
    new = file.with_suffix(".new")
    with pa.OSFile(str(new), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for members in images.values():
            columns = [strings([getattr(image, name) for image in members]) for name in _COLUMNS]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    new.replace(file)


def read_index(file: Path, shard: Shard) -> list[LabelledImage]:
    """The images of one shard."""
    try:
        source = pa.memory_map(str(file))
    except OSError as error:
        raise DataError(
            f"{file} cannot be read ({error}). Every machine of a build must see its output folder."
        ) from error
    with source, pa.ipc.open_file(source) as reader:
        splits = json.loads(reader.schema.metadata[b"splits"])
        rows = reader.get_batch(splits.index(shard.split)).slice(shard.first, shard.last - shard.first).to_pylist()
    return [LabelledImage(**row) for row in rows]
