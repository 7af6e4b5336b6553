"""Records to numbers: a cell's accuracy, and the unweighted mean of cells that the paper calls Avg.

The host averages over whichever cells it has, which changes the number without a word. Here a mean over fewer cells
than were asked for is NaN, and a warning names them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from loguru import logger

from radimagenet_vqa_tasks.judge.verdict import PAPERS_JUDGE
from radimagenet_vqa_tasks.scoring.late import settled
from radimagenet_vqa_tasks.tasks import groups


class CellScore(float):
    """A cell's accuracy (0 to 1, or NaN) that remembers its cell, and how many of its answers are missing."""

    cell: str
    missing: int

    def __new__(cls, value: float, cell: str, missing: int = 0) -> CellScore:
        score = super().__new__(cls, value)
        score.cell, score.missing = cell, missing
        return score

    def __reduce__(self) -> tuple[type[CellScore], tuple[float, str, int]]:
        return CellScore, (float(self), self.cell, self.missing)


def accuracy(items: Sequence[dict[str, Any]]) -> CellScore | None:
    """The mean of the items' scores. Items without one are the machinery's debt: left out, never counted as 0.

    None, which the host prints as N/A, where no score is claimed of any item.
    """
    items = [one for item in items if "dropped" not in (one := settled(item))]
    if others := sorted({item["unclaimed"] for item in items if "unclaimed" in item}):
        logger.info(
            f"{items[0]['cell']}: no accuracy_paper, because {', '.join(others)} judged, and the paper's judge is "
            f"{PAPERS_JUDGE}. `radvqa judge` judges a finished run again."
        )
        return None
    found = mean_score(items)
    if found.missing:
        right = 0.0 if math.isnan(found) else found * (len(items) - found.missing)
        logger.warning(
            f"{found.cell}: {found.missing} of {len(items)} answers are missing and left out of the accuracy, which "
            f"lies between {right / len(items):.3f} and {(right + found.missing) / len(items):.3f}. The records "
            "say why: requests that failed are asked again by the same `radvqa run`, and `radvqa judge "
            "FOLDER_OF_THE_LOGS` gets the verdicts that a judge owes."
        )
    return found


def mean_score(items: Sequence[dict[str, Any]]) -> CellScore:
    """The mean of the scores that there are, and how many there are not."""
    scores = [item["score"] for item in map(settled, items) if "score" in item]
    mean = sum(scores) / len(scores) if scores else math.nan
    return CellScore(mean, items[0]["cell"] if items else "", len(items) - len(scores))


def average_of(
    scores: Sequence[float | None], sizes: Sequence[int], weight_by_size: bool = False, *, cells: Sequence[str]
) -> float | None:
    """The unweighted mean over exactly these cells; NaN, with a warning, if one is absent or lacks answers.

    None, which the host prints as N/A, where `accuracy` claims none for one of them. `sizes` and `weight_by_size` are
    what the host passes to every group aggregation.
    """
    claimed = [score for score in scores if score is not None]
    known = {
        getattr(score, "cell", ""): score
        for score in claimed
        if not math.isnan(score) and not getattr(score, "missing", 0)
    }
    absent = [cell for cell in cells if cell not in known]
    if len(claimed) < len(scores):
        _warn_once(f"no Avg of accuracy_paper: {', '.join(absent)} not judged by {PAPERS_JUDGE}, the paper's judge")
        return None
    if absent:
        logger.warning(f"no Avg: {', '.join(absent)} of {len(cells)} cells absent or without all their answers")
        return math.nan
    return sum(known[cell] for cell in cells) / len(cells)


@cache
def _warn_once(said: str) -> None:
    # The host asks a group for the same number twice, because one metric's name begins with another's.
    logger.warning(said)


def __getattr__(name: str) -> partial[float | None]:
    # The task files of groups name aggregation.radvqa, aggregation.radvqa_textonly and so on.
    if name not in groups():
        raise AttributeError(f"the pack has no group {name!r}; `radvqa tasks` lists them")
    return partial(average_of, cells=tuple(task.cell.name for task in groups()[name].tasks))
