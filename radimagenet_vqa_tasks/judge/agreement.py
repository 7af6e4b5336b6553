"""`radvqa judge --agreement A B`: how far two judges, or a judge and people, agree on the same responses.

A side is a run's folder or sample log, `RUN@JUDGE` for the verdicts that a certain judge gave on it at some time, or a
CSV file of labels with the columns `key` and `label` (correct or incorrect; 1 or 0), and, where it says them, `arm`
(image, if it is left out) and `response`. A declined or unparsed answer counts as found incorrect; what has no verdict
is left out and counted.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from radimagenet_vqa_tasks.analysis.paired import kappa
from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.logs import Line, read_logs, verdict_of

_LABELS = {"correct": True, "1": True, "true": True, "incorrect": False, "0": False, "false": False}
_LABELS |= {"declined": False, "unparsed": False}


COUNTS_SCHEMA = "radvqa.agreement/1"


@dataclass(frozen=True)
class Judged:
    """One response with one side's verdict; None where that side has none. A CSV may know no more than the verdict."""

    correct: bool | None
    outcome: str = ""
    cell: str = ""
    cluster: str = ""
    question: str = ""
    target: str = ""
    response: str | None = None


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a name for people, and its verdicts by question."""

    name: str
    judged: Mapping[tuple[str, str], Judged]


@dataclass(frozen=True)
class Agreement:
    """What two sides make of the same responses.

    Attributes:
        counts: responses by (first side found it correct, second side did).
        share: of the responses on which both gave the same verdict; with a 95 % interval, clustered on images.
        kappa: Cohen's, with such an interval; NaN where chance alone would agree on everything.
        pairs: the keys of the responses that both sides judged, and what each made of them.
        left_out: questions of either side that could not be compared, by reason.
    """

    names: tuple[str, str]
    counts: Mapping[tuple[bool, bool], int]
    share: Estimate
    kappa: Estimate
    pairs: Sequence[tuple[str, Judged, Judged]]
    left_out: Mapping[str, int]

    @property
    def disagreements(self) -> list[tuple[str, Judged, Judged]]:
        """The pairs on which the two sides differ."""
        return [pair for pair in self.pairs if pair[1].correct != pair[2].correct]

    @property
    def n(self) -> int:
        return sum(self.counts.values())


def compare(first: str, second: str) -> Agreement:
    """Compare two sides. Raises RunError where one cannot be read or they have no response in common."""
    sides = read_side(first), read_side(second)
    pairs, left_out = _pairs(*sides)
    if not pairs:
        why = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "both are empty"
        raise RunError(f"{first} and {second} have no judged response in common ({why}). Compare judges on one run.")
    # Questions share images. A pair's cluster is the run's, for a CSV of labels need not know it.
    clusters = [a.cluster or b.cluster or key for key, a, b in pairs]
    ours, theirs = [bool(a.correct) for _, a, _ in pairs], [bool(b.correct) for _, _, b in pairs]
    return Agreement(
        names=(sides[0].name, sides[1].name),
        counts=Counter(zip(ours, theirs, strict=True)),
        share=accuracy([float(a is b) for a, b in zip(ours, theirs, strict=True)], clusters),
        kappa=kappa(ours, theirs, clusters),
        pairs=pairs,
        left_out=left_out,
    )


def read_side(name: str) -> Side:
    """One side, as the module's docstring says. Raises RunError."""
    if name.lower().endswith(".csv"):
        return Side(Path(name).name, _read_csv(Path(name)))
    path, judge = _of_judge(name)
    lines = [line for log in read_logs([Path(path)]) for line in log.open]
    judges = sorted({str(line.record.judge) for line in lines}) if not judge else [judge]
    judged = {_key(line): _judged(line, judge) for line in lines}
    if judge and all(one.correct is None for one in judged.values()):
        known = sorted({str(verdict.get("judge")) for line in lines for verdict in _verdicts(line)})
        raise RunError(f"no answer of {path} was judged by {judge!r}; its judges are {', '.join(known)}.")
    return Side(", ".join(judges), judged)


def _of_judge(name: str) -> tuple[str, str]:
    """RUN and JUDGE of RUN@JUDGE; a path may hold an @, and the name of a judge with its digest does."""
    places = [place for place, sign in enumerate(name) if sign == "@"]
    if Path(name).exists() or not places:
        return name, ""
    at = next((place for place in places if Path(name[:place]).exists()), places[-1])
    return name[:at], name[at + 1 :]


def _verdicts(line: Line) -> list[Mapping[str, Any]]:
    """The line's verdicts, the present one first, then from the last to the first."""
    return [verdict_of(line.record), *reversed(line.record.earlier_verdicts)]


def _judged(line: Line, judge: str) -> Judged:
    outcomes = [verdict.get("outcome") for verdict in _verdicts(line) if not judge or verdict.get("judge") == judge]
    # Without a judge's name the present verdict is meant, though it may be none.
    known = [outcome for outcome in (outcomes if judge else outcomes[:1]) if outcome in _LABELS]
    record = line.record
    correct = _LABELS[known[0]] if known else None
    outcome = str(known[0]) if known else ""
    return Judged(correct, outcome, record.cell, record.cluster, record.question or "", record.target, line.response)


def _key(line: Line) -> tuple[str, str]:
    return line.record.key, line.record.arm


