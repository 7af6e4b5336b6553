"""Reads the records in the host's sample logs: what each line must hold, and what is wrong with those that do not.

Nothing is guessed: a line that is no sound record is left out and counted, with its reason and where it first occurs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import msgspec

from radimagenet_vqa_tasks.analysis.escape import plain
from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES, FAMILY_OF
from radimagenet_vqa_tasks.errors import RunError

Record = Mapping[str, Any]

SHOWN = 5  # kinds of faults of a file that are spelled out

OUTCOMES = ("correct", "incorrect", "unparsed", "unjudged")

# What every comparison rests on. The facets and the judge's words may be missing: a breakdown then says so.
_TEXTS = ("key", "cluster", "cell", "format", "target", "fingerprint", "version", "outcome")
_FLAGS = ("with_image", "correct_in_paper")
_WORDS = ("judge", "judge_reason", "extracted")
_FACETS = tuple(dict.fromkeys(facet for family in FAMILIES.values() for facet in family.facets))
_OPTIONAL = (*_FACETS, *_WORDS)

# msgspec checks the types while it decodes, skips what is not named here (responses and prompts are most of a line),
# and gives equal words of a Literal as one object.
_Sound = msgspec.defstruct(
    "_Sound",
    [
        *((name, str) for name in _TEXTS if name != "outcome"),
        ("outcome", Literal["correct", "incorrect", "unparsed", "unjudged"]),
        *((name, bool) for name in _FLAGS),
        *((name, str | bool | None, None) for name in _OPTIONAL),
        ("choices", list[str] | None, None),
    ],
    gc=False,
)


# What is kept of a record: no family has the facets of all.
_Keep = tuple[Callable[[Any], tuple[Any, ...]], tuple[str, ...]]


def _kept(facets: Iterable[str]) -> _Keep:
    names = (*_TEXTS, *_FLAGS, *_WORDS, *facets)
    return attrgetter(*names), names


_KEEP: Mapping[str, _Keep] = {cell: _kept(family.facets) for cell, family in FAMILY_OF.items()}
_SHARED: dict[Any, Any] = {}

_LOG_NAME = re.compile(r"(?P<stamp>\d{8}_\d{6}|.+?)_samples_(?P<task>.+)\.jsonl")


@dataclass(frozen=True)
class Log:
    """One sample log: its sound records, and a sentence for everything that was left out."""

    path: Path
    task: str
    stamp: str
    records: tuple[Record, ...]
    problems: tuple[str, ...]


def read_log(path: Path) -> Log:
    """One sample log, the sound part of it. Never raises on what the file holds; RunError if it cannot be opened."""
    named = _LOG_NAME.fullmatch(path.name)
    task, stamp = (named["task"], named["stamp"]) if named else (path.stem, "")
    problems = _Problems(path)
    records: dict[tuple[str, bool], Record] = {}
    number = 0
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                record, fault = parse(line)
                if record is None:
                    problems.add(fault, number)
                elif records.setdefault((record["key"], record["with_image"]), record) is not record:
                    problems.add("repeats a question of the file (its first answer counts)", number)
    except OSError as error:
        raise RunError(f"{plain(path, None)} cannot be read: {error.strerror or error}.") from error
    return Log(path, task, stamp, tuple(records.values()), problems.said(number, len(records)))


def parse(line: bytes) -> tuple[Record | None, str]:
    """The record in one line of a log, or what is wrong with the line."""
    try:
        sound: Any = _DECODE(line).record
    except (msgspec.MsgspecError, RecursionError):
        sound, fault = _patiently(line)
        if sound is None:
            return None, fault
    try:
        values_of, names = _KEEP[sound.cell]
    except KeyError:
        return None, f"is about {plain(sound.cell, 40)!r}, no cell that this version of the pack knows"
    # Logs hold hundreds of thousands of records: texts that recur are kept once.
    values = values_of(sound)
    record = dict(zip(names, map(_SHARED.setdefault, values, values), strict=True))
    choices = tuple(sound.choices or ())
    record["choices"] = _SHARED.setdefault(choices, choices)
    return record, ""


_Line = msgspec.defstruct("_Line", [("record", _Sound)], gc=False)
_DECODE: Callable[[bytes], Any] = msgspec.json.Decoder(_Line).decode


def _patiently(line: bytes) -> tuple[Any, str]:
    """The record in a line that the fast reader refuses, or the reason in words."""
    if not line.rstrip().endswith(b"}"):
        return None, "is cut off (the run, or a copy of the file, stopped in the middle)"
    try:
        # The host writes NaN, which is no JSON to everybody.
        raw = json.loads(line.decode("utf-8", "replace")).get("record")
    except (ValueError, RecursionError):
        return None, "is no JSON: the file is damaged"
    except AttributeError:
        raw = None
    if not isinstance(raw, dict):
        return None, "has no record of this pack: it is another task's, or --log_samples of another pack"
    fault = _fault(raw)
    return (None, fault) if fault else (msgspec.convert(raw, _Sound), "")


def _fault(raw: Mapping[str, Any]) -> str:
    """What is missing of a record, or of the wrong kind."""
    missing = [name for name in (*_TEXTS, *_FLAGS) if name not in raw]
    if missing:
        return f"lacks {', '.join(missing)}: it is of another version of this pack; run the task again"
    wrong = [name for name in _TEXTS if not isinstance(raw[name], str)]
    wrong += [name for name in _FLAGS if not isinstance(raw[name], bool)]
    wrong += [name for name in _OPTIONAL if not isinstance(raw.get(name), str | bool | None)]
    if wrong:
        return f"has a {wrong[0]} of the wrong kind ({plain(raw[wrong[0]], 40)})"
    if raw["outcome"] not in OUTCOMES:
        return f"has the outcome {plain(raw['outcome'], 40)!r}, which is none of {', '.join(OUTCOMES)}"
    choices = raw.get("choices")
    if choices is not None and not (isinstance(choices, list) and all(isinstance(one, str) for one in choices)):
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
