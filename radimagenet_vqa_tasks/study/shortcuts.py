"""`radvqa study shortcuts`: what can be answered without the images (the paper's Figures 4, 10, 11 and 12)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from radimagenet_vqa_tasks.analysis import chance
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.blind import blind_sheets
from radimagenet_vqa_tasks.analysis.compare import percent
from radimagenet_vqa_tasks.analysis.figures import Figure
from radimagenet_vqa_tasks.analysis.figures.figure import remarks
from radimagenet_vqa_tasks.analysis.measure import Measured, Scheme, mean_of
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import NOTHING, Estimate
from radimagenet_vqa_tasks.analysis.table import INTERVALS, arm_notes, shown, together
from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF, BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.report.answers import read_answers
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.study.examples import examples
from radimagenet_vqa_tasks.study.marks import Marks, marks_figure
from radimagenet_vqa_tasks.study.normals import figure_10, figure_10_sheet
from radimagenet_vqa_tasks.study.pairs import Pair, pairs_of
from radimagenet_vqa_tasks.study.results import Results
from radimagenet_vqa_tasks.study.suites import FOUR

SCHEMA = "radvqa.study.shortcuts/1"


@dataclass(frozen=True)
class Row:
    """One bar of Figure 4: the unweighted mean of some cells."""

    title: str
    cells: tuple[str, ...]

    @property
    def benchmark(self) -> str:
        """The name of the cells' family."""
        return BENCHMARK_OF[self.cells[0]].name


def _rows_of(form: str, name: str) -> tuple[Row, ...]:
    """Of each benchmark of Figure 4 the cells of a format together, and by subject where it has several."""
    rows = []
    for benchmark in (BENCHMARKS[one] for one in FOUR):
        cells = [cell for cell in benchmark.cells.values() if cell.format == form]
        subjects = dict.fromkeys(cell.subject for cell in cells)
        if cells:
            title = benchmark.title.partition(" (")[0]
            rows.append(Row(f"{name}: {title}", tuple(cell.name for cell in cells)))
        if len(subjects) > 1:
            rows += [Row(f"{name}: its {of}", tuple(one.name for one in cells if one.subject == of)) for of in subjects]
    return tuple(rows)


_OPEN, _MC = _rows_of("open", "open"), _rows_of("mc", "MC")
ROWS = (*_OPEN, *_MC)


def results(runs: Sequence[Run], families: Sequence[Benchmark], scheme: Scheme) -> Results:
    """Tables, figures and examples of these runs on these benchmarks. Raises RunError where there is nothing."""
    pairs = {run.name: pairs_of(run, families) for run in runs}
    rows = [row for row in ROWS if any(row.benchmark in of_run for of_run in pairs.values())]
    levels = _levels(pairs)
    sheets = [_figure_4_sheet(pairs, rows, levels, scheme)]
    figures = [_figure_4(pairs, rows, levels, scheme)]
    if normal := {
        name: pair.blind
        for name, of_run in pairs.items()
        for pair in of_run.values()
        if 10 in pair.blind.benchmark.paper_figures
    }:
        sheets.append(figure_10_sheet(normal, scheme))
        figures.append(figure_10(normal, scheme))
    for of_run in pairs.values():
        for pair in of_run.values():
            gains = blind_sheets(pair.seeing, pair.blind, scheme)[0]
            sheets.append(replace(gains, title=f"{gains.title}, {pair.seeing.benchmark.title}"))
    return Results("shortcuts", SCHEMA, sheets, figures, examples([list(of_run.values()) for of_run in pairs.values()]))


def _levels(pairs: Mapping[str, Mapping[str, Pair]]) -> dict[str, dict[str, float]]:
    """What can be got right without looking, of every cell; from the first run that has the benchmark."""
    found: dict[str, dict[str, float]] = {}
    for of_run in pairs.values():
        for pair in of_run.values():
            if not pair.blind.cells.keys() & found.keys():
                texts = read_answers(pair.blind)
                asked = [
                    msgspec.structs.replace(one, question=texts[one.key].question)
                    for one in pair.blind.records
                    if one.key in texts
                ]
                found |= chance.levels(asked)
    return found


