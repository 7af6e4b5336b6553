"""The command that plans a study."""

from __future__ import annotations

from typing import Any

import click

from radimagenet_vqa_tasks.cli.options import FORMAT

_PERCENT = click.FloatRange(0, 100, min_open=True)


@click.command()
@click.option("--images", type=click.IntRange(min=2), default=1000, show_default=True, help="Each of one patient.")
@click.option("--cells", type=click.IntRange(min=1), default=9, show_default=True, help="Questions about each image.")
@click.option(
    "--discordance",
    type=_PERCENT,
    default=20,
    show_default=True,
    metavar="PERCENT",
    help="Questions that one run has right and the other wrong.",
)
@click.option(
    "--correlation",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Of these differences between two questions about one image.",
)
@click.option("--runs", type=click.IntRange(min=2), default=2, show_default=True, help="Compared, each with the first.")
@click.option("--tests", type=click.IntRange(min=1), help="Corrected together. Default: cells and Avg of every run.")
@click.option("--difference", type=_PERCENT, default=5, show_default=True, metavar="POINTS", help="To be found.")
@click.option(
    "--margin",
    type=(_PERCENT, _PERCENT),
    default=(2, 1),
    show_default=True,
    metavar="CELL AVG",
    help="Differences up to so many points count as the same.",
)
@click.option("--power", type=click.FloatRange(50, 99.9), default=80, show_default=True, metavar="PERCENT")
@FORMAT
def power(
    images: int,
    cells: int,
    discordance: float,
    correlation: float,
    runs: int,
    tests: int | None,
    difference: float,
    margin: tuple[float, float],
    power: float,
    form: Any,
) -> None:
    """Plan a comparison: what so many images can show, and how many are needed.

    \b
    Examples:
      radvqa power
      radvqa power --images 5000 --discordance 10 --difference 2
      radvqa power --cells 1 --runs 6 --margin 3 3
    """
    from radimagenet_vqa_tasks.analysis.commands import print_sheets
    from radimagenet_vqa_tasks.analysis.decisions import Margins
    from radimagenet_vqa_tasks.analysis.power import SCHEMA, Study, power_sheet

    family = tests or (cells + (cells > 1)) * (runs - 1)
    margins = Margins(margin[0] / 100, margin[1] / 100)
    study = Study(images, cells, discordance / 100, correlation, family, difference / 100, margins, power / 100)
    print_sheets([power_sheet(study)], form, SCHEMA)
