"""`radvqa build`: labelled images in, a data set of RadImageNet-VQA's three configurations out."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from radimagenet_vqa_tasks.build import plan
from radimagenet_vqa_tasks.build.card import Content, card
from radimagenet_vqa_tasks.build.engines import Engine, engine
from radimagenet_vqa_tasks.build.labels import Source, labelled
from radimagenet_vqa_tasks.build.questions import LabelledImage
from radimagenet_vqa_tasks.build.sampling import sample
from radimagenet_vqa_tasks.build.shards import Job
from radimagenet_vqa_tasks.build.vocabulary import vocabulary
from radimagenet_vqa_tasks.errors import RunError

IMAGES = 1000
"""Images of the benchmark part, unless another number is asked for."""


@dataclass(frozen=True)
class Request:
    """A build as it is asked for; see `radvqa build --help`. `images` None: `IMAGES`, or all where there are fewer."""

    root: Path
    out: Path
    tables: tuple[Path, ...] = ()
    parts: tuple[str, ...] = plan.PARTS
    images: int | None = None
    seed: int = 0
    taxonomy: Path | None = None
    engine: str = "local"
    workers: int | None = None
    check_images: bool = False
    drop_duplicates: bool = False
    images_in_shard: int = plan.IMAGES_IN_SHARD


@dataclass(frozen=True)
class Built:
    """What a build left: the folder, images by split, what was already there, and what a person should know."""

    out: Path
    images: dict[str, int]
    resumed: int
    notes: list[str]


def build(request: Request) -> Built:
    """Build, or go on with, the data set that `request` describes.

    Raises DataError or RunError, in one message, before anything is written wherever that is possible.
    """
    with engine(request.engine, request.workers) as writing:
        source = labelled(request.root, request.tables, request.seed, vocabulary(request.taxonomy))
        if request.drop_duplicates:
            from radimagenet_vqa_tasks.build.duplicates import without_duplicates

            source = without_duplicates(source, request.workers)
        images = _chosen(source, request)
        settings = _settings(request, len(images["test"]))
        identity = plan.identity(settings, images)
        with plan.writing(request.out):
            plan.begin(request.out, identity)
            with _alone(request.out):
                return _write(request, source, images, settings, identity, writing)


def _chosen(source: Source, request: Request) -> dict[str, list[LabelledImage]]:
    """The images of the splits that are to be written."""
    images: dict[str, list[LabelledImage]] = {"train": [], "val": [], "test": []}
    if "alignment" in request.parts or "instruct" in request.parts:
        images |= {split: source.images[split] for split in ("train", "val")}
    if "benchmark" in request.parts:
        test = source.images["test"]
        wanted = min(IMAGES, len(test)) if request.images is None else request.images
        images["test"] = sample(test, wanted, request.seed)
        if wanted < IMAGES and request.images is None:
            source.notes.append(f"the test split has {len(test):,} images: all of them are in the benchmark")
    if not any(images.values()):
        raise RunError(f"{request.root}: no image is in a split that {', '.join(request.parts)} would take.")
    return images


def _settings(request: Request, images: int) -> plan.Settings:
    text = request.taxonomy.read_bytes() if request.taxonomy else b""
    return plan.Settings(
        seed=request.seed,
        parts=request.parts,
        images=images,
        images_in_shard=request.images_in_shard,
        taxonomy=hashlib.sha256(text).hexdigest()[:16] if text else "bundled",
        drop_duplicates=request.drop_duplicates,
    )


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep two commands from writing into one folder; clean up what one that was killed has left."""
    work = out / plan.WORK
    work.mkdir(exist_ok=True)
    lock = FileLock(work / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(f"another build is writing to {out}. Wait for it, or choose another folder with -o.") from error
    try:
        for part in out.glob("*/.*.part"):
            part.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def _write(
    request: Request,
    source: Source,
    images: dict[str, list[LabelledImage]],
    settings: plan.Settings,
    identity: dict[str, object],
    writing: Engine,
) -> Built:
    counts = {split: len(members) for split, members in images.items()}
    shards = plan.shards(images, settings)
    left = [shard for shard in shards if not shard.is_written(request.out)]
    content = Content(counts, _normals(images["test"]), request.parts, request.seed, source.notes)
    if left:
        index = request.out.resolve() / plan.WORK / plan.INDEX
        plan.write_index(index, images)
        images.clear()
        source.images.clear()  # from here on only workers need them, and they have the index
        job = Job(
            request.root.resolve(), request.out.resolve(), index, request.seed, request.taxonomy, request.check_images
        )
        _run(writing, job, shards, left)
    (request.out / "README.md").write_text(card(content), encoding="utf-8")
    plan.write_plan(request.out, {"identity": identity, "finished": True, "images": counts, "notes": source.notes})
    shutil.rmtree(request.out / plan.WORK, ignore_errors=True)
    return Built(request.out, counts, len(shards) - len(left), source.notes)


def _normals(images: Sequence[LabelledImage]) -> int:
    return sum(not image.is_abnormal for image in images)


def _run(writing: Engine, job: Job, shards: Sequence[plan.Shard], left: Sequence[plan.Shard]) -> None:
    total = sum(shard.last - shard.first for shard in shards)
    missing = sum(shard.last - shard.first for shard in left)
    with tqdm(total=total, initial=total - missing, unit=" images", desc="building", mininterval=1) as progress:
        for done in writing.write(job, left):
            progress.update(done)


def is_finished(out: Path) -> bool:
    """Whether `out` holds a whole build."""
    file = out / plan.PLAN
    return file.is_file() and bool(json.loads(file.read_text(encoding="utf-8")).get("finished"))
