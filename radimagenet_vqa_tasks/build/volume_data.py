"""Builds training data from labelled volumes: `alignment` and `instruct`, cases dealt into train and val."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.build import plan
from radimagenet_vqa_tasks.build.layouts import Case, cases
from radimagenet_vqa_tasks.build.schema import SCHEMAS, Writer, cells, columns, repeated
from radimagenet_vqa_tasks.build.shards import GROUP
from radimagenet_vqa_tasks.build.volume_questions import Seen, caption, questions
from radimagenet_vqa_tasks.build.volumes import nibabel, read_label_map, slices

CASES_IN_SHARD = 20
VAL = 10  # percent of the cases


@dataclass(frozen=True)
class Request:
    """A build as it is asked for; see `radvqa build volumes --help`."""

    root: Path
    out: Path
    label_map: Path | None = None
    modality: str | None = None
    every: int = 1
    seed: int = 0
    workers: int | None = None


@dataclass(frozen=True)
class _Shard:
    """Some cases of a split, and the name that their files have."""

    name: str
    cases: tuple[Case, ...]


def build_volumes(request: Request) -> dict[str, int]:
    """Build, or go on with, the data set; cases by split.

    Raises DataError or RunError in one message: for a case without its mask before anything is written.
    """
    nibabel()
    found = cases(request.root, read_label_map(request.label_map) if request.label_map else None, request.modality)
    splits: dict[str, list[Case]] = {"train": [], "val": []}
    for case in found:
        splits[_dealt(case.name, request.seed)].append(case)
    with plan.writing(request.out):
        plan.begin(request.out, _identity(request, found))
        return _build(request, found, splits)


def _build(request: Request, found: Sequence[Case], splits: Mapping[str, Sequence[Case]]) -> dict[str, int]:
    shards = [shard for split, members in splits.items() for shard in _shards(split, members)]
    left = [shard for shard in shards if not all(file.is_file() for file in _files(request.out, shard).values())]
    with tqdm(total=len(found), unit=" cases", desc="building", initial=_count(shards) - _count(left)) as progress:
        for done in _written(request, left):
            progress.update(done)
    counts = {split: len(members) for split, members in splits.items()}
    (request.out / "README.md").write_text(_card(counts, request), encoding="utf-8")
    plan.write_plan(request.out, {"identity": _identity(request, found), "finished": True, "cases": counts})
    return counts


def _count(shards: Sequence[_Shard]) -> int:
    return sum(len(shard.cases) for shard in shards)


def _dealt(name: str, seed: int) -> str:
    """The split of a case: all slices of a patient are in one."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}\x1fsplit\x1f{name}".encode()).digest()[:8], "big")
    return "val" if drawn % 100 < VAL else "train"


def _identity(request: Request, found: Sequence[Case]) -> dict[str, object]:
    listed = repr([(case.name, case.modality, case.labels, [number for _, number in case.masks]) for case in found])
    labels = hashlib.sha256(listed.encode()).hexdigest()[:16]
    return {"version": __version__, "kind": "volumes", "seed": request.seed, "every": request.every, "labels": labels}


def _shards(split: str, members: Sequence[Case]) -> list[_Shard]:
    starts = range(0, len(members), CASES_IN_SHARD)
    return [
        _Shard(f"{split}-{number:05d}-of-{len(starts):05d}.parquet", tuple(members[first : first + CASES_IN_SHARD]))
        for number, first in enumerate(starts)
    ]


def _files(out: Path, shard: _Shard) -> dict[str, Path]:
    return {config: out / config / shard.name for config in ("alignment", "instruct")}


def _written(request: Request, shards: Sequence[_Shard]) -> Iterator[int]:
    if request.workers == 1 or len(shards) < 2:
        for shard in shards:
            yield _write(request, shard)
        return
    with ProcessPoolExecutor(request.workers, get_context("spawn")) as pool:
        yield from pool.map(_write, [request] * len(shards), shards)


def _write(request: Request, shard: _Shard) -> int:
    """Write the two files of a shard, each whole or not at all."""
    files = _files(request.out, shard)
    parts = {config: file.with_name(f".{file.name}.{os.getpid()}.part") for config, file in files.items()}
    try:
        for part in parts.values():
            part.parent.mkdir(parents=True, exist_ok=True)
        writers = {
            config: Writer(part, config, {"kind": "volumes", "seed": request.seed}) for config, part in parts.items()
        }
        for case in shard.cases:
            _write_case(request, case, writers)
        for writer in writers.values():
            writer.close()
        for config, part in parts.items():
            part.replace(files[config])
    except OSError as error:
        raise plan.unwritten(error, request.out) from error
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return len(shard.cases)


def _write_case(request: Request, case: Case, writers: dict[str, Writer]) -> None:
    labelled = tuple(case.labels.values())
    seen = (Seen(one, case.region, labelled) for one in slices(case, request.every))
    while group := list(islice(seen, GROUP)):
        images = cells([one.slice.png for one in group], [one.slice.name for one in group])
        captions = [caption(one, request.seed) for one in group]
        asked = [questions(one, request.seed) for one in group]
        rows = [row for of_slice in asked for row in of_slice]
        writers["alignment"].write(columns(SCHEMAS["alignment"], images, captions))
        writers["instruct"].write(columns(SCHEMAS["instruct"], repeated(images, [len(one) for one in asked]), rows))


def _card(counts: dict[str, int], request: Request) -> str:
    splits = [split for split, count in counts.items() if count]
    head = ["---", "language:", "- en", "task_categories:", "- visual-question-answering", "configs:"]
    for config in ("alignment", "instruct"):
        head += [f"- config_name: {config}", "  data_files:"]
        for split in splits:
            head += [f"  - split: {split}", f"    path: {config}/{split}-*"]
    body = [
        "",
        "# Captions and questions on slices of labelled volumes",
        "",
        f"Built by `radvqa build volumes` {__version__} with seed {request.seed}, in the columns of RadImageNet-VQA. "
        f"{sum(counts.values()):,} cases; all slices of a case are in one split ({VAL} % val). The wordings are not "
        "the paper's, which does not print them. The volumes stay under the terms of those who gave them.",
    ]
    return "\n".join([*head, "---", *body, ""])
