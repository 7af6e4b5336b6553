"""Each cell's accuracy with its interval, beside chance and published values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.chance import chance_level
from radimagenet_vqa_tasks.analysis.figures.figure import (
    GUESSING,
    MOST,
    Figure,
    Look,
    canvas,
    colour_indices,
    enter,
    label,
    legend,
    remarks,
)
from radimagenet_vqa_tasks.analysis.measure import AVG, Measured, Scheme, measure
from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.published.disagreements import notes_for

GAP = 0.16  # between two runs' marks in a row, in inches
ROW = 0.2  # between rows, in inches


def cells_figure(arms: Sequence[Arm], scheme: Scheme, look: Look) -> Figure:
    """One row a cell, and Avg; one mark a run with its interval. Hollow marks are answers without the images."""
    shown = arms[:MOST]
    family = shown[0].benchmark
    measured = [measure(arm.records, scheme) for arm in shown]
    rows = [*family.cells, *([AVG] if family.averaged else [])]
    published = _published(shown, family)
    lanes = len(shown) + len(published)
    pitch = GAP * lanes + ROW
    drawing, axes = canvas(pitch * len(rows) + 0.9 + 0.18 * lanes)
    colours = colour_indices(shown)
    entries: dict[str, Artist] = {}
    for index, (arm, cells) in enumerate(zip(shown, measured, strict=True)):
        places = [row * pitch + (index - (lanes - 1) / 2) * GAP for row in range(len(rows))]
        mark = _marks(axes, look, colours[arm.name], [cells[name] for name in rows], places, arm.with_image)
        enter(entries, label(arm), mark)
    for index, (name, values) in enumerate(published.items(), start=len(shown)):
        places = [row * pitch + (index - (lanes - 1) / 2) * GAP for row in range(len(rows))]
        mark = _printed(axes, look, [values[cell] for cell in rows], places, index - len(shown))
        enter(entries, plain(name, 60), mark)
    if (ticks := _chance(axes, look, shown[0], rows, pitch)) is not None:
        enter(entries, GUESSING, ticks)
    _frame(axes, look, rows, family, pitch)
    legend(drawing, entries)
    caption = "Accuracy in each cell with 95 % intervals, clustered on images. Hollow marks: without the images."
    caption += " Tick: what uniform guessing gets right, of open questions among the regions or the region's labels."
    if published:
        caption += " Published values are the paper's, of the whole benchmark, by the paper's protocol and judge."
        caption += "".join(f" {note}" for note in _notes(published))
    title = f"{family.title}: accuracy by cell"
    return Figure("cells", title, caption + remarks(arms, len(shown)), drawing, look.theme)


def _marks(
    axes: Axes, look: Look, index: int, measured: Sequence[Measured], places: Sequence[float], filled: bool
) -> Artist:
    colour = look.colour(index)
    there = [(one.estimate, place) for one, place in zip(measured, places, strict=True) if one.estimate.n]
    there = [(estimate, place) for estimate, place in there if not math.isnan(estimate.value)]
    for estimate, place in there:
        if not math.isnan(estimate.low):
            ends = (100 * estimate.low, 100 * estimate.high)
            axes.plot(ends, (place, place), color=colour, linewidth=1.6, alpha=0.75, solid_capstyle="butt")
    [mark] = axes.plot(
        [100 * estimate.value for estimate, _ in there],
        [place for _, place in there],
        linestyle="none",
        marker=look.marker(index),
        markersize=5,
        color=colour,
        markerfacecolor=colour if filled else look.ground,
        markeredgewidth=1.2,
        clip_on=False,
    )
    return mark


def _published(arms: Sequence[Arm], family: Benchmark) -> dict[str, Mapping[str, float]]:
    """The published rows to draw: those of the runs' own models, else the paper's best and its median.

    None beside the sample's numbers, with which they cannot be compared.
    """
    if family is not MAIN or any(arm.is_sample or arm.is_built for arm in arms):
        return {}
    rows: dict[str, Mapping[str, float]] = {
        name: {**row, AVG: tables.mean_of_nine(row)} for name, row in tables.table_2().items()
    }
    own: dict[str, Mapping[str, float]] = {}
    for arm in arms:
        try:
            name = tables.find_row(arm.name, rows)
        except DataError:
            continue
        own[f"published: {name}"] = rows[name]
    if own:
        return own
    ranked = sorted(rows, key=lambda name: rows[name][AVG], reverse=True)
    best, median = ranked[0], ranked[len(ranked) // 2]
    return {f"paper's best: {best}": rows[best], f"paper's median: {median}": rows[median]}


def _notes(published: Iterable[str]) -> list[str]:
    """What is known to be wrong with the printed values, but for averages: those that are drawn are computed."""
    printed = [(name.partition(": ")[2], cell) for name in published for cell in MAIN.cells]
    return list(dict.fromkeys(note for row, cell in printed for note in notes_for("radimagenet_vqa", "2", row, cell)))


def _printed(axes: Axes, look: Look, values: Sequence[float], places: Sequence[float], number: int) -> Artist:
    marker = ("D", "d", "h", "8", "p", "*", "<", ">")[number]
    [mark] = axes.plot(
        values, places, linestyle="none", marker=marker, markersize=5.5, color=look.faint, markerfacecolor="none"
    )
    return mark


def _chance(axes: Axes, look: Look, arm: Arm, rows: Sequence[str], pitch: float) -> Artist | None:
    of_cell = {name: [record for record in arm.records if record.cell == name] for name in arm.cells}
    chances = [(row * pitch, chance_level(of_cell.get(name, []))) for row, name in enumerate(rows)]
    known = [(place, 100 * chance) for place, chance in chances if not math.isnan(chance)]
    if not known:
        return None
    half = (pitch - ROW / 2) / 2
    places = [place for place, _ in known]
    ends = ([place - half for place in places], [place + half for place in places])
    return axes.vlines([chance for _, chance in known], *ends, colors=look.faint, linewidths=1.1)


def _frame(axes: Axes, look: Look, rows: Sequence[str], family: Benchmark, pitch: float) -> None:
    names = ["Avg" if name == AVG else f"{family.cells[name].subject} {family.cells[name].title}" for name in rows]
    axes.set_yticks([row * pitch for row in range(len(rows))], [name.strip() for name in names])
    axes.set_ylim((len(rows) - 0.5) * pitch, -0.5 * pitch)
    axes.set_xlim(0, 100)
    axes.set_xlabel("accuracy, %")
    axes.grid(axis="x")
    for row in range(1, len(rows)):
        heavy = rows[row] == AVG
        axes.axhline((row - 0.5) * pitch, color=look.faint if heavy else look.lines, linewidth=0.9 if heavy else 0.4)
