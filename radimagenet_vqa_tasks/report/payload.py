"""Questions and answers as the page's script reads them: columns of numbers into tables of texts, packed by gzip.

Most texts recur ("yes", "B", a prompt that three runs were given), so each is kept once.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from radimagenet_vqa_tasks.analysis.measure import value_of
from radimagenet_vqa_tasks.analysis.table import name_of
from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF, BENCHMARKS
from radimagenet_vqa_tasks.report.answers import Answer, Column, Question
from radimagenet_vqa_tasks.scoring.record import OUTCOMES, Record

CUTS = (20_000, 5_000, 1_500, 500, 150)  # characters of a text that are kept: the first with which all fit
EARLIER = 20  # verdicts on one answer
VALUES = 2_000  # of a facet; one with more is no use for filtering

# What the cell says already.
_NO_FILTER = frozenset({"subject", "template"})
_LABELS = {"location": "region", "abnormal": "finding"}

Packed = dict[str, Any]
T = TypeVar("T", bound=Hashable)


class Table(Generic[T]):
    """Values that each have a number; None is -1. Of texts at most `cut` characters are kept."""

    def __init__(self, values: Iterable[T] = (), cut: int | None = None) -> None:
        self._numbers: dict[T, int] = {}
        self._cut = cut
        for value in values:
            self.number(value)

    def number(self, value: T | None) -> int:
        if self._cut is not None and isinstance(value, str):
            value = _cut(value, self._cut)
        return -1 if value is None else self._numbers.setdefault(value, len(self._numbers))

    def all(self) -> list[T]:
        return list(self._numbers)


@dataclass
class _Tables:
    """Texts that are searched, those that are not, and options."""

    texts: Table[str] = field(default_factory=Table)
    words: Table[str] = field(default_factory=Table)
    choices: Table[tuple[int, ...]] = field(default_factory=Table)


def packed(columns: Sequence[Column], images: Mapping[Question, Sequence[int]], settings: Packed, budget: int) -> str:
    """All questions and answers in base64; at most `budget` characters.

    Texts are cut shorter until all fit; where not even that is enough, the last questions are left out.

    Args:
        images: the numbers of each question's images.
        settings: what else the script needs.
    """
    found = ""
    for cut in CUTS:
        found = _packed(payload(columns, images, cut) | settings)
        if len(found) <= budget:
            return found
    count = len(ordered_questions(columns))
    while len(found) > budget and count:
        count = int(count * min(0.9, budget / len(found)))
        found = _packed(payload(columns, images, CUTS[-1], count) | settings)
    return found


def _packed(content: Packed) -> str:
    # ASCII: a lone surrogate has no UTF-8 form.
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode("ascii")


def payload(
    columns: Sequence[Column],
    images: Mapping[Question, Sequence[int]],
    cut: int = CUTS[0],
    count: int | None = None,
) -> Packed:
    """The first `count` questions, image by image, and each column's answers, -1 for what there is none of.

    No text is longer than `cut` characters.
    """
    everything = ordered_questions(columns)
    questions = dict(islice(everything.items(), count))
    tables = _Tables(Table(cut=cut), Table(cut=cut))
    cells = Table[str]()
    asked = {question: answer.question for one in reversed(columns) for question, answer in one.answers.items()}
    made = {
        "questions": {
            "key": [_cut(key, cut) for _, key in questions],
            "link": [_cut(link, cut) for link in _links(questions)],
            "cluster": _clusters(questions),
            "cell": [cells.number(record.cell) for record in questions.values()],
            "text": [tables.texts.number(asked.get(question) or "unknown") for question in questions],
            "choices": [_choices(tables, record) for record in questions.values()],
            "target": [tables.words.number(record.target) for record in questions.values()],
            "images": [images.get(question, ()) for question in questions],
        },
        "arms": [{"label": one.label, "shown": one.arm} for one in columns],
        "answers": [_answers(one, questions, images, tables, cut) for one in columns],
        "facets": _facets(list(questions.values())),
        "outcomes": OUTCOMES,
        "leftOut": len(everything) - len(questions),
    }
    return made | {
        "cells": [_cell(name) for name in cells.all()],
        "choices": tables.choices.all(),
        "texts": tables.texts.all(),
        "words": tables.words.all(),
    }


def ordered_questions(columns: Iterable[Column]) -> dict[Question, Record]:
    """All questions, those about one image together, in the order in which the first column that has them was asked."""
    found: dict[Question, Record] = {}
    for column in columns:
        for question, record in column.records.items():
            found.setdefault(question, record)
    images = Table[Question]()
    cells = Table(name for family in BENCHMARKS.values() for name in family.cells)
    places = {
        question: (images.number((question[0], record.image)), cells.number(record.cell))
        for question, record in found.items()
    }
    return dict(sorted(found.items(), key=lambda one: places[one[0]]))


def _links(questions: Iterable[Question]) -> list[str]:
    """A name for each question in the page's address."""
    questions = list(questions)
    counts = Counter(key for _, key in questions)
    return [key if counts[key] == 1 else f"{data[:8]}/{key}" for data, key in questions]


