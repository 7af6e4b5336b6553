"""Two or more arms on the same questions: with and without the image, the first run and others, and their agreement."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from radimagenet_vqa_tasks.analysis.agreement import kappa_rows
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.chance import chance_level
from radimagenet_vqa_tasks.analysis.compare import differences, pair
from radimagenet_vqa_tasks.analysis.figures.figure import (
    GUESSING,
    MOST,
    Figure,
    Look,
    canvas,
    cell_rows,
    enter,
    label,
    legend,
    remarks,
)
from radimagenet_vqa_tasks.analysis.figures.groups import heat_map
from radimagenet_vqa_tasks.analysis.measure import Scheme, measure
from radimagenet_vqa_tasks.analysis.paired import Difference


def blind_figure(seeing: Arm, blind: Arm, number: int, scheme: Scheme, look: Look) -> Figure | None:
    """One row a cell: accuracy without and with the image, joined; the paired gain with its interval at the side.

    None where no question has a score both ways.
    """
    paired = pair(blind, seeing, scheme)
    gains = differences(paired, scheme)
    first, second = (
        measure([records[side] for of_cell in paired.cells.values() for records in of_cell], scheme) for side in (0, 1)
    )
    rows = [name for name in gains if gains[name].n]
    if not rows:
        return None
    drawing, axes = canvas(0.34 * len(rows) + 1.1)
    chances = {name: chance_level([record for record, _ in paired.cells.get(name, ())]) for name in rows}
    entries: dict[str, Artist] = {}
    for row, name in enumerate(rows):
        without, with_image = 100 * first[name].estimate.value, 100 * second[name].estimate.value
        up = with_image >= without
        axes.plot((without, with_image), (row, row), color=look.colour(0 if up else 1), linewidth=2.4, alpha=0.6)
        [entries["without the image"]] = _dot(axes, without, row, look, filled=False)
        [entries["with the image"]] = _dot(axes, with_image, row, look, filled=True)
        if not math.isnan(chance := chances[name]):
            entries[GUESSING] = axes.vlines([100 * chance], row - 0.32, row + 0.32, colors=look.faint, linewidths=1.1)
        axes.annotate(
            points_said(gains[name]),
            (1.03, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
        )
    axes.annotate(
        "gain, points [95 %]", (1.03, -0.85), xycoords=("axes fraction", "data"), fontsize=8, color=look.faint
    )
    cell_rows(axes, rows, seeing.benchmark, look)
    axes.set_xlim(0, 100)
    axes.set_xlabel("accuracy, %")
    axes.set_title(label(seeing))
    legend(drawing, entries)
    caption = (
        "The same questions with and without the image. Gain: paired by question, with its 95 % interval; a line of "
        "another colour is a loss. What is right without the image was not seen. Tick: uniform guessing."
    )
    title = f"{label(seeing)}: with and without the image"
    return Figure(f"blind-{number}", title, caption + remarks([seeing, blind]), drawing, look.theme)


def _dot(axes: Axes, value: float, row: int, look: Look, *, filled: bool) -> Iterable[Artist]:
    colour, ground = look.colour(0), look.ground
    fill = colour if filled else ground
    return axes.plot(value, row, "o", markersize=6, color=colour, markerfacecolor=fill, clip_on=False, zorder=3)


def points_said(gain: Difference) -> str:
    """A difference in points with its interval, short."""
    said = f"{100 * gain.value:+.1f}"
    return said if math.isnan(gain.low) else f"{said} [{100 * gain.low:+.0f}, {100 * gain.high:+.0f}]"


def differences_figure(arms: Sequence[Arm], scheme: Scheme, look: Look) -> Figure | None:
    """What the other runs have over the first, cell by cell, with intervals; None where no two share a score.

    The runs must compare: `compare.obstacles`.
    """
    base, *others = arms
    shown = others[: MOST - 1]
    found = [differences(pair(base, other, scheme), scheme) for other in shown]
    rows = [name for name in found[0] if any(of_pair[name].n for of_pair in found)]
    if not rows:
        return None
    pitch = 0.16 * len(shown) + 0.2
    drawing, axes = canvas(pitch * len(rows) + 0.95 + 0.18 * len(shown))
    entries: dict[str, Artist] = {}
    for index, (other, of_pair) in enumerate(zip(shown, found, strict=True)):
        offset = (index - (len(shown) - 1) / 2) * 0.16 / pitch
        enter(entries, label(other), _intervals(axes, of_pair, rows, offset, index + 1, look))
    axes.axvline(0, color=look.ink, linewidth=1)
    reach = max([5.0, *(abs(end) for line in axes.lines[:-1] for end in _numbers(line.get_xdata()))])
    axes.set_xlim(-1.05 * reach, 1.05 * reach)
    cell_rows(axes, rows, base.benchmark, look)
    axes.set_xlabel(f"points better than {label(base, 30)}")
    legend(drawing, entries)
    caption = (
        f"Accuracy minus that of {label(base)} on the same questions, paired, with 95 % intervals (uncorrected for "
        "the number of cells; radvqa compare corrects)."
    )
    title = f"Differences from {label(base)}"
    return Figure("differences", title, caption + remarks([base, *others], 1 + len(shown)), drawing, look.theme)


def _intervals(
    axes: Axes, found: Mapping[str, Difference], rows: Sequence[str], offset: float, index: int, look: Look
) -> Artist:
    colour = look.colour(index)
    for row, name in enumerate(rows):
        one = found[name]
        if not math.isnan(one.low):
            ends = (100 * one.low, 100 * one.high)
            axes.plot(ends, (row + offset, row + offset), color=colour, linewidth=1.6, alpha=0.75)
    values = [100 * found[name].value for name in rows]
    places = [row + offset for row in range(len(rows))]
    [mark] = axes.plot(values, places, linestyle="none", marker=look.marker(index), markersize=5, color=colour)
    return mark


def _numbers(values: object) -> list[float]:
    return [float(value) for value in values if not math.isnan(value)]  # type: ignore[attr-defined]


def kappa_figure(arms: Sequence[Arm], look: Look) -> Figure:
    """How far each two runs give the same answers: Cohen's kappa as a heat map."""
    shown = arms[:MOST]
    found = kappa_rows(shown)
    values = [
        [math.nan if row == column else found[row * len(shown) + column].kappa for column in range(len(shown))]
        for row in range(len(shown))
    ]
    drawing, axes = canvas(0.42 * len(shown) + 0.75)
    numbers = [str(number + 1) for number in range(len(shown))]
    names = [f"{label(arm, 32)}  {number}" for arm, number in zip(shown, numbers, strict=True)]
    heat_map(axes, values, names, numbers, ".2f", (0, 1), look)
    caption = (
        "Cohen's kappa of the answers to closed and multiple-choice questions, chance taken within each cell. 1: the "
    )
    caption += "same answer everywhere; 0: no more agreement than chance. Agreement says nothing of being right."
    return Figure(
        "agreement", "Agreement of answers", caption + remarks(arms, len(shown), judged=False), drawing, look.theme
    )
