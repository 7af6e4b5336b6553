"""Rows to Question columns: every benchmark's rows are turned once, and every task takes its own questions of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Question, Row, RowFaultError
from radimagenet_vqa_tasks.data import image_folder, split_archive
from radimagenet_vqa_tasks.data.columns import require_columns
from radimagenet_vqa_tasks.data.document_rows import record_rows
from radimagenet_vqa_tasks.data.fingerprints import known_fingerprint
from radimagenet_vqa_tasks.data.image_archive import unpack
from radimagenet_vqa_tasks.data.provenance import marked
from radimagenet_vqa_tasks.data.questions import (
    StoredImages,
    files_as_images,
    in_arm,
    question_dataset,
    stored_images,
)
from radimagenet_vqa_tasks.data.soundness import question_fault
from radimagenet_vqa_tasks.data.sources import built_images, companion
from radimagenet_vqa_tasks.data.swap import swapped
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.judge.chosen import chosen
from radimagenet_vqa_tasks.scoring import captions
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.tasks import Task

# The arms that have the pictures of another arm, or none as that has.
_SHOWS: Mapping[ArmName, ArmName] = {"blank": "image", "told": "textonly"}
SHOWN = 5  # faults spelled out in an error message; the rest are counted


@dataclass(frozen=True)
class Adapted:
    """What became of a data set's rows: the rows read, the sound questions, what is wrong, where the images are."""

    rows: Dataset
    questions: Sequence[Question]
    faults: Sequence[str]
    images: StoredImages


def adapted(benchmark: Benchmark, rows: Dataset) -> Adapted:
    """All questions in these rows, and everything that is wrong with any of them.

    Raises DataError where a column is missing or of another type: then it is another data set, or a lossy copy of it.
    """
    if benchmark.source.document:
        names = (*benchmark.columns, *benchmark.also)
        rows = record_rows(rows, names, benchmark.source.title, table=str(benchmark.parts[0]).endswith(".csv"))
    require_columns(benchmark, rows)
    images = stored_images(rows, benchmark.images)
    text = rows.remove_columns([name for name in benchmark.images if name in rows.column_names])
    found, faults = [], []
    for index, fields in enumerate(text.with_format("arrow")[:].to_pylist()):
        try:
            question = benchmark.question(Row(index, fields, images.path(index), images.digest))
        except RowFaultError as error:
            faults.append(f"row {index}: {error}")
            continue
        if question:
            found.append(replace(question, row=index))
    questions, unsound = _sound_ones(benchmark.derive(found))
    return Adapted(rows, questions, [*faults, *unsound, *benchmark.check(questions)], images)


def _sound_ones(questions: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """Those of the questions that can be asked, and what is wrong with the others."""
    sound, faults = list[Question](), list[str]()
    for one in questions:
        if fault := question_fault(one):
            faults.append(f"row {one.row}: {fault}")
        else:
            sound.append(one)
    return sound, faults


def every_question(benchmark: Benchmark, rows: Dataset, *, whole: bool = True) -> Dataset:
    """All questions in these rows as Question columns; see `data/questions.py`.

    Args:
        whole: the rows must be the whole benchmark, and not a part of it or questions like its.

    Raises DataError, naming rows, where they are not the benchmark's.
    """
    return _cached(benchmark, whole, _ByFingerprint(rows))[0]


def shown_questions(benchmark: Benchmark, rows: Dataset, arm: ArmName, *, whole: bool) -> list[tuple[Question, int]]:
    """The questions in these rows as an arm asks them, and how many images each shows. Raises DataError."""
    found, _ = _sound(benchmark, whole, _ByFingerprint(rows))
    asked = _in_arm(benchmark, found, arm)
    if _SHOWS.get(arm, arm) == "textonly":
        return [(one, 0) for one in asked]
    return [(one, len(one.files) or found.images.held(one.row)) for one in asked]


def task_questions(task: Task, rows: Dataset) -> Dataset:
    """The `process_docs` of a task: its questions. In an arm without images there is no column that could be decoded.

    Raises DataError where `rows` is not the benchmark, and RunError where the judge's settings are wrong.
    """
    if task.cell.format == "caption":
        captions.require()  # likewise, what measures them
    if task.cell.format == "open":
        chosen()  # a judge that cannot be had is an error now, not when the model has answered
    return questions_of(task, rows)


def questions_of(task: Task, rows: Dataset, *, with_images: bool = True) -> Dataset:
    """A task's questions, for whatever purpose; `with_images` if what the model is shown belongs to them.

    Raises DataError where `rows` is not the benchmark.
    """
    shown = _SHOWS.get(task.arm, task.arm)
    every, rows_of = _cached(task.benchmark, not task.sample, _ByFingerprint(rows), shown, with_images)
    if task.cell.name not in rows_of:
        raise DataError(
            f"the data hold none of the questions of {task.cell.name} ({task.benchmark.title}): they are another "
            "configuration or another data set. Fetch them again; `radvqa verify` reports everything."
        )
    if task.arm != shown:
        every = in_arm(every, task.arm)
    return every.select(rows_of[task.cell.name])


def row_numbers(task: Task, rows: Dataset) -> list[int]:
    """The row of the data set's own file that each of `questions_of` is made of."""
    found, _ = _sound(task.benchmark, not task.sample, _ByFingerprint(rows))
    return [one.row for one in found.questions if one.cell == task.cell.name]


@dataclass(frozen=True, eq=False)
class _ByFingerprint:
    """A data set as a cache key: the host loads it anew for each task, from the same files."""

    rows: Dataset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByFingerprint) and self.rows._fingerprint == other.rows._fingerprint

    def __hash__(self) -> int:
        return hash(self.rows._fingerprint)