def _read_csv(path: Path) -> dict[tuple[str, str], Judged]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path} cannot be read ({error}).") from error
    judged = {}
    for number, row in enumerate(rows, start=2):
        label = (row.get("label") or "").strip().lower()
        if not row.get("key") or label not in _LABELS:
            raise RunError(
                f"{path}, line {number}: a row needs a `key` as the run's records have it and a `label` that is "
                f"correct or incorrect (1 or 0); here are {row.get('key')!r} and {row.get('label')!r}."
            )
        arm = (row.get("arm") or "image").strip().lower()
        outcome = "correct" if _LABELS[label] else "incorrect"
        judged[row["key"], arm] = Judged(
            _LABELS[label], outcome, cluster=row.get("cluster") or "", response=row.get("response")
        )
    return judged


def _pairs(first: Side, second: Side) -> tuple[list[tuple[str, Judged, Judged]], Counter[str]]:
    pairs, left_out = [], Counter[str]()
    for key in dict.fromkeys([*first.judged, *second.judged]):
        a, b = first.judged.get(key), second.judged.get(key)
        if a is None or b is None:
            left_out[f"only in {(first if b is None else second).name}"] += 1
        elif None not in (a.response, b.response) and a.response != b.response:
            left_out["with another response"] += 1
        elif a.correct is None or b.correct is None:
            left_out["without a verdict"] += 1
        else:
            pairs.append((key[0], a, b))
    return pairs, left_out


def as_counts(agreement: Agreement) -> dict[str, Any]:
    """What a corrected estimate needs, as docs/judge.md describes it: the first side's outcomes by the second's labels.

    The second side is taken for the truth.
    """
    cells = sorted({a.cell or b.cell for _, a, b in agreement.pairs})
    by_cluster: dict[str, list[int]] = {}
    for key, a, b in agreement.pairs:
        place = (0 if a.correct else 2) if b.correct else (1 if a.correct else 3)
        by_cluster.setdefault(a.cluster or b.cluster or key, [0, 0, 0, 0])[place] += 1
    return {
        "schema": COUNTS_SCHEMA,
        "judge": agreement.names[0],
        "labels": agreement.names[1],
        "n": agreement.n,
        "counts": _by_outcome(agreement.pairs),
        "cells": {
            cell: _by_outcome([pair for pair in agreement.pairs if (pair[1].cell or pair[2].cell) == cell])
            for cell in cells
        },
        "clusters": list(by_cluster.values()),
        "left_out": dict(agreement.left_out),
    }


def _by_outcome(pairs: Sequence[tuple[str, Judged, Judged]]) -> dict[str, dict[str, int]]:
    counts = Counter((a.outcome, "correct" if b.correct else "incorrect") for _, a, b in pairs)
    outcomes = ("correct", "incorrect", "declined", "unparsed")
    return {outcome: {label: counts[outcome, label] for label in ("correct", "incorrect")} for outcome in outcomes}


def tables(agreement: Agreement, listed: int) -> list[Table]:
    """The confusion table, and up to `listed` disagreements, for the terminal."""
    first, second = agreement.names
    confusion = Table(title=f"{agreement.n:,} responses on {agreement.share.clusters:,} images", title_justify="left")
    confusion.add_column(_plain(f"{first} (rows), {second} (columns)"))
    for label in ("correct", "incorrect"):
        confusion.add_column(label, justify="right")
    for label, row in (("correct", True), ("incorrect", False)):
        confusion.add_row(label, *(f"{agreement.counts.get((row, column), 0):,}" for column in (True, False)))
    found = agreement.disagreements
    if not found or not listed:
        return [confusion]
    more = f", the first {listed:,}" if len(found) > listed else ""
    differences = Table(title=f"{len(found):,} disagreements{more}", title_justify="left")
    for name in ("key", "question", "answer", "response", first, second):
        differences.add_column(_plain(name), overflow="fold")
    for key, a, b in found[:listed]:
        said = a if a.response is not None else b
        verdicts = ["correct" if one.correct else "incorrect" for one in (a, b)]
        response = " ".join((said.response or "").split())
        shown = response if len(response) <= 200 else f"{response[:200]} ..."
        differences.add_row(*(_plain(text) for text in (key, said.question, said.target, shown, *verdicts)))
    return [confusion, differences]


def _plain(text: str) -> Text:
    """Text that is neither markup nor a code that moves the terminal's cursor."""
    return Text("".join(char if char.isprintable() else "\ufffd" for char in text))


def summary(agreement: Agreement) -> str:
    """Agreement and kappa in two lines, and what was left out."""
    lines = [
        "agreement " + _shown(agreement.share, 100, " %"),
        "Cohen's kappa " + _shown(agreement.kappa, 1, ""),
    ]
    lines += [f"left out: {count:,} {reason}" for reason, count in agreement.left_out.items()]
    return "\n".join(lines)


def _shown(estimate: Estimate, factor: float, unit: str) -> str:
    value, low, high = (factor * number for number in (estimate.value, estimate.low, estimate.high))
    if math.isnan(value):
        return "cannot be told: one side gave the same verdict everywhere"
    digits = 1 if factor == 100 else 3
    shown = f"{value:.{digits}f}{unit}"
    if math.isnan(low):
        return f"{shown} (no interval)"
    return f"{shown} [{low:.{digits}f}, {high:.{digits}f}] (95 %, clustered on images)"
