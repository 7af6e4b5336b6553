"""Reads the records in the host's sample logs: what each line must hold, and what is wrong with those that do not.

Nothing is guessed: a line that is no sound record is left out and counted, with its reason and where it first occurs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.analysis.escape import plain
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.utils.cells import CELLS

Record = Mapping[str, Any]

SHOWN = 5  # kinds of faults of a file that are spelled out

OUTCOMES = ("correct", "incorrect", "unparsed", "unjudged")

# What every comparison rests on. The facets and the judge's words may be missing: a breakdown then says so.
_TEXTS = ("key", "cluster", "cell", "format", "target", "fingerprint", "version", "outcome")
_FLAGS = ("with_image", "correct_in_paper")
FACETS = ("subject", "template", "location", "modality", "pathology", "abnormal")
_OPTIONAL = (*FACETS, "judge", "judge_reason", "extracted")
_KEPT = (*_TEXTS, *_FLAGS, *_OPTIONAL)

_LOG_NAME = re.compile(r"(?P<stamp>\d{8}_\d{6}|.+?)_samples_(?P<task>.+)\.jsonl")
_MARK = '"record": {'  # cannot occur within a JSON string: its quotes would be escaped
_DECODE = json.JSONDecoder().raw_decode


@dataclass(frozen=True)
class Log:
    """One sample log: its sound records, and a sentence for everything that was left out."""

    path: Path
    task: str
    stamp: str
    records: tuple[Record, ...]
    problems: tuple[str, ...]


def read(logs: Iterable[Path]) -> list[Record]:
    """The records of these sample logs, in the logs' order. Raises RunError, naming file and line, where one is bad."""
    records: list[Record] = []
    for path in logs:
        log = read_log(path)
        if log.problems:
            raise RunError(f"{log.problems[0]}. Leave the file out or run the task again.")
        records += log.records
    return records


def read_log(path: Path) -> Log:
    """One sample log, the sound part of it. Never raises on what the file holds; RunError if it cannot be opened."""
    named = _LOG_NAME.fullmatch(path.name)
    task, stamp = (named["task"], named["stamp"]) if named else (path.stem, "")
    problems = _Problems(path)
    records: dict[tuple[str, bool], Record] = {}
    number = 0
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                record, fault = parse(line)
                if record is None:
                    problems.add(fault, number)
                elif records.setdefault((record["key"], record["with_image"]), record) is not record:
                    problems.add("repeats a question of the file (its first answer counts)", number)
    except OSError as error:
        raise RunError(f"{plain(path, None)} cannot be read: {error.strerror or error}.") from error
    return Log(path, task, stamp, tuple(records.values()), problems.said(number, len(records)))


def parse(line: str) -> tuple[Record | None, str]:
    """The record in one line of a log, or what is wrong with the line."""
    at = line.find(_MARK)
    if not line.rstrip().endswith("}"):
        return None, "is cut off (the run, or a copy of the file, stopped in the middle)"
    try:
        # The record alone is decoded: the responses, prompts and documents around it are most of a line.
        raw = _DECODE(line, at + len(_MARK) - 1)[0] if at >= 0 else json.loads(line).get("record")
    except (ValueError, RecursionError):
        return None, "is no JSON: the file is damaged"
    except AttributeError:
        raw = None
    if not isinstance(raw, dict):
        return None, "has no record of this pack: it is another task's, or --log_samples of another pack"
    try:
        values = _VALUES(raw)
    except KeyError:
        values = tuple(raw.get(name) for name in _KEPT)
    choices = raw.get("choices") or []
    # Logs hold hundreds of thousands of records of a few shapes: each shape is examined once.
    shape = tuple(map(type, values))
    if shape not in _SOUND:
        if fault := _fault(raw):
            return None, fault
        _SOUND.add(shape)
    if fault := _wrong_value(raw["outcome"], raw["cell"], choices):
        return None, fault
    # Texts that recur are kept once.
    kept = dict(zip(_KEPT, map(_SHARED.setdefault, values, values), strict=True))
    kept["choices"] = _SHARED.setdefault(tuple(choices), tuple(choices))
    return kept, ""


_VALUES = itemgetter(*_KEPT)
_SOUND: set[tuple[type, ...]] = set()
_SHARED: dict[Any, Any] = {}


def _fault(raw: Mapping[str, Any]) -> str:
    """What is missing of a record, or of the wrong kind."""
    missing = [name for name in (*_TEXTS, *_FLAGS) if name not in raw]
    if missing:
        return f"lacks {', '.join(missing)}: it is of another version of this pack; run the task again"
    wrong = [name for name in _TEXTS if not isinstance(raw[name], str)]
    wrong += [name for name in _FLAGS if not isinstance(raw[name], bool)]
    wrong += [name for name in _OPTIONAL if not isinstance(raw.get(name), str | bool | None)]
    return f"has a {wrong[0]} of the wrong kind ({plain(raw[wrong[0]], 40)})" if wrong else ""


def _wrong_value(outcome: str, cell: str, choices: object) -> str:
    if outcome not in OUTCOMES:
        return f"has the outcome {plain(outcome, 40)!r}, which is none of {', '.join(OUTCOMES)}"
    if cell not in CELLS:
        return f"is about {plain(cell, 40)!r}, none of RadImageNet-VQA's nine cells"
    if choices and not (isinstance(choices, list) and all(isinstance(choice, str) for choice in choices)):
        return "has choices that are no list of texts"
    return ""


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
