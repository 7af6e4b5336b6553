"""Which runs of a table are told apart from the best, and which ranks each may have: paired tests, corrected.

The best is chosen by looking at the numbers, so its tests are corrected over all pairs of runs that could have been
looked at, in all cells and Avg (Bonferroni): of equal runs, at most one table in twenty calls any two different.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.decisions import ALPHA
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.analysis.paired import Difference, Pairs, average_difference

Groups = Mapping[str, Sequence[Sequence[int]]]  # of each cell and Avg, the runs (by index) that can be compared


@dataclass(frozen=True)
class _Answers:
    """One run's scores in one cell, by key."""

    keys: tuple[str, ...]
    scores: list[float]
    clusters: list[str]

    def against(self, other: _Answers) -> Pairs:
        if self.keys == other.keys:
            return self.scores, other.scores, self.clusters
        theirs = dict(zip(other.keys, other.scores, strict=True))
        shared = [place for place, key in enumerate(self.keys) if key in theirs]
        return (
            [self.scores[place] for place in shared],
            [theirs[self.keys[place]] for place in shared],
            [self.clusters[place] for place in shared],
        )


@dataclass(frozen=True)
class Ranking:
    """The paired tests of one table.

    Attributes:
        arms, scheme: the runs, and how their answers are counted.
        groups: which of them can be compared, in each cell and Avg.
    """

    arms: Sequence[Arm]
    scheme: Scheme
    groups: Groups

    @cached_property
    def pairs(self) -> int:
        """How many pairs of runs could be told apart in this table."""
        return sum(math.comb(len(group), 2) for groups in self.groups.values() for group in groups)

    def apart(self, name: str, first: int, second: int) -> bool:
        """Whether two runs are told apart in a cell, or in Avg."""
        p = self._difference(name, first, second).p
        return not math.isnan(p) and p * self.pairs < ALPHA

    def ranks(self, group: Collection[int]) -> dict[int, tuple[int, int]]:
        """The ranks in Avg that each run of a group may have, 1 for the best.

        All intervals hold at once in 95 % of tables: a run is surely behind those that are told to be better.
        """
        order = sorted(group)
        better = dict.fromkeys(order, 0)
        worse = dict.fromkeys(order, 0)
        for place, first in enumerate(order):
            for second in order[place + 1 :]:
                if self.apart(AVG, first, second):
                    ahead = self._difference(AVG, first, second).value > 0
                    worse[first if ahead else second] += 1
                    better[second if ahead else first] += 1
        return {index: (1 + better[index], len(order) - worse[index]) for index in order}

    def _difference(self, name: str, first: int, second: int) -> Difference:
        key = name, first, second
        if key not in self._found:
            ours, theirs = self._answers[first], self._answers[second]
            cells = ours if name == AVG else (name,)
            self._found[key] = average_difference({cell: ours[cell].against(theirs[cell]) for cell in cells})
        return self._found[key]

    @cached_property
    def _found(self) -> dict[tuple[str, int, int], Difference]:
        return {}

    @cached_property
    def _answers(self) -> list[dict[str, _Answers]]:
        return [_answers(arm, self.scheme) for arm in self.arms]


def _answers(arm: Arm, scheme: Scheme) -> dict[str, _Answers]:
    found = {}
    for cell, records in scheme.by_cell(arm.records).items():
        scored = sorted(
            ((one.key, score, one.cluster) for one in records if (score := scheme.score(one)) is not None),
        )
        found[cell] = _Answers(
            tuple(key for key, _, _ in scored),
            [score for _, score, _ in scored],
            [cluster for _, _, cluster in scored],
        )
    return found
