"""Whether the runs of one benchmark look at the image, for the report: in words, and the tables behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.grounding import grounding, runs_of
from radimagenet_vqa_tasks.analysis.grounding_line import line
from radimagenet_vqa_tasks.analysis.grounding_sheets import grounding_sheets
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.sheet import Sheet
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import ArmName

TOLD = 3  # runs of which each has a sentence of its own
PAIR = {"image", "textonly"}  # which have a table of their own


def looks(arms: Sequence[Arm], scheme: Scheme) -> list[str]:
    """A line for each of the first runs that were asked in several arms; then who was not."""
    several = runs_of(arms)
    said = [line(of_run, scheme) for of_run in several[:TOLD]]
    if len(several) > TOLD:
        said.append(f"{len(several) - TOLD} more runs: see the tables.")
    known = {of_run["image"].name for of_run in several}
    alone = list(dict.fromkeys(arm.name for arm in arms if arm.with_image and arm.name not in known))
    if alone and len(said) <= TOLD:
        more = f" and {len(alone) - TOLD} more" if len(alone) > TOLD else ""
        names = ", ".join(plain(name, 40) for name in alone[:TOLD])
        said.append(f"{names}{more}: not asked without the images, so what is guessed is not known.")
    return said


def has_more_arms(of_run: Mapping[ArmName, Arm]) -> bool:
    """Whether a run was asked in more arms than with and without the image."""
    return set(of_run) != PAIR


def run_sheets(of_run: Mapping[ArmName, Arm], scheme: Scheme) -> list[Sheet]:
    """The tables of one run's arms. Raises RunError where they do not compare."""
    return grounding_sheets(grounding(of_run, scheme), scheme)
