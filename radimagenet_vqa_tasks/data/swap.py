"""The arm `swapped`: every question with the picture of another one, so that one can see what an answer follows.

A picture is drawn among those whose showing tells most: where the right answer for it is known, can be given, and is
not the question's own; else where it is known; else any with another label. The draw is a SHA-256 of the question's
key among the pictures in the order of their own SHA-256, so it depends on no row order, shard or machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Question
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.scoring.record import Shown

_Pool = Mapping[Hashable, Sequence[Question]]


def swapped(benchmark: Benchmark, questions: Sequence[Question]) -> list[Question]:
    """The same questions in the same order, each with another's row and files, and what the picture shows in `shown`.

    Raises DataError where a cell has no two pictures that differ.
    """
    pools = {cell: _pool(benchmark, [one for one in questions if one.cell == cell]) for cell in benchmark.cells}
    return [_swapped(benchmark, one, pools[one.cell]) for one in questions]


def _pool(benchmark: Benchmark, questions: Sequence[Question]) -> _Pool:
    """The questions of one cell by what their pictures show, both in an order of hashes."""
    by_label: dict[Hashable, list[Question]] = {}
    for one in sorted(questions, key=lambda one: (_hash(one.image), one.key)):
        by_label.setdefault(benchmark.label(one), []).append(one)
    return dict(sorted(by_label.items(), key=lambda of_label: _hash(of_label[1][0].key)))


def _swapped(benchmark: Benchmark, asked: Question, pool: _Pool) -> Question:
    own = benchmark.label(asked)
    # Telling, known, unknown: for each the questions whose pictures could be shown, and the right answer then.
    tiers: tuple[list[tuple[Sequence[Question], str | None]], ...] = ([], [], [])
    for label, pictures in pool.items():
        if label != own:
            fit = benchmark.fits(asked, label)
            telling = fit.telling and fit.right != asked.target
            tiers[2 if fit.right is None else 0 if telling else 1].append((pictures, fit.right))
    for tier in tiers:
        total = sum(len(pictures) for pictures, _ in tier)
        if total:
            return _at(asked, tier, _hash(f"swap:{asked.key}") % total)
    raise DataError(
        f"question {asked.key!r} of {benchmark.title} has no other picture that could be shown with it: all those "
        f"of {asked.cell} have the same label. The arm `swapped` needs data with at least two."
    )


def _at(asked: Question, tier: Sequence[tuple[Sequence[Question], str | None]], place: int) -> Question:
    for pictures, right in tier:
        if place < len(pictures):
            other = pictures[place]
            return replace(asked, row=other.row, files=other.files, views=other.views, shown=Shown(other.key, right))
        place -= len(pictures)
    raise AssertionError("the place is below the total")


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")
