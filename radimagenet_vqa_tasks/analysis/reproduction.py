"""Whether a run reproduces a printed row: the same within a margin, different, or neither can be told.

All cells and Avg of a row are one family (`decisions`). A row is reproduced where its Avg is the same within the margin
and no cell differs; it is not where Avg or any cell differs; else nothing can be told. So at most one row in twenty of
equal models is refuted, and at most one in twenty whose Avg is the margin off is confirmed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from radimagenet_vqa_tasks.analysis.clusters import Cells
from radimagenet_vqa_tasks.analysis.decisions import Decision, Margins, decide
from radimagenet_vqa_tasks.analysis.measure import AVG
from radimagenet_vqa_tasks.analysis.paired import NO_DIFFERENCE, Difference
from radimagenet_vqa_tasks.analysis.printed import FLIPS, Images, printed_gap

Outcome = Literal["same within the margin", "differs", "cannot tell", "not comparable"]


@dataclass(frozen=True)
class PrintedShare:
    """A printed value: a share between 0 and 1, and the number of questions that it rests on."""

    value: float
    n: int


@dataclass(frozen=True)
class CellVerdict:
    """What a cell, or Avg, comes to; why; the difference, and what was decided of it where it can be compared."""

    outcome: Outcome
    why: str = ""
    gap: Difference = NO_DIFFERENCE
    decision: Decision | None = None

    @property
    def low(self) -> float:
        return self.decision.low if self.decision else math.nan

    @property
    def high(self) -> float:
        return self.decision.high if self.decision else math.nan

    @property
    def p_holm(self) -> float:
        return self.decision.p_holm if self.decision else math.nan

    @property
    def margin(self) -> float:
        return self.decision.margin if self.decision else math.nan

    @property
    def needed(self) -> int | None:
        return self.decision.needed if self.decision else None

    def __str__(self) -> str:
        said: str = self.outcome
        if self.outcome == "cannot tell" and self.decision and self.decision.needed is not None:
            said += f" (needs about {self.decision.needed:,} questions)"
        return f"{said}: {self.why}" if self.why else said


def reproduced(
    cells: Cells,
    printed: Mapping[str, PrintedShare],
    images: Images,
    margins: Margins,
    obstacles: Mapping[str, str],
    flips: float = FLIPS,
) -> dict[str, CellVerdict]:
    """The verdict on every printed value.

    Args:
        cells: our scores and clusters by cell; "Avg" is the mean of all of them.
        printed: by cell, and of "Avg".
        obstacles: why a cell cannot be compared; empty or absent where it can.
        flips: see `printed_gap`.
    """
    comparable = [name for name in printed if not obstacles.get(name)]
    found = {
        name: printed_gap(cells if name == AVG else {name: cells[name]}, one.value, one.n, images, flips)
        for name, one in printed.items()
    }
    widths = {name: margins.average if name == AVG else margins.cell for name in comparable}
    decided = decide({name: found[name] for name in comparable}, widths, same_first=True)
    return {
        name: _verdict(decided[name])
        if name in decided
        else CellVerdict("not comparable", obstacles[name], found[name])
        for name in printed
    }


def _verdict(decided: Decision) -> CellVerdict:
    if decided.outcome in ("second better", "first better"):
        return CellVerdict("differs", "", decided.difference, decided)
    if decided.outcome == "same within the margin":
        return CellVerdict("same within the margin", "", decided.difference, decided)
    return CellVerdict("cannot tell", "", decided.difference, decided)


def row_verdict(verdicts: Mapping[str, CellVerdict]) -> str:
    """What the cells and Avg come to together, in words."""
    cells = {name: one for name, one in verdicts.items() if name != AVG}
    counts = Counter(one.outcome for one in cells.values())
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    average = verdicts[AVG]
    if average.outcome == "not comparable":
        return f"cannot be reproduced or refuted by this run ({said})"
    if average.outcome == "differs":
        return f"is not reproduced: Avg differs ({said})"
    if counts["differs"]:
        return f"is not reproduced: {counts['differs']} of {len(cells)} cells differ ({said})"
    if average.outcome == "same within the margin":
        return f"is reproduced: Avg is the same within the margin, and no cell differs ({said})"
    return f"is neither reproduced nor refuted: {average} ({said})"
