"""Where a run is good and where it is not: regions by cell, and the pathologies read best and worst."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib import colormaps
from matplotlib.axes import Axes

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.figures.figure import Figure, Look, canvas, label, remarks
from radimagenet_vqa_tasks.analysis.measure import Scheme, measure, value_of
from radimagenet_vqa_tasks.analysis.pathologies import pathologies
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.benchmarks.benchmark import Cell
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import Record

COLOURS = "cividis"
REGION = "location"
WHOLE = "all"

AT_LEAST = 10  # questions, as in the paper's Figure 9
LISTED = 10


def regions_figure(arm: Arm, number: int, scheme: Scheme, look: Look) -> Figure | None:
    """Accuracy of one run by region and cell: a heat map with its numbers; None where nothing has a score."""
    groups: dict[str, list[Record]] = {}
    for record in arm.records:
        groups.setdefault(value_of(record, REGION), []).append(record)
    names = sorted(groups)
    values = [measure(groups[name], scheme) for name in names] + [measure(arm.records, scheme)]
    cells = [cell for name, cell in arm.cells.items() if any(of_group[name].estimate.n for of_group in values)]
    if not cells:
        return None
    labels = [f"{plain(name, 24)} ({_images(groups[name])})" for name in names] + [f"{WHOLE} ({_images(arm.records)})"]
    shares = [[100 * of_group[cell.name].estimate.value for cell in cells] for of_group in values]
    drawing, axes = canvas(0.3 * len(labels) + 1.3)
    heat_map(axes, shares, labels, [cell.title for cell in cells], ".0f", (0, 100), look)
    axes.axhline(len(names) - 0.5, color=look.ink, linewidth=1)
    _subjects(axes, cells, look)
    axes.set_title(label(arm), pad=46)
    caption = (
        "Accuracy in % by region and cell; in parentheses: images. Dashes: no scored question. Numbers of few images "
        "are uncertain: radvqa table --by location gives the intervals."
    )
    return Figure(
        f"regions-{number}", f"{label(arm)}: accuracy by region", caption + remarks([arm]), drawing, look.theme
    )


def heat_map(
    axes: Axes,
    values: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    form: str,
    limits: tuple[float, float],
    look: Look,
) -> None:
    """A field a value, its number in black or white, whichever can be read; NaN is a dash on no colour."""
    colours = colormaps[COLOURS]
    axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto")
    for row, of_row in enumerate(values):
        for column, value in enumerate(of_row):
            if math.isnan(value):
                axes.text(column, row, "\N{EN DASH}", ha="center", va="center", color=look.faint)
                continue
            ground = colours((value - limits[0]) / (limits[1] - limits[0]))
            axes.text(column, row, format(value, form), ha="center", va="center", color=_readable_on(ground))
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(len(columns)), columns)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _readable_on(ground: tuple[float, float, float, float]) -> str:
    """Black or white, whichever has more contrast by the definition of WCAG 2."""
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in ground[:3])
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white"


def _subjects(axes: Axes, cells: Sequence[Cell], look: Look) -> None:
    """The subjects above their cells, with a line between two."""
    starts = [at for at, cell in enumerate(cells) if at == 0 or cells[at - 1].subject != cell.subject]
    for start, end in zip(starts, [*starts[1:], len(cells)], strict=True):
        alone = end - start == 1  # its name is wider than its column, and stands above its neighbours
        axes.annotate(
            cells[start].subject,
            ((start + end - 1) / 2, 1),
            xytext=(0, 31 if alone else 19),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=look.faint,
        )
        if start:
            axes.axvline(start - 0.5, color=look.ink, linewidth=1)


def _images(records: Sequence[Record]) -> str:
    return f"{len({record.image for record in records}):,}"


def pathologies_figure(arm: Arm, number: int, scheme: Scheme, look: Look) -> Figure | None:
    """The pathologies that one run reads best and worst; None where fewer than two have enough questions."""
    found = pathologies(arm, scheme, AT_LEAST)
    ranked = list(found.raw)
    if found.shrunken is None or len(ranked) < 2:
        return None
    names = ranked if len(ranked) <= 2 * LISTED else [*ranked[:LISTED], *ranked[-LISTED:]]
    drawing, axes = canvas(0.25 * len(names) + 0.9)
    _bars(axes, [(name, found.raw[name], found.shrunken.estimates[name]) for name in names], look)
    if len(names) < len(ranked):
        axes.axhline(LISTED - 0.5, color=look.faint, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axvline(25, color=look.faint, linewidth=1)
    axes.set_title(label(arm))
    caption = (
        "Multiple-choice questions about each pathology. Bars: right answers; marks: drawn towards all pathologies "
    )
    caption += "by as much as their spread is chance, with 95 % intervals; n in parentheses. "
    caption += f"{len(ranked)} of {found.found} pathologies have at least {AT_LEAST} scored questions"
    caption += f", of which the best and the worst {LISTED} are shown." if len(names) < len(ranked) else "."
    caption += f" Line: chance. {found.said}"
    title = f"{label(arm)}: pathologies read best and worst"
    return Figure(f"pathologies-{number}", title, caption + remarks([arm], judged=False), drawing, look.theme)


def _bars(axes: Axes, found: Sequence[tuple[str, float, Estimate]], look: Look) -> None:
    """A bar for each raw share, and the shrunken one with its interval upon it."""
    names, estimates = [name for name, _, _ in found], [one for _, _, one in found]
    places = range(len(names))
    axes.barh(places, [100 * raw for _, raw, _ in found], height=0.62, color=look.colour(0), alpha=0.45)
    axes.hlines(
        places,
        [100 * one.low for one in estimates],
        [100 * one.high for one in estimates],
        colors=look.colour(0),
        linewidths=1.8,
    )
    axes.plot([100 * one.value for one in estimates], places, "o", markersize=4, color=look.colour(0))
    labels = [f"{plain(name, 34)} ({one.n:,})" for name, one in zip(names, estimates, strict=True)]
    axes.set_yticks(places, labels)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel("accuracy, %")
    axes.grid(axis="x")
