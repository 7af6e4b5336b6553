"""The figures of the studies: rows of marks with intervals, one colour a run, and ticks for what needs no image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist

from radimagenet_vqa_tasks.analysis.figures.figure import MOST, SHOWN, Figure, Look, canvas, legend, settings
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.escape import plain

GAP = 0.16  # between two marks in a row, in inches
ROW = 0.22  # between rows, in inches
_TICKS: Sequence[tuple[float, Sequence[float]]] = ((0, ()), (0, (1, 1)), (0, (4, 1.5)), (0, (4, 1, 1, 1)), (0, (2, 2)))


@dataclass(frozen=True)
class Marks:
    """One arm's estimates, one a row; hollow marks are answers without the images."""

    name: str
    estimates: Sequence[Estimate]
    colour: int
    filled: bool = True


def marks_figure(
    name: str,
    title: str,
    caption: str,
    rows: Sequence[str],
    marks: Sequence[Marks],
    ticks: Mapping[str, Sequence[float]] | None = None,
    rules: Sequence[int] = (),
) -> Figure:
    """Accuracies in per cent, a row each; a line follows the rows in `rules`. NaN is not drawn."""
    shown = marks[: 2 * MOST]
    pitch = GAP * len(shown) + ROW
    with settings("light"):
        look = Look("light")
        drawing, axes = canvas(pitch * len(rows) + 0.9 + 0.18 * (len(shown) + len(ticks or {})))
        entries: dict[str, Artist] = {}
        for index, one in enumerate(shown):
            offset = (index - (len(shown) - 1) / 2) * GAP
            there = [(row, found) for row, found in enumerate(one.estimates) if not math.isnan(found.value)]
            for row, found in there:
                if not math.isnan(found.low):
                    place = row * pitch + offset
                    axes.plot((100 * found.low, 100 * found.high), (place, place), color=look.colour(one.colour))
            [mark] = axes.plot(
                [100 * found.value for _, found in there],
                [row * pitch + offset for row, _ in there],
                linestyle="none",
                marker=look.marker(one.colour),
                markersize=5,
                color=look.colour(one.colour),
                markerfacecolor=look.colour(one.colour) if one.filled else look.ground,
                clip_on=False,
                zorder=3,
            )
            entries[f"{plain(one.name, SHOWN)}{'' if one.filled else ', no images'}"] = mark
        for style, (label, values) in zip(_TICKS, (ticks or {}).items(), strict=False):
            known = [(row, 100 * value) for row, value in enumerate(values) if not math.isnan(value)]
            if known:
                xs, centres = [x for _, x in known], [row * pitch for row, _ in known]
                half = 0.42 * pitch
                low, high = [at - half for at in centres], [at + half for at in centres]
                entries[label] = axes.vlines(xs, low, high, colors=look.faint, linestyles=style, linewidths=1.2)
        axes.set_yticks([row * pitch for row in range(len(rows))], [plain(row) for row in rows])
        axes.set_ylim((len(rows) - 0.5) * pitch, -0.5 * pitch)
        axes.set_xlim(0, 100)
        axes.set_xlabel("accuracy, %")
        axes.grid(axis="x")
        for row in rules:
            axes.axhline((row + 0.5) * pitch, color=look.faint, linewidth=0.9)
        legend(drawing, entries)
        return Figure(name, title, caption, drawing)
