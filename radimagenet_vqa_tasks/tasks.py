"""The tasks and groups that follow from the benchmarks: a task for every cell and arm, groups of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS, Benchmark, Cell
from radimagenet_vqa_tasks.scoring.record import ArmName


@dataclass(frozen=True)
class Task:
    """One task of the host: a cell's questions in one arm, of the benchmark or of what the package holds of it."""

    benchmark: Benchmark
    cell: Cell
    arm: ArmName = "image"
    sample: bool = False

    @property
    def name(self) -> str:
        return f"{_prefix(self.benchmark, self.sample)}_{self.cell.name}{suffix(self.arm)}"

    @property
    def affixes(self) -> dict[str, str]:
        """What its file says of the prompt (`lmms_eval_specific_kwargs`)."""
        views = {"views": ALL_VIEWS} if self.benchmark.views and self.arm != "told" else {}
        return {**self.cell.prompt.affixes(self.arm), **views}


@dataclass(frozen=True)
class Group:
    """Tasks that are asked together; `averaged` if the mean of their cells is a number."""

    name: str
    tasks: tuple[Task, ...]
    averaged: bool
    note: str = ""


def suffix(arm: ArmName) -> str:
    """What an arm adds to the name of a task or group."""
    return "" if arm == "image" else f"_{arm}"


def _prefix(benchmark: Benchmark, sample: bool) -> str:
    return benchmark.embedded.prefix if sample and benchmark.embedded else "radvqa"


def tasks_of(benchmark: Benchmark, arm: ArmName = "image", *, sample: bool = False) -> list[Task]:
    """A benchmark's tasks in one arm, in the order of its cells."""
    return [Task(benchmark, cell, arm, sample) for cell in benchmark.cells.values()]


@cache
def tasks() -> Mapping[str, Task]:
    """Every task by its name."""
    found = [task for one in BENCHMARKS.values() for arm in one.arms for task in tasks_of(one, arm)]
    found += [
        task
        for one in BENCHMARKS.values()
        if one.embedded
        for arm in one.arms
        for task in tasks_of(one, arm, sample=True)
    ]
    return {task.name: task for task in found}


@cache
def groups() -> Mapping[str, Group]:
    """Every group by its name."""
    return {group.name: group for one in BENCHMARKS.values() for group in _groups_of(one)}


def _groups_of(benchmark: Benchmark) -> Iterator[Group]:
    for arm in benchmark.arms:
        every = tuple(tasks_of(benchmark, arm))
        yield Group(f"{benchmark.group_name}{suffix(arm)}", every, benchmark.averaged, benchmark.group_note)
        for name, cells in benchmark.groups.items():
            yield Group(f"{name}{suffix(arm)}", tuple(one for one in every if one.cell.name in cells), True)
        if benchmark.embedded:
            sample = tuple(tasks_of(benchmark, arm, sample=True))
            yield Group(f"{benchmark.embedded.group}{suffix(arm)}", sample, benchmark.averaged, benchmark.group_note)
