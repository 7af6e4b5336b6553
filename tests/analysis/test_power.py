"""What a planned study can show, against simulations of it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from radimagenet_vqa_tasks.analysis.decisions import Margins, decide, power_of
from radimagenet_vqa_tasks.analysis.paired import difference
from radimagenet_vqa_tasks.analysis.power import PowerRow, Study, power_rows
from radimagenet_vqa_tasks.cli import main


def plan(**changed: float) -> list[PowerRow]:
    """A cell and Avg of a study of 1,000 images."""
    fields = {"images": 1000, "cells": 9, "discordance": 0.2, "correlation": 0.1, "tests": 10, "difference": 0.05}
    return power_rows(Study(**{**fields, **changed}, margin=Margins()))  # type: ignore[arg-type]


def simulated(images: int, points: float, margin: float, outcome: str, trials: int = 300) -> float:
    """How often one cell of so many images, a fifth of it discordant, comes to this outcome."""
    random, found = np.random.default_rng(5), 0
    for _ in range(trials):
        wins, losses, ties = random.multinomial(images, [0.1 + points / 2, 0.1 - points / 2, 0.8])
        ours = [1.0] * wins + [0.0] * (losses + ties)
        pairs = ours, [0.0] * wins + [1.0] * losses + [0.0] * ties, list(range(images))
        found += decide({"": difference(pairs)}, {"": margin})[""].outcome == outcome
    return found / trials


def test_the_detectable_difference_is_found_in_80_of_100() -> None:
    """One cell, one test: simulated at the difference that is said to be found."""
    [row] = plan(cells=1, tests=1, images=600)
    assert simulated(600, row.detectable, 0.02, "second better") == pytest.approx(0.8, abs=0.07)


def test_so_many_images_find_the_difference_or_show_sameness() -> None:
    """Simulated with the images that the plan asks for."""
    [row] = plan(cells=1, tests=1)
    assert simulated(row.images_for_difference, 0.05, 0.02, "second better") == pytest.approx(0.8, abs=0.08)
    assert simulated(row.images_for_sameness, 0, 0.02, "same within the margin", 100) == pytest.approx(0.8, abs=0.13)


def test_avg_is_known_better_than_a_cell_and_correction_costs() -> None:
    """Nine questions an image are worth more than one, unless they all go together; more tests find less."""
    cell, average = plan()
    assert average.detectable < cell.detectable / 2
    assert plan(correlation=1.0)[1].detectable == pytest.approx(cell.detectable)
    assert plan(tests=100)[0].detectable > cell.detectable and plan(tests=100)[0].power < cell.power


def test_power_at_the_detectable_difference_is_the_wanted_one() -> None:
    """The three numbers of a row belong together."""
    assert power_of(0.05, math.nan, 1) != power_of(0.05, math.nan, 1)  # no data, no power
    assert plan(difference=plan()[0].detectable)[0].power == pytest.approx(0.8, abs=1e-3)


def test_the_command_prints_a_plan() -> None:
    """As text for people and as JSON for a notebook; what cannot be is refused."""
    said = CliRunner().invoke(main, ["power", "--images", "500", "--runs", "3"])
    assert said.exit_code == 0 and "Corrected for 20 tests" in said.output and "Avg" in said.output
    printed = CliRunner().invoke(main, ["power", "--cells", "1", "--format", "json"])
    [row] = json.loads(printed.output)["tables"][0]["rows"]
    assert row["of"] == "a cell" and row["tests"] == 1
    assert CliRunner().invoke(main, ["power", "--discordance", "0"]).exit_code == 2
