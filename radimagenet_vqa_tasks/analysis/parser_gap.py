"""Whether the parser explains why a run's strict accuracy is not the published one.

The same answers are scored by the strict protocol and by the paper's, and the two are compared question by question.
One may say that the parser explains a gap where its effect is told from none on questions like these, and is as large
as most of the gap: an effect of 0.2 points explains no gap of 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.measure import AVG
from radimagenet_vqa_tasks.analysis.paired import Difference, Pairs, average_difference, difference, holm
from radimagenet_vqa_tasks.scoring.record import Record

LEVEL = 0.05
MOST = 0.5  # of the gap: what the two protocols' difference leaves over is no more than the rest


@dataclass(frozen=True)
class ParserGap:
    """What the protocols' difference has to do with the distance from a published value; shares between -1 and 1.

    Attributes:
        effect: the paper's protocol minus the strict one on the same answers, paired by question, clustered on images.
        p: of the effect, corrected (Holm) over all that were tested together; NaN where there is no test.
        gap: the published value minus the strict one, which is what is to be explained.
    """

    effect: Difference
    p: float
    gap: float

    @property
    def covers(self) -> bool:
        """Whether the effect covers most of the gap and does not overshoot it by as much."""
        return abs(self.gap) > 0 and abs(self.gap - self.effect.value) <= (1 - MOST) * abs(self.gap)

    @property
    def explains(self) -> bool:
        """Whether one may say that the parser explains the gap."""
        return self.p < LEVEL and self.covers

    def __str__(self) -> str:
        """In words, for beside a verdict."""
        if math.isnan(self.effect.value):
            return "the protocols cannot be compared"
        if not self.p < LEVEL:
            return f"the protocols differ by {100 * self.effect.value:+.1f}, which may be chance"
        said = "covers" if self.covers else "does not cover"
        return f"the protocols' {100 * self.effect.value:+.1f} {said} most of the {100 * self.gap:+.1f}"


def parser_gaps(cells: Mapping[str, Sequence[Record]], published: Mapping[str, float]) -> dict[str, ParserGap]:
    """For each cell, and for Avg where it is published, whether the parser explains the gap.

    Args:
        cells: a run's records by cell.
        published: shares between 0 and 1 by cell; "Avg" is the unweighted mean of all cells.
    """
    pairs = {name: paired(records) for name, records in cells.items()}
    effects = {name: difference(pairs[name]) for name in pairs if name in published}
    if AVG in published:
        effects[AVG] = average_difference(pairs)
    corrected = dict(zip(effects, holm([effect.p for effect in effects.values()]), strict=True))
    strict = {name: _mean(pairs[name][1]) for name in pairs}
    strict[AVG] = _mean(list(strict.values()))
    return {name: ParserGap(effects[name], corrected[name], published[name] - strict[name]) for name in effects}


def paired(records: Sequence[Record]) -> Pairs:
    """Scores by the paper's protocol, by the strict one, and clusters, of the answers that have both."""
    both = [one for one in records if one.in_paper is not None and one.outcome != "missing"]
    return (
        [float(one.in_paper or 0) for one in both],
        [float(one.outcome == "correct") for one in both],
        [one.cluster for one in both],
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
