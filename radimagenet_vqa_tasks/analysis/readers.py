"""People who answered the questions of a run: how often they are right, and how far they agree with it and each other.

A CSV file has a line for every answer, with the columns id (the question's key), reader and letter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from radimagenet_vqa_tasks.analysis.agreement import kappa_sheet
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.numbers import ReaderRow, fields
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy
from radimagenet_vqa_tasks.analysis.table import INTERVALS, interval
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import Record

COLUMNS = ("id", "reader", "letter")
SCHEMA = "radvqa.readers/1"

Answers = Mapping[str, Mapping[str, tuple[str, str]]]
"""By reader and question the letter, and where in the file it is."""


def read_answers(path: Path) -> Answers:
    """The answers in a file. Raises RunError, naming the line, where it is not as it must be."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for place, id_, reader, letter in _lines(path, csv.DictReader(file)):
                if id_ in found.setdefault(reader, {}):
                    raise RunError(f"{place}: {plain(reader)} answers {plain(id_)} a second time; leave one.")
                found[reader][id_] = letter, place
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"--readers {plain(path, None)} cannot be read as a CSV file ({error}).") from error
    if not found:
        raise RunError(f"--readers {plain(path, None)} holds no answer.")
    return found


def _lines(path: Path, rows: csv.DictReader[str]) -> Iterator[tuple[str, str, str, str]]:
    names = {name.strip().casefold(): name for name in rows.fieldnames or () if name}
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise RunError(
            f"--readers {plain(path, None)}: column {missing[0]} is missing; {', '.join(COLUMNS)} are needed."
        )
    for row in rows:
        place = f"{plain(path, None)}, line {rows.line_num}"
        id_, reader, letter = ((row[names[name]] or "").strip() for name in COLUMNS)
        if not id_ or not reader:
            raise RunError(f"{place}: there must be an id and a reader.")
        yield place, id_, reader, letter.upper().rstrip(".)")


def reader_arms(arm: Arm, answers: Answers) -> list[Arm]:
    """Each reader's answers as an arm of their own, to those of the run's questions that they answered.

    Raises RunError where a letter is none of a question's options.
    """
    known = {record.key: record for record in arm.records}
    found = []
    for reader, given in answers.items():
        records = [_answered(known[id_], *given[id_]) for id_ in given if id_ in known]
        if records:
            found.append(Arm(reader, records, arm.arm, arm.fingerprint, arm.version, arm.is_sample))
    return found


def _answered(record: Record, letter: str, place: str) -> Record:
    options = LETTERS[: len(record.choices)]
    if letter and (record.format != "mc" or letter not in set(options)):
        raise RunError(
            f"{place}: {plain(letter)!r} is none of the options {', '.join(options)} of {plain(record.key)}."
        )
    outcome = "correct" if letter == record.target else "incorrect" if letter else "unparsed"
    answered = {"extracted": letter or None, "outcome": outcome, "response": letter, "judge": None}
    return msgspec.structs.replace(record, **answered)


def readers_sheets(arms: Sequence[Arm], answers: Answers) -> list[Sheet]:
    """Of each reader the accuracy beside the runs' on the same questions; then everybody's agreement with everybody.

    `arms` are several runs' answers to one benchmark.
    """
    readers = reader_arms(arms[0], answers)
    if not readers:
        return []
    rows = [_reader_row(one, reader) for reader in readers for one in (reader, *arms)]
    width = 1 + len(arms)
    lines = [
        [Item(rows[start].reader), Item(str(rows[start].n)), *map(_shown, rows[start : start + width])]
        for start in range(0, len(rows), width)
    ]
    notes = [INTERVALS, "n: questions that the reader answered; the runs' numbers are of the same ones."]
    heads = ["reader", "n", "accuracy, %", *(arm.label for arm in arms)]
    title = f"{arms[0].benchmark.title}: readers and runs on the same questions"
    return [Sheet(title, heads, lines, notes, fields(rows)), kappa_sheet([*arms, *readers])]


def _reader_row(one: Arm, reader: Arm) -> ReaderRow:
    keys = {record.key for record in reader.records}
    scores, clusters = Scheme().scored([record for record in one.records if record.key in keys])
    estimate = accuracy(scores, clusters) if scores else Estimate(float("nan"), float("nan"), float("nan"), 0, 0)
    return ReaderRow(
        family=reader.benchmark.name,
        reader=reader.name,
        answered_by=one.label,
        accuracy=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n=len(reader.records),
        images=estimate.clusters,
    )


def _shown(row: ReaderRow) -> Item:
    if row.accuracy != row.accuracy:
        return Item("-")
    return Item(f"{100 * row.accuracy:.1f}", interval(Estimate(row.accuracy, row.low, row.high, row.n, row.images)))
