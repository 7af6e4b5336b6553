"""How far the numbers can be trusted: answers not read or not judged, and what the other parser makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.figures.figure import (
    MOST,
    WIDTH,
    Figure,
    Look,
    colour_indices,
    enter,
    label,
    legend,
    remarks,
)
from radimagenet_vqa_tasks.analysis.measure import Measured, Scheme, measure
from radimagenet_vqa_tasks.analysis.unclaimed import unclaimed

BAR = 0.13  # inches a run


def reliability_figure(arms: Sequence[Arm], look: Look) -> Figure:
    """Left, the shares of answers without a reading or a verdict; right, the paper's protocol minus the strict one."""
    shown = arms[:MOST]
    rows = list(shown[0].cells)
    pitch = BAR * len(shown) + 0.19
    drawing = Drawing(figsize=(WIDTH, pitch * len(rows) + 0.95 + 0.18 * len(shown)), layout="constrained")
    left, right = drawing.subplots(1, 2, sharey=True)
    entries: dict[str, Artist] = {}
    colours = colour_indices(shown)
    for index, arm in enumerate(shown):
        strict, paper = measure(arm.records, Scheme()), measure(arm.records, Scheme("paper"))
        places = [row * pitch + (index - (len(shown) - 1) / 2) * BAR for row in range(len(rows))]
        _missing(left, [strict[name] for name in rows], places, look.colour(colours[arm.name]), arm.with_image)
        gaps = [100 * (paper[name].estimate.value - strict[name].estimate.value) for name in rows]
        enter(entries, label(arm), _parsers(right, gaps, places, colours[arm.name], look, arm.with_image))
    family = shown[0].benchmark
    names = [f"{family.cells[name].subject} {family.cells[name].title}".strip() for name in rows]
    left.set_yticks([row * pitch for row in range(len(rows))], names)
    left.set_ylim((len(rows) - 0.5) * pitch, -0.5 * pitch)
    left.set_xlim(0, max(5.0, 1.08 * left.get_xlim()[1]))
    reach = max(5.0, 1.08 * max(abs(end) for end in right.get_xlim()))
    right.set_xlim(-reach, reach)
    right.axvline(0, color=look.ink, linewidth=1)
    left.set_xlabel("unparsed, missing, %")
    right.set_xlabel("paper's rules minus strict, points")
    for axes in (left, right):
        axes.grid(axis="x")
    legend(drawing, entries)
    caption = (
        "Left: answers that could not be read (they count as wrong) and, hatched, those without a verdict (they are "
    )
    caption += "left out). Right: how far the same answers score otherwise under the rules of the paper's own tool"
    caption += "; open cells have no mark under another judge than the paper's." if _has_gap(shown) else "."
    title = f"{family.title}: reliability of extraction"
    return Figure("reliability", title, caption + remarks(arms, len(shown)), drawing, look.theme)


def _has_gap(arms: Sequence[Arm]) -> bool:
    """Whether a cell of these runs has no number by the paper's protocol."""
    return any(unclaimed(arm) for arm in arms)


def _missing(axes: Axes, measured: Sequence[Measured], places: Sequence[float], colour: str, filled: bool) -> None:
    unparsed = [100 * one.unparsed / one.asked if one.asked else 0.0 for one in measured]
    missing = [100 * one.missing / one.asked if one.asked else 0.0 for one in measured]
    height = 0.8 * BAR
    axes.barh(places, unparsed, height=height, facecolor=colour if filled else "none", edgecolor=colour)
    axes.barh(places, missing, left=unparsed, height=height, facecolor="none", edgecolor=colour, hatch="////")


def _parsers(
    axes: Axes, gaps: Sequence[float], places: Sequence[float], index: int, look: Look, filled: bool
) -> Artist:
    colour = look.colour(index)
    axes.hlines(places, [0.0] * len(gaps), gaps, colors=colour, linewidths=1.4, alpha=0.7)
    [mark] = axes.plot(
        gaps,
        places,
        linestyle="none",
        marker=look.marker(index),
        markersize=4.5,
        color=colour,
        markerfacecolor=colour if filled else look.ground,
    )
    return mark
