"""The arm `swapped`: every question with the picture of another one, so that one can see what an answer follows.

A picture is drawn among those whose showing tells most: where the right answer for it is known, can be given, and is
not the question's own; else where it is known; else any with another label. The draw is a SHA-256 of the question's
key among the pictures in the order of their own SHA-256, so it depends on no row order, shard or machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Fit, Question
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.scoring.record import Shown


@dataclass(frozen=True)
class _Pool:
    """One cell's questions.

    Attributes:
        by_label: by what their pictures show, both in an order of hashes.
        every: the same in one row; `starts` is where each label begins in it.
        related: of each kind of question the labels of which anything can be known.
    """

    by_label: Mapping[Hashable, Sequence[Question]]
    every: Sequence[Question]
    starts: Mapping[Hashable, int]
    related: Mapping[Hashable, Sequence[Hashable]]


def swapped(benchmark: Benchmark, questions: Sequence[Question]) -> list[Question]:
    """The same questions in the same order, each with another's row and files, and what the picture shows in `shown`.

    Raises DataError where a cell has no two pictures that differ.
    """
    pools = {cell: _pool(benchmark, [one for one in questions if one.cell == cell]) for cell in benchmark.cells}
    return [_swapped(benchmark, one, pools[one.cell]) for one in questions]


def _pool(benchmark: Benchmark, questions: Sequence[Question]) -> _Pool:
    found: dict[Hashable, list[Question]] = {}
    for one in sorted(questions, key=lambda one: (_hash(one.image), one.key)):
        found.setdefault(benchmark.label(one), []).append(one)
    by_label = dict(sorted(found.items(), key=lambda of_label: _hash(of_label[1][0].key)))
    every: list[Question] = []
    starts: dict[Hashable, int] = {}
    related: dict[Hashable, dict[Hashable, None]] = {}
    for label, pictures in by_label.items():
        starts[label] = len(every)
        every += pictures
        for one in pictures:
            related.setdefault(benchmark.relation(one), {})[label] = None
    return _Pool(by_label, every, starts, {kind: list(labels) for kind, labels in related.items()})


def _swapped(benchmark: Benchmark, asked: Question, pool: _Pool) -> Question:
    own = benchmark.label(asked)
    # Telling, known: for each the questions whose pictures could be shown, and the right answer then.
    tiers: tuple[list[tuple[Sequence[Question], str]], ...] = ([], [])
    for label in pool.related[benchmark.relation(asked)]:
        fit = benchmark.fits(asked, label) if label != own else Fit(None)
        if fit.right is not None:
            telling = fit.telling and fit.right != asked.target
            tiers[0 if telling else 1].append((pool.by_label[label], fit.right))
    draw = _hash(f"swap:{asked.key}")
    for tier in tiers:
        if tier:
            return _at(asked, tier, draw % sum(len(pictures) for pictures, _ in tier))
    return _unknown(benchmark, asked, pool, draw)


def _unknown(benchmark: Benchmark, asked: Question, pool: _Pool, draw: int) -> Question:
    """With the picture of any other label, of which nothing is known."""
    own = benchmark.label(asked)
    start, length = pool.starts[own], len(pool.by_label[own])
    total = len(pool.every) - length
    if not total:
        raise DataError(
            f"question {asked.key!r} of {benchmark.title} has no other picture that could be shown with it: all those "
            f"of {asked.cell} have the same label. The arm `swapped` needs data with at least two."
        )
    place = draw % total
    return _with_picture(asked, pool.every[place if place < start else place + length], None)


def _at(asked: Question, tier: Sequence[tuple[Sequence[Question], str]], place: int) -> Question:
    for pictures, right in tier:
        if place < len(pictures):
            return _with_picture(asked, pictures[place], right)
        place -= len(pictures)
    raise AssertionError("the place is below the total")


def _with_picture(asked: Question, other: Question, right: str | None) -> Question:
    return replace(asked, row=other.row, files=other.files, views=other.views, shown=Shown(other.key, right))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")