def _level(row: Row, levels: Mapping[str, Mapping[str, float]], name: str) -> float:
    """A level of a row, the mean of its cells'; NaN where one has none."""
    return sum(levels.get(cell, {}).get(name, math.nan) for cell in row.cells) / len(row.cells)


def _measured(row: Row, arm: Arm, scheme: Scheme) -> Measured:
    cells: dict[str, list[Record]] = {cell: [] for cell in row.cells}
    for record in arm.records:
        if record.cell in cells:
            cells[record.cell].append(record)
    return mean_of(cells, scheme)


def _figure_4_sheet(
    pairs: Mapping[str, Mapping[str, Pair]],
    rows: Sequence[Row],
    levels: Mapping[str, Mapping[str, float]],
    scheme: Scheme,
) -> Sheet:
    fields: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for row in rows:
        line: list[Item | str] = [row.title]
        baselines = {name: _level(row, levels, name) for name in chance.EXPLAINED}
        for name, of_run in pairs.items():
            pair = of_run.get(row.benchmark)
            for arm in (pair.blind, pair.seeing) if pair else ():
                one = _measured(row, arm, scheme)
                line.append(shown(one))
                data.append(_data(name, row, arm, one.estimate, baselines, scheme))
            line += [] if pair else ["-", "-"]
        fields.append([*line, *(percent(value) for value in baselines.values())])
    heads: list[str | tuple[str, str]] = ["accuracy, %"]
    heads += [(name, what) for name in pairs for what in ("no image", "with image")]
    every = {arm.label: arm_notes(arm, scheme) for pair in _every(pairs) for arm in (pair.seeing, pair.blind)}
    notes = [
        f"{INTERVALS} A row of several cells is their unweighted mean.",
        *(f"{name}: {what}." for name, what in chance.EXPLAINED.items()),
        "Frequencies are counted on one half of the images and used on the other. -: no such level.",
        *together(every),
    ]
    last_open = sum(row in _OPEN for row in rows) - 1
    title = "Figure 4: what is answered without the images"
    return Sheet(title, [*heads, *chance.EXPLAINED], fields, notes, data, frozenset({last_open}))


def _every(pairs: Mapping[str, Mapping[str, Pair]]) -> list[Pair]:
    return [pair for of_run in pairs.values() for pair in of_run.values()]


def _data(
    run: str, row: Row, arm: Arm, estimate: Estimate, baselines: Mapping[str, float], scheme: Scheme
) -> dict[str, object]:
    return {
        "run": run,
        "row": row.title,
        "cells": " ".join(row.cells),
        "with_image": arm.with_image,
        "accuracy": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "images": estimate.clusters,
        **baselines,
        "judge": ", ".join(arm.judges),
        "protocol": scheme.protocol,
        "sample": arm.is_sample,
    }


def _figure_4(
    pairs: Mapping[str, Mapping[str, Pair]],
    rows: Sequence[Row],
    levels: Mapping[str, Mapping[str, float]],
    scheme: Scheme,
) -> Figure:
    marks = [
        Marks(
            name,
            [
                _measured(row, pair.seeing if filled else pair.blind, scheme).estimate
                if (pair := of_run.get(row.benchmark))
                else NOTHING
                for row in rows
            ],
            index,
            filled,
        )
        for index, (name, of_run) in enumerate(pairs.items())
        for filled in (False, True)
    ]
    ticks = {name: [_level(row, levels, name) for row in rows] for name in chance.EXPLAINED}
    caption = (
        "Accuracy on open and multiple-choice questions without the images (hollow) and with them (filled), with 95 % "
        "intervals clustered on images; ticks: what can be got right without looking."
    )
    arms = [arm for pair in _every(pairs) for arm in (pair.seeing, pair.blind)]
    return marks_figure(
        "figure-4",
        "Text-only accuracy",
        caption + remarks(arms),
        [row.title for row in rows],
        marks,
        ticks,
        [sum(row in _OPEN for row in rows) - 1],
    )
