"""What the lines of sample logs say beyond the records that analysis keeps: the texts, which only a reader needs.

On the page the answers of one run stand in one column, whatever benchmarks they are of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.scoring.logs import parse, without_texts
from radimagenet_vqa_tasks.scoring.record import ArmName, Record

Question = tuple[str, str]  # the data's fingerprint and the key: keys of different data may be the same


@dataclass(frozen=True)
class Answer:
    """The texts of one answer; None is what a log does not say.

    Attributes:
        response: as it was scored: the first, where there are several.
        prompt: as the model was given it, options and instructions included.
        reply: the LLM judge's words.
        earlier: verdicts that later ones have replaced, in words, the oldest first.
    """

    question: str | None = None
    response: str | None = None
    prompt: str | None = None
    reply: str | None = None
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """One run's answers, with the images or with something in their place."""

    label: str
    arm: ArmName
    records: Mapping[Question, Record]
    answers: Mapping[Question, Answer]


def columns_of(arms: Iterable[Arm]) -> list[Column]:
    """The arms of one run and one sight of the images together; apart only if they answered the same questions."""
    found: dict[tuple[str, ArmName], Column] = {}
    for arm in arms:
        texts = read_answers(arm)
        records = {(record.fingerprint, record.key): record for record in arm.records}
        answers = {question: texts[question[1]] for question in records if question[1] in texts}
        label, shown = arm.label, arm.arm
        before = found.get((label, shown))
        if before and not records.keys().isdisjoint(before.records):
            label, before = f"{arm.label} (version {arm.version})", None
        if before:
            records, answers = {**before.records, **records}, {**before.answers, **answers}
        found[label, shown] = Column(label, shown, records, answers)
    return list(found.values())


def read_answers(arm: Arm) -> dict[str, Answer]:
    """The texts of an arm's answers by the questions' keys, of all whose lines can still be read."""
    wanted = {record.key: record for record in arm.records}
    found: dict[str, Answer] = {}
    for path in arm.logs:
        with path.open("rb") as lines:
            for line in lines:
                record, _ = parse(line)
                if record is None or record.key in found:
                    continue
                texts = _answer(record, line)
                if without_texts(record) == wanted.get(record.key):
                    found[record.key] = texts
    return found


def _answer(record: Record, line: bytes) -> Answer:
    asked = json.loads(line.decode("utf-8", "replace")).get("input")
    return Answer(
        record.question,
        record.response,
        asked if isinstance(asked, str) else None,
        record.judge_reply,
        tuple(map(_verdict, record.earlier_verdicts)),
    )


def _verdict(earlier: Mapping[str, Any]) -> str:
    judge, outcome = (earlier.get(name) or "unknown" for name in ("judge", "outcome"))
    reason = earlier.get("reason") or earlier.get("judge_reason") or "unknown"
    reply = earlier.get("judge_reply")
    return f"{judge}: {outcome}, {reason}" + (f": {reply}" if isinstance(reply, str) else "")
