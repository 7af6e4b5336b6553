"""`radvqa study encoders`: checkpoints side by side on the three open benchmarks (the paper's Figure 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.figures.figure import remarks
from radimagenet_vqa_tasks.analysis.measure import Measured, Scheme, mean_of
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import NOTHING
from radimagenet_vqa_tasks.analysis.table import INTERVALS, arm_notes, shown, together
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.study.marks import Marks, marks_figure
from radimagenet_vqa_tasks.study.results import Results

SCHEMA = "radvqa.study.encoders/1"
THREE = tuple(name for name, one in BENCHMARKS.items() if 6 in one.paper_figures)


@dataclass(frozen=True)
class Row:
    """The mean of all cells of a benchmark, or of its open ones."""

    title: str
    benchmark: Benchmark
    cells: tuple[str, ...]


def _rows() -> list[Row]:
    rows = []
    for name in THREE:
        family = BENCHMARKS[name]
        opened = tuple(cell.name for cell in family.cells.values() if cell.format == "open")
        rows += [Row(f"{family.title}: Avg", family, tuple(family.cells)), Row(f"{family.title}: open", family, opened)]
    return rows


def results(runs: Sequence[Run], scheme: Scheme) -> Results:
    """The table and the figure of these runs. Raises RunError where one has answers to none of the three."""
    arms = {run.name: _arms(run) for run in runs}
    rows = [row for row in _rows() if any(row.benchmark.name in of_run for of_run in arms.values())]
    measured = {name: [_measured(row, of_run, scheme) for row in rows] for name, of_run in arms.items()}
    marks = [
        Marks(name, [one.estimate if one else NOTHING for one in of_run], index)
        for index, (name, of_run) in enumerate(measured.items())
    ]
    every = [arm for of_run in arms.values() for arm in of_run.values()]
    caption = "Mean accuracy over all cells (Avg) and over the open ones, with 95 % intervals clustered on images."
    rules = [index for index, row in enumerate(rows[:-1]) if row.benchmark is not rows[index + 1].benchmark]
    titles = [row.title for row in rows]
    figure = marks_figure("figure-6", "Checkpoints side by side", caption + remarks(every), titles, marks, {}, rules)
    fields: list[list[Item | str]] = [
        [row.title, *(shown(one) if (one := of_run[index]) else "-" for of_run in measured.values())]
        for index, row in enumerate(rows)
    ]
    notes = [
        f"{INTERVALS} Avg: the unweighted mean of a benchmark's cells; open: of its open ones.",
        "Overlapping intervals do not say that two runs are alike: `radvqa compare` pairs them by question.",
        *together({f"{arm.label}, {arm.benchmark.title}": arm_notes(arm, scheme) for arm in every}),
    ]
    data = [
        _data(name, row, one, scheme)
        for name, of_run in measured.items()
        for row, one in zip(rows, of_run, strict=True)
        if one
    ]
    sheet = Sheet(
        "Figure 6: checkpoints on the open benchmarks", ["accuracy, %", *arms], fields, notes, data, frozenset(rules)
    )
    return Results("encoders", SCHEMA, [sheet], [figure])


def _arms(run: Run) -> dict[str, Arm]:
    """A run's answers with the images to each of the three benchmarks that it has. Raises RunError for none."""
    there = {arm.benchmark.name for arm in run.arms if arm.with_image}
    found = {name: run.arm(BENCHMARKS[name]) for name in THREE if name in there}
    if not found:
        three = ", ".join(BENCHMARKS[name].title for name in THREE)
        raise RunError(f"{plain(run.folder, None)} has no answers with the images to any of {three}.")
    return found


def _measured(row: Row, arms: dict[str, Arm], scheme: Scheme) -> Measured | None:
    arm = arms.get(row.benchmark.name)
    if arm is None:
        return None
    by_cell = scheme.by_cell(arm.records)
    return mean_of({cell: by_cell[cell] for cell in row.cells}, scheme)


def _data(run: str, row: Row, one: Measured, scheme: Scheme) -> dict[str, object]:
    estimate = one.estimate
    return {
        "run": run,
        "benchmark": row.benchmark.title,
        "cells": " ".join(row.cells),
        "accuracy": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "images": estimate.clusters,
        "protocol": scheme.protocol,
    }
