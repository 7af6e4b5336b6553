"""Whether a model looks: the arms side by side, what answers follow, and who answers where there is nothing to see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from radimagenet_vqa_tasks.analysis.figures.figure import (
    GUESSING,
    Figure,
    Look,
    canvas,
    cell_rows,
    label,
    legend,
    remarks,
)
from radimagenet_vqa_tasks.analysis.figures.pairs import points_said
from radimagenet_vqa_tasks.analysis.grounding import CELL, WITHOUT, Grounding
from radimagenet_vqa_tasks.analysis.grounding_sheets import HEADS
from radimagenet_vqa_tasks.analysis.paired import Difference
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.scoring.record import ARMS, ArmName

PITCH = 0.34  # inches a row
_COLOURS: Mapping[ArmName, int] = {"image": 0, "textonly": 1, "told": 4, "blank": 3, "swapped": 2}


def grounding_figures(found: Grounding, number: int, look: Look) -> Iterator[Figure]:
    """The figures that one run and benchmark support; `number` tells runs apart."""
    if found.gains:
        yield _arms(found, number, look)
    if found.follows:
        yield _follows(found, number, look)
    if len({one.answered.value for one in found.mirages}) > 1:  # one value everywhere is a sentence
        yield _mirages(found, number, look)


def _arms(found: Grounding, number: int, look: Look) -> Figure:
    """Accuracy in every arm, a row a cell, joined by a line."""
    rows = list(dict.fromkeys(one.cell for one in found.gains))
    gains = {(one.arm, one.cell): one for one in found.gains}
    shown = [name for name in ARMS if name in found.paired]
    values: dict[ArmName, list[float]] = {
        "image": [next(one.seen for (_, cell), one in gains.items() if cell == row) for row in rows],
        **{name: [gains[name, row].unseen if (name, row) in gains else math.nan for row in rows] for name in shown},
    }
    chances = [next(one.chance for (_, cell), one in gains.items() if cell == row) for row in rows]
    drawing, axes = canvas(PITCH * len(rows) + 1.2)
    entries: dict[str, Artist] = {}
    for row, of_row in enumerate(zip(*values.values(), strict=True)):
        there = [100 * value for value in of_row if not math.isnan(value)]
        if there:
            axes.plot((min(there), max(there)), (row, row), color=look.lines, linewidth=2.4)
    for name, of_arm in values.items():
        entries[HEADS[name]] = _dots(axes, of_arm, _COLOURS[name], look, filled=name == "image")
    known = [(row, 100 * chance) for row, chance in enumerate(chances) if not math.isnan(chance)]
    if known:
        at = [row for row, _ in known]
        ends = ([row - 0.32 for row in at], [row + 0.32 for row in at])
        entries[GUESSING] = axes.vlines([chance for _, chance in known], *ends, colors=look.faint, linewidths=1.1)
    decisive = next(name for name in ("swapped", *shown) if name in shown)
    beside = {row: gains[decisive, cell].difference for row, cell in enumerate(rows) if (decisive, cell) in gains}
    _beside(axes, look, f"own minus {HEADS[decisive]}", beside)
    cell_rows(axes, rows, found.arms["image"].benchmark, look)
    axes.set_xlim(0, 100)
    axes.set_xlabel("accuracy, %")
    legend(drawing, entries)
    caption = (
        "Accuracy on the same questions in each arm. What the own image adds over another one, in points with its 95 % "
        "interval paired by question, stands at the right: only that shows that the image is read."
        if decisive == "swapped"
        else "Accuracy on the same questions in each arm; at the right the gain in points with its 95 % interval."
    )
    return _figure("arms", number, "the same questions in every arm", caption, found, drawing, look)


def _dots(axes: Axes, values: Sequence[float], index: int, look: Look, *, filled: bool) -> Artist:
    colour = look.colour(index)
    [mark] = axes.plot(
        [100 * value for value in values],
        range(len(values)),
        linestyle="none",
        marker=look.marker(index),
        markersize=6,
        color=colour,
        markerfacecolor=colour if filled else "none",
        clip_on=False,
        zorder=3,
    )
    return mark


def _beside(axes: Axes, look: Look, head: str, differences: Mapping[int, Difference]) -> None:
    """A difference with its interval at the right of every row."""
    axes.annotate(head, (1.03, -0.85), xycoords=("axes fraction", "data"), fontsize=8, color=look.faint)
    for row, one in differences.items():
        said = points_said(one)
        axes.annotate(said, (1.03, row), xycoords=("axes fraction", "data"), va="center", fontsize=8)


def _follows(found: Grounding, number: int, look: Look) -> Figure:
    """Bars of what answers are right for where another image is shown."""
    drawing, axes = canvas(PITCH * len(found.follows) + 1.15)
    parts = (("the shown image", 2, "", "shown"), ("neither", None, "////", "neither"), ("the own image", 0, "", "own"))
    entries: dict[str, Artist] = {}
    left = [0.0] * len(found.follows)
    # Right for both is counted as neither: nothing then says which.
    for name, index, hatch, part in parts:
        widths = [100 * getattr(one, part).value for one in found.follows]
        colour = look.lines if index is None else look.colour(index)
        bars = axes.barh(range(len(widths)), widths, 0.62, left, facecolor=colour, edgecolor=look.ground, hatch=hatch)
        entries[f"right for {name}" if index is not None else name] = bars[0]
        left = [at + width for at, width in zip(left, widths, strict=True)]
    chances = [(row, 100 * one.chance) for row, one in enumerate(found.follows) if not math.isnan(one.chance)]
    if chances:
        ends = ([row - 0.4 for row, _ in chances], [row + 0.4 for row, _ in chances])
        ticks = axes.vlines([chance for _, chance in chances], *ends, colors=look.ink, linewidths=1.4)
        entries[f"{GUESSING}, of the shown"] = ticks
    _beside(axes, look, "effect of the image", {row: one.effect for row, one in enumerate(found.follows)})
    cell_rows(axes, [one.cell for one in found.follows], found.arms["image"].benchmark, look)
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of the questions for which the shown image makes another answer right")
    legend(drawing, entries)
    caption = (
        "Questions asked with another image: for which of the two the answers are right. Effect: how much more often "
        "answers are right for an image where it is shown, in points with its 95 % interval; 0 where it is not read."
    )
    return _figure("follows", number, "what answers follow", caption, found, drawing, look)


def _mirages(found: Grounding, number: int, look: Look) -> Figure:
    """One row a cell, one mark an arm without anything to see."""
    shown = [name for name in WITHOUT if name in found.arms]
    mirages = {(one.arm, one.group): one.answered for one in found.mirages if one.by == CELL}
    rows = [cell for cell in found.arms["image"].cells if any((name, cell) in mirages for name in shown)]
    drawing, axes = canvas(PITCH * len(rows) + 1.15)
    entries: dict[str, Artist] = {}
    for place, name in enumerate(shown):
        offset = 0.22 * (place - (len(shown) - 1) / 2)
        there = {row + offset: mirages[name, cell] for row, cell in enumerate(rows) if (name, cell) in mirages}
        entries[HEADS[name]] = _estimates(axes, there, name, look)
    cell_rows(axes, rows, found.arms["image"].benchmark, look)
    axes.set_xlim(0, 100)
    axes.set_xlabel("answered as if there were an image, %")
    legend(drawing, entries)
    caption = (
        "Answers neither declined nor empty where there is nothing to see, with 95 % intervals clustered on images. "
        "Told: the prompt says so and asks for the likeliest answer."
    )
    return _figure("mirages", number, "answers without an image", caption, found, drawing, look)


def _estimates(axes: Axes, there: Mapping[float, Estimate], name: ArmName, look: Look) -> Artist:
    colour = look.colour(_COLOURS[name])
    for at, one in there.items():
        axes.plot((100 * one.low, 100 * one.high), (at, at), color=colour, linewidth=1.6, alpha=0.75)
    [mark] = axes.plot(
        [100 * one.value for one in there.values()],
        list(there),
        linestyle="none",
        marker=look.marker(_COLOURS[name]),
        markersize=5,
        color=colour,
        markerfacecolor=look.ground,
        clip_on=False,
        zorder=3,
    )
    return mark


def _figure(name: str, number: int, title: str, caption: str, found: Grounding, drawing: Drawing, look: Look) -> Figure:
    who, arms = label(found.arms["image"]), list(found.arms.values())
    return Figure(f"{name}-{number}", f"{who}: {title}", caption + remarks(arms), drawing, look.theme)