def _clusters(questions: Mapping[Question, Record]) -> list[int]:
    images = Table[Question]()
    return [images.number((data, record.image)) for (data, _), record in questions.items()]


def _choices(tables: _Tables, record: Record) -> int:
    return tables.choices.number(tuple(tables.texts.number(choice) for choice in record.choices))


def _cell(name: str) -> Packed:
    family = BENCHMARK_OF[name]
    return {"name": name, "label": name_of(name), "group": family.title, "format": family.cells[name].format}


def _facets(records: Sequence[Record]) -> dict[str, Packed]:
    """What the questions can be filtered by beside their cells: for each facet its values, and each question's."""
    families = {BENCHMARK_OF[record.cell].name for record in records}
    names = dict.fromkeys(facet for name, family in BENCHMARKS.items() if name in families for facet in family.facets)
    found = {}
    for name in (name for name in names if name not in _NO_FILTER):
        of = [None if record.facet(name) is None else value_of(record, name) for record in records]
        values = sorted({value for value in of if value is not None})
        if 1 < len(values) <= VALUES:
            table = Table(values)
            label = _LABELS.get(name, name.replace("_", " "))
            found[name] = {"label": label, "values": values, "of": [table.number(value) for value in of]}
    return found


_ANSWER = ("outcome", "paper", "response", "prompt", "reply", "extracted", "judge", "reason")


def _answers(
    column: Column,
    questions: Iterable[Question],
    images: Mapping[Question, Sequence[int]],
    tables: _Tables,
    cut: int,
) -> Packed:
    """One column's answers, one entry a question; `shown` has the pictures shown in the place of a question's own."""
    outcomes = {name: code for code, name in enumerate(OUTCOMES)}
    texts, words = tables.texts, tables.words
    made: Packed = {name: [] for name in _ANSWER} | {"earlier": {}, "length": {}, "shown": {}}
    for row, question in enumerate(questions):
        record, said = column.records.get(question), column.answers.get(question, Answer())
        whole = len(said.response or "")
        values = (
            *((outcomes[record.outcome], _in_paper(record)) if record else (-1, -1)),
            texts.number(said.response),
            words.number(said.prompt),
            words.number(said.reply),
            *(words.number(getattr(record, name, None)) for name in ("extracted", "judge", "reason")),
        )
        for name, value in zip(_ANSWER, values, strict=True):
            made[name].append(value)
        if said.earlier:
            made["earlier"][row] = [_cut(verdict, cut) for verdict in said.earlier[-EARLIER:]]
        if whole > cut:
            made["length"][row] = whole
        if record and record.shown:
            pictures = images.get((record.fingerprint, record.shown.key), ())
            made["shown"][row] = {"images": list(pictures), "target": record.shown.target}
    return made


def _in_paper(record: Record) -> int:
    """1 or 0 by the paper's protocol; -1 where none is claimed."""
    return -1 if record.in_paper is None else int(record.in_paper)


def _cut(text: T, at: int) -> T:
    return text[:at] if isinstance(text, str) and len(text) > at else text  # type: ignore[return-value]