_Prepared = tuple[Dataset, Mapping[str, Sequence[int]]]


@lru_cache(maxsize=8)
def _sound(benchmark: Benchmark, whole: bool, source: _ByFingerprint) -> tuple[Adapted, str]:
    """All questions in the rows, and the data's fingerprint. Raises DataError."""
    found = adapted(benchmark, source.rows)
    built = built_images(benchmark.source.name) if whole else None
    raise_faults([*found.faults, *(whole_faults(benchmark, found.questions, built) if whole else ())], benchmark)
    digest = data_fingerprint(benchmark, found)
    return found, marked(digest) if built else digest


@lru_cache(maxsize=8)
def _cached(
    benchmark: Benchmark, whole: bool, source: _ByFingerprint, arm: ArmName = "image", with_images: bool = True
) -> _Prepared:
    """All questions as Question columns, with own images, swapped ones or none, and the row numbers of each cell."""
    found, digest = _sound(benchmark, whole, source)
    questions = _in_arm(benchmark, found, arm)
    images = _images(benchmark, found, questions) if with_images and arm != "textonly" else None
    every = question_dataset(images, questions, digest, benchmark.name, arm)
    rows_of: dict[str, list[int]] = {}
    for number, one in enumerate(questions):
        rows_of.setdefault(one.cell, []).append(number)
    return every, rows_of


def _in_arm(benchmark: Benchmark, found: Adapted, arm: ArmName) -> Sequence[Question]:
    return swapped(benchmark, found.questions) if arm == "swapped" else found.questions


def _images(benchmark: Benchmark, found: Adapted, questions: Sequence[Question]) -> pa.ChunkedArray:
    files = image_files(benchmark, questions)
    if files:
        return files_as_images([files[name] for name in one.files] for one in questions)
    return found.images.of_rows([one.row for one in questions])


def data_fingerprint(benchmark: Benchmark, found: Adapted) -> str:
    """The fingerprint of the rows and of the images that they name, unless those have a repository of their own."""
    files = {} if benchmark.source.images_from else image_files(benchmark, found.questions)
    return known_fingerprint(found.rows, list(files.values()))


def whole_faults(benchmark: Benchmark, questions: Sequence[Question], built: int | None) -> Iterable[str]:
    """What is missing of a whole benchmark, or of data that were built to be like it with `built` images."""
    if built is None:
        return benchmark.whole(questions)
    images = len({one.image for one in questions})
    return [] if images == built else [f"the data were built with {built:,} images; here are {images:,}"]


def image_files(benchmark: Benchmark, questions: Sequence[Question]) -> Mapping[str, Path]:
    """The files of the images that these questions only name; empty where their images are in the rows."""
    names = sorted({name for one in questions for name in one.files})
    if not names:
        return {}
    source, place = benchmark.source, companion(benchmark.source)
    if source.elsewhere:
        return image_folder.images(place, {name: benchmark.places(name) for name in names})
    if source.images_from:
        return split_archive.images(place, source.beside, names, source.folder)
    return unpack(place, names, source.folder)


def raise_faults(found: Sequence[str], benchmark: Benchmark) -> None:
    """Raise DataError if there are faults, spelling out the first few."""
    if not found:
        return
    more = f"; and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    raise DataError(
        f"the data are damaged or not {benchmark.title}'s: {'; '.join(found[:SHOWN])}{more}. Fetch them again; "
        f"`radvqa verify --family {benchmark.source.name}` reports everything."
    )
