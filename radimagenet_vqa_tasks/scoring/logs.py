"""Reads the records in the host's sample logs: what each line must hold, and what is wrong with those that do not.

Nothing is guessed: a line that is no sound record is left out and counted, with its reason and where it first occurs.
Logs of earlier versions are read as well; see `_of_version_1`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.judge.verdict import is_papers_judge
from radimagenet_vqa_tasks.scoring.record import PAPER, STRICT, Record

SHOWN = 5  # kinds of faults of a file that are spelled out

_LOG_NAME = re.compile(r"(?P<stamp>\d{8}_\d{6}|.+?)_samples_(?P<task>.+)\.jsonl")


@dataclass(frozen=True)
class Log:
    """One sample log: its sound records, and a sentence for everything that was left out."""

    path: Path
    task: str
    stamp: str
    records: tuple[Record, ...]
    problems: tuple[str, ...]


def read_log(path: Path, *, texts: bool = False) -> Log:
    """One sample log, the sound part of it. Never raises on what the file holds; RunError if it cannot be opened.

    Without `texts` the records lack their responses and judges' replies, which are most of a log.
    """
    task, stamp = log_name(path)
    problems = _Problems(path)
    records: dict[tuple[str, str], Record] = {}
    number = 0
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                record, fault = parse(line)
                if record is None:
                    problems.add(fault, number)
                    continue
                record = record if texts else without_texts(record)
                if records.setdefault((record.key, record.arm), record) is not record:
                    problems.add("repeats a question of the file (its first answer counts)", number)
    except OSError as error:
        raise RunError(f"{plain(path, None)} cannot be read: {error.strerror or error}.") from error
    return Log(path, task, stamp, tuple(records.values()), problems.said(number, len(records)))


def log_name(path: Path) -> tuple[str, str]:
    """A sample log's task and date stamp, from its name; the stamp is "" where the file is called otherwise."""
    named = _LOG_NAME.fullmatch(path.name)
    return (named["task"], named["stamp"]) if named else (path.stem, "")


class _Line(msgspec.Struct, gc=False):
    record: Record


_DECODE: Callable[[bytes], _Line] = msgspec.json.Decoder(_Line).decode


def parse(line: bytes) -> tuple[Record | None, str]:
    """The record in one line of a log, or what is wrong with the line."""
    try:
        record = _DECODE(line).record
    except (msgspec.MsgspecError, RecursionError):
        found, fault = _patiently(line)
        if found is None:
            return None, fault
        record = found
    if record.cell not in BENCHMARK_OF:
        return None, f"is about {plain(record.cell, 40)!r}, no cell that this version of the pack knows"
    # Earlier versions claimed it whoever had judged.
    if record.format == "open" and not is_papers_judge(record.judge):
        record.scores.pop(PAPER, None)
    return record, ""


_SHARED: dict[Any, Any] = {}
_RECURRING = (
    *("cluster", "picture", "cell", "format", "question", "target", "fingerprint", "version", "extracted", "reason"),
    *("judge", "asked"),
)


def without_texts(record: Record) -> Record:
    """The record without its long texts, and with what recurs in a log kept once: logs hold 100,000s of records."""
    record.response = record.judge_reply = None
    record.earlier_verdicts = []
    for name in _RECURRING:
        value = getattr(record, name)
        setattr(record, name, _SHARED.setdefault(value, value))
    record.choices = _SHARED.setdefault(record.choices, record.choices)
    record.scores = _SHARED.setdefault(("scores", *record.scores.items()), record.scores)
    # True and 1 are equal as keys and are not the same facet.
    facets = ((name, type(value), value) for name, value in record.facets.items())
    record.facets = _SHARED.setdefault(("facets", *facets), record.facets)
    return record


def _patiently(line: bytes) -> tuple[Record | None, str]:
    """The record in a line that the fast reader refuses, or the reason in words."""
    if not line.rstrip().endswith(b"}"):
        return None, "is cut off (the run, or a copy of the file, stopped in the middle)"
    try:
        # The host writes NaN, which is no JSON to everybody.
        whole = json.loads(line.decode("utf-8", "replace"))
        raw = whole.get("record")
    except (ValueError, RecursionError):
        return None, "is no JSON: the file is damaged"
    except AttributeError:
        raw = None
    if not isinstance(raw, dict):
        return None, "has no record of this pack: it is another task's, or --log_samples of another pack"
    try:
        record = _of_version_1(whole, raw) if "with_image" in raw else raw
        # A null where a list or an object belongs is none, whatever wrote it.
        return msgspec.convert({name: value for name, value in record.items() if value is not None}, Record), ""
    except (msgspec.ValidationError, RecursionError, TypeError) as error:
        return None, _fault(raw, str(error))


def _of_version_1(line: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the task versions 1-X in the form of today's: facets stood among the other names."""
    family = BENCHMARK_OF.get(str(raw.get("cell")))
    record = {name: raw[name] for name in Record.__struct_fields__ if name in raw}
    outcome = "missing" if raw.get("outcome") == "unjudged" else raw.get("outcome")
    scores = {PAPER: float(raw["correct_in_paper"] is True)} if "correct_in_paper" in raw else {}
    if outcome != "missing":
        scores[STRICT] = float(outcome == "correct")
    return record | {
        "outcome": outcome,
        "arm": "image" if raw["with_image"] is True else "textonly",
        "facets": {name: raw[name] for name in (family.facets if family else ()) if name in raw},
        "scores": scores,
        "reason": raw.get("judge_reason"),
        "response": _first(line.get("filtered_resps")),
    }


def _first(responses: object) -> str | None:
    """The host writes one response as a string, several as a list."""
    while isinstance(responses, list) and responses:
        responses = responses[0]
    return responses if isinstance(responses, str) else None


def _fault(raw: Mapping[str, Any], found: str) -> str:
    """What is missing of a record, or of the wrong kind; `found` is the decoder's message."""
    missing = re.search(r"missing required field `(\w+)`", found)
    if missing:
        return f"lacks {missing[1]}: it is of another version of this pack; run the task again"
    named = re.search(r"at `\$\.(\w+)", found)
    name = named[1] if named else "field"
    if name == "outcome" and isinstance(raw.get("outcome"), str):
        return f"has the outcome {plain(raw['outcome'], 40)!r}, which none of this version's tasks has"
    return f"has a {name} of the wrong kind ({plain(raw.get(name), 40)})"


class _Problems:
    """What is wrong with a file's lines, counted by reason."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[str, list[int]] = {}

    def add(self, reason: str, number: int) -> None:
        self._lines.setdefault(reason, []).append(number)

    def said(self, lines: int, sound: int) -> tuple[str, ...]:
        """One sentence a reason."""
        name = plain(self._path, None)
        if lines == 0:
            return (f"{name} is empty",)
        if not sound and len(self._lines) == 1:
            return (f"{name}: every line {next(iter(self._lines))}",)
        said = [_sentence(name, reason, numbers, lines) for reason, numbers in list(self._lines.items())[:SHOWN]]
        if len(self._lines) > SHOWN:
            said.append(f"{name} has {len(self._lines) - SHOWN:,} more kinds of faults")
        return tuple(said)


def _sentence(name: str, reason: str, numbers: list[int], lines: int) -> str:
    last = ", the last," if numbers == [lines] else ""
    more = f" (and {len(numbers) - 1:,} more of {lines:,} lines)" if len(numbers) > 1 else ""
    return f"{name}, line {numbers[0]}{last}{more} {reason}"
