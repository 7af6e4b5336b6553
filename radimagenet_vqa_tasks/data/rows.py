"""Benchmarks and tasks as questions, without the host: for counting, for pictures, for checking, for other runners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from datasets import Dataset, concatenate_datasets, load_dataset

from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Question, Source
from radimagenet_vqa_tasks.data.adapter import every_question, shown_questions
from radimagenet_vqa_tasks.data.sources import Copies, explained, local_copies, local_files, not_on_hub
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.tasks import Task

PACKAGE = Path(__file__).parent.parent


def question_columns(benchmark: Benchmark, data: Path | None = None, *, sample: bool = False) -> Dataset:
    """All questions of a benchmark as Question columns, with undecoded images; see `data/questions.py`.

    Args:
        data: a local copy of its data set; without one it comes from the hub.
        sample: take what the package holds of it instead.

    Raises DataError or RunError, whose message says what is wrong and what to do.
    """
    parts = data_parts(benchmark, data, sample=sample)
    with local_copies({benchmark.source.name: data} if data else {}):
        return concatenate_datasets([every_question(benchmark, part, whole=not sample) for part in parts])


def with_rows(tasks: Iterable[Task], copies: Copies) -> Iterator[tuple[Task, Dataset]]:
    """Each task with the rows that its questions are made of; every data set is read once.

    Images that rows only name are looked for in `copies` while this iterates. Raises DataError or RunError.
    """
    read: dict[tuple[object, ...], list[Dataset]] = {}
    with local_copies(copies):
        for task in tasks:
            source, parts = task.benchmark.source, task.benchmark.parts
            data = source.name, parts, task.sample
            if data not in read:
                copy = None if task.sample else copies.get(source.name)
                read[data] = data_parts(task.benchmark, copy, sample=task.sample)
            yield task, read[data][parts.index(task.cell.part) if len(parts) > 1 else 0]


def questions_of(
    benchmark: Benchmark, arm: ArmName, data: Path | None = None, *, sample: bool = False
) -> list[tuple[Question, int]]:
    """All questions of a benchmark in an arm, and how many images are shown with each; no image is looked for.

    Arguments and errors as of `question_columns`.
    """
    parts = data_parts(benchmark, data, sample=sample)
    with local_copies({benchmark.source.name: data} if data else {}):
        return [one for part in parts for one in shown_questions(benchmark, part, arm, whole=not sample)]


def data_parts(benchmark: Benchmark, data: Path | None = None, *, sample: bool = False) -> list[Dataset]:
    """The rows of a benchmark's data set as they are, one data set for each of its configurations. Raises RunError."""
    source = benchmark.source
    if sample:
        if not benchmark.embedded:
            raise RunError(f"the package holds no sample of {benchmark.title}.")
        file = str(PACKAGE / benchmark.embedded.file)
        return [load_dataset("parquet", data_files={source.split: [file]}, split=source.split)]
    with explained({source.name: data} if data else {}, source.name, reading=True):
        if data:
            # As the host loads them, so that the two share one converted copy.
            return [
                load_dataset(source.builder, data_files={source.split: each}, split=source.split, **source.reading)
                for part, each in local_files(source.name, data).items()
                if part in benchmark.parts
            ]
        if source.elsewhere:
            raise not_on_hub(source)
        return [_from_hub(source, part) for part in benchmark.parts]


def _from_hub(source: Source, part: str | None) -> Dataset:
    if source.document:
        files = {source.split: source.address(part)}
        return load_dataset(source.builder, data_files=files, split=source.split, **source.reading)
    chosen = {"data_files": {source.split: source.files}} if source.builder == "json" else {}
    return load_dataset(source.repository, part, split=source.split, revision=source.revision, **chosen)
