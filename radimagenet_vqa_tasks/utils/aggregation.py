"""Records to numbers: a cell's accuracy, and the unweighted mean of cells that the paper calls Avg.

The host averages over whichever cells it has, which changes the number without a word. Here a mean over fewer cells
than were asked for is NaN, and a warning names them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from loguru import logger

from radimagenet_vqa_tasks.scoring.late import settled
from radimagenet_vqa_tasks.tasks import groups


class CellScore(float):
    """A cell's accuracy (0 to 1, or NaN) that remembers its cell, so that a group can tell which one is missing."""

    cell: str

    def __new__(cls, value: float, cell: str) -> CellScore:
        score = super().__new__(cls, value)
        score.cell = cell
        return score

    def __reduce__(self) -> tuple[type[CellScore], tuple[float, str]]:
        return CellScore, (float(self), self.cell)


def accuracy(items: Sequence[dict[str, Any]]) -> CellScore:
    """The mean of the items' scores. Items without one were not judged: they are left out, never counted as 0."""
    scores = [item["score"] for item in map(settled, items) if "score" in item]
    mean = sum(scores) / len(scores) if scores else math.nan
    if len(scores) < len(items):
        logger.warning(
            f"{items[0]['cell']}: {len(items) - len(scores)} of {len(items)} answers have no verdict and are left out "
            f"of the accuracy, which lies between {sum(scores) / len(items):.3f} and "
            f"{(sum(scores) + len(items) - len(scores)) / len(items):.3f}. "
            "`radvqa judge FOLDER_OF_THE_LOGS` completes them."
        )
    return CellScore(mean, items[0]["cell"] if items else "")


def average_of(
    scores: Sequence[float], sizes: Sequence[int], weight_by_size: bool = False, *, cells: Sequence[str]
) -> float:
    """The unweighted mean over exactly these cells; NaN, with a warning, if one is missing or has no number.

    `sizes` and `weight_by_size` are what the host passes to every group aggregation.
    """
    known = {getattr(score, "cell", ""): score for score in scores if not math.isnan(score)}
    missing = [cell for cell in cells if cell not in known]
    if missing:
        logger.warning(f"no Avg: {', '.join(missing)} of {len(cells)} cells missing or without a number")
        return math.nan
    return sum(known[cell] for cell in cells) / len(cells)


def __getattr__(name: str) -> partial[float]:
    # The task files of groups name aggregation.radvqa, aggregation.radvqa_textonly and so on.
    if name not in groups():
        raise AttributeError(f"the pack has no group {name!r}; `radvqa tasks` lists them")
    return partial(average_of, cells=tuple(task.cell.name for task in groups()[name].tasks))
