"""A measured accuracy against one that is only printed: what chance allows between them.

Nobody publishes single answers, so the two cannot be paired. What the printed value's own error is depends on what one
means by "the same". On the same images the question is whether a repeat gives that number: only answers that a repeat
changes are chance, and how many those are must be assumed (`FLIPS`). On other images of the same kind both values are
samples, and their errors add.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from radimagenet_vqa_tasks.analysis.clusters import Cells, Influences, influences
from radimagenet_vqa_tasks.analysis.paired import NO_DIFFERENCE, Difference, Spread
from radimagenet_vqa_tasks.analysis.statistics import share_interval
from radimagenet_vqa_tasks.analysis.student import LEVEL, z_quantile

Images = Literal["same images", "other images"]

FLIPS = 0.05  # of a model's answers, right or wrong, that a repeat on the same images may change
ROUNDING = 0.0005  # half of the last printed digit, as a share


@dataclass(frozen=True)
class SameImages(Spread):
    """The spread between two runs on the same images of which a share of answers, `more` + `less`, differs."""

    size: float

    def interval(self, level: float) -> tuple[float, float]:
        low, high = super().interval(level)
        return max(-1.0, low - ROUNDING), min(1.0, high + ROUNDING)

    def effective_size(self, level: float) -> float:
        return self.size


@dataclass(frozen=True)
class OtherImages(Spread):
    """The spread between a run and a printed value of other images; both have the same clusters.

    The interval is Newcombe's hybrid of the two shares' own intervals.
    """

    ours: float
    theirs: float
    ratio: float  # of their number of questions to ours

    def interval(self, level: float) -> tuple[float, float]:
        size = self.found.effective_size(self.ours * (1 - self.ours), level)
        (low, high), (their_low, their_high) = (
            share_interval(self.ours, size, level),
            share_interval(self.theirs, size * self.ratio, level),
        )
        gap = self.ours - self.theirs
        below = math.hypot(self.ours - low, their_high - self.theirs)
        above = math.hypot(high - self.ours, self.theirs - their_low)
        return max(-1.0, gap - below - ROUNDING), min(1.0, gap + above + ROUNDING)

    def error(self, level: float) -> float:
        low, high = self.interval(level)
        return (high - low) / (2 * z_quantile(level))


def printed_gap(cells: Cells, printed: float, n: int, images: Images, flips: float = FLIPS) -> Difference:
    """Ours, the unweighted mean of these cells, minus a printed share that rests on n questions.

    `flips` counts on the same images only. NaN if a cell is empty.
    """
    if not cells or any(not len(scores) for scores, _ in cells.values()):
        return NO_DIFFERENCE
    found = influences(cells)
    gap = found.mean - printed
    beyond = max(0.0, abs(gap) - ROUNDING)
    if images == "same images":
        size = _independent(cells) / max(1.0, found.variance / found.plain if found.plain > 0 else 1.0)
        differ = min(1.0, max(flips, abs(gap)))
        spread: Spread = SameImages((differ + gap) / 2, (differ - gap) / 2, found, size)
        error = math.sqrt(min(1.0, flips) / size)
    else:
        spread = OtherImages(0.0, 0.0, found, found.mean, printed, n / found.n)
        error = _pooled_error(found, printed, n)
    p = math.erfc(beyond / error / math.sqrt(2)) if error > 0 else float(beyond == 0)
    low, high = spread.interval(LEVEL)
    return Difference(gap, low, high, p, found.n, found.clusters, 0, 0, "normal", spread)


def _independent(cells: Cells) -> float:
    """How many questions of one cell tell as much as the mean of these, if all were independent."""
    return len(cells) ** 2 / sum(1 / len(scores) for scores, _ in cells.values())


def _pooled_error(found: Influences, printed: float, n: int) -> float:
    """The standard error of the gap if both shares are one."""
    share = (found.mean * found.n + printed * n) / (found.n + n)
    size = found.effective_size(found.mean * (1 - found.mean)) or 1.0
    return math.sqrt(share * (1 - share) * (1 / size + found.n / (size * n)))
