"""What a study can show before it is run: detectable differences, power, and the images that are needed.

The same formulas stand beside every comparison (`decisions`); here the share of questions that two runs answer
differently is assumed and not measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from radimagenet_vqa_tasks.analysis.decisions import ALPHA, POWER, Margins, one_sided, power_of
from radimagenet_vqa_tasks.analysis.numbers import Count, NumberRow, Share, Size, fields
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.student import z_quantile

SCHEMA = "radvqa.power/1"


@dataclass(frozen=True)
class Study:
    """A comparison that is planned.

    Attributes:
        images: each with one question in every cell.
        cells: of the benchmark.
        discordance: the share of questions that one run has right and the other wrong.
        correlation: of these between two questions about one image.
        tests: how many are corrected together.
        difference: that should be found, as a share.
        margin: within which runs count as the same.
        power: the probability with which it should be found, or sameness be shown.
    """

    images: int
    cells: int
    discordance: float
    correlation: float
    tests: int
    difference: float
    margin: Margins
    power: float = POWER


class PowerRow(NumberRow, frozen=True, kw_only=True):
    """What a planned study can show of one cell, or of Avg."""

    of: Annotated[str, Meta(description="a cell, or Avg")]
    images: Count
    tests: Annotated[Count, Meta(description="that are corrected together")]
    detectable: Annotated[Size, Meta(description="the difference that is found with the wanted probability")]
    difference: Annotated[Share, Meta(description="that should be found")]
    power: Annotated[Share, Meta(description="the probability with which it is found")]
    images_for_difference: Annotated[Count, Meta(description="that find it with the wanted probability")]
    margin: Annotated[Share, Meta(description="within which runs count as the same")]
    images_for_sameness: Annotated[Count, Meta(description="that show it of equal runs with that probability")]


def power_rows(study: Study) -> list[PowerRow]:
    """A cell and, of several, Avg."""
    share = (1 + (study.cells - 1) * study.correlation) / study.cells
    rows = [_row("a cell", study, study.discordance, study.margin.cell)]
    return [*rows, _row("Avg", study, study.discordance * share, study.margin.average)] if study.cells > 1 else rows


def _row(of: str, study: Study, variance: float, margin: float) -> PowerRow:
    """`variance` is that of one image's part in the difference."""
    error = math.sqrt(variance / study.images)
    found = z_quantile(1 - ALPHA / study.tests) + one_sided(study.power)
    same = z_quantile(1 - 2 * ALPHA / study.tests) + one_sided((1 + study.power) / 2)
    return PowerRow(
        of=of,
        images=study.images,
        tests=study.tests,
        detectable=min(1.0, found * error),
        difference=study.difference,
        power=power_of(study.difference, error, study.tests),
        images_for_difference=math.ceil(variance * (found / study.difference) ** 2),
        margin=margin,
        images_for_sameness=math.ceil(variance * (same / margin) ** 2),
    )


def power_sheet(study: Study) -> Sheet:
    """The plan as a table."""
    rows = power_rows(study)
    wanted = f"{100 * study.power:g}"
    heads = [
        *("", f"found in {wanted} of 100, points", f"power for {100 * study.difference:g} points, %"),
        *("images for that", "margin, points", "images to show sameness"),
    ]
    lines = [
        [
            Item(row.of),
            Item(f"{100 * row.detectable:.1f}"),
            Item(f"{100 * row.power:.0f}"),
            Item(f"{row.images_for_difference:,}"),
            Item(f"{100 * row.margin:g}"),
            Item(f"{row.images_for_sameness:,}"),
        ]
        for row in rows
    ]
    notes = [
        f"Assumed: two runs answer {100 * study.discordance:g} % of the questions differently in outcome, which "
        f"between two questions about an image is correlated by {study.correlation:g}; images are independent (of "
        f"other patients). Corrected for {study.tests:,} tests.",
        "Sameness is shown by two one-sided tests within the margin, if the runs are equal. A pilot run tells the "
        "discordance: (wins + losses) / n of `radvqa compare`.",
    ]
    title = f"What {study.images:,} images with a question in each of {study.cells} cells can show"
    return Sheet(title, heads, lines, notes, fields(rows))
