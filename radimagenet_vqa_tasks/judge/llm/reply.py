"""Reads a judge's reply, strictly: exactly one well-formed verdict is a verdict, anything else is none.

Reason codes: `judged`, and `judged_by_its_end` where the answer was too long for the judge; `empty_reply`,
`no_verdict`, `two_verdicts`, `bad_verdict` (something else than 0 or 1 where the verdict belongs), `cut_off` (the reply
reached its greatest length). In the paper's format the verdict is inverted: 0 means correct, 1 means incorrect.

What a judge thinks is not what it says: only what follows its thinking is read. Where that does not close, nothing is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.judge.llm.prompt import Mode
from radimagenet_vqa_tasks.judge.verdict import Outcome, Verdict
from radimagenet_vqa_tasks.reading.thinking import split
from radimagenet_vqa_tasks.scoring.paper import paper_verdict

OPENING, CLOSING = "<judge>", "</judge>"

_OUTCOME: dict[str, Outcome] = {"0": "correct", "1": "incorrect"}


@dataclass(frozen=True)
class LLMVerdict(Verdict):
    """A verdict of the LLM judge, with what became of the call.

    Attributes:
        correct_in_paper: what the paper's own tool makes of the judge's first reply; a failure is wrong there.
        reply: the judge's last reply; None where there was none.
        cached: the reply came from the cache.
    """

    correct_in_paper: bool = False
    reply: str | None = None
    cached: bool = False


def read(reply: str, mode: Mode = "figure8") -> Verdict:
    """The verdict that a reply holds: "correct" or "incorrect", or "missing" with the reason why it holds none."""
    if not reply.strip():
        return Verdict("missing", "empty_reply")
    # A JSON reply that holds together may quote a thinking tag.
    if mode == "schema" and reply.lstrip().startswith("{"):
        whole = _read_json(reply)
        if whole.reason != "no_verdict":
            return whole
    said = split(reply)
    if not said.finished:
        return Verdict("missing", "no_verdict")
    return _read_json(said.answer) if mode == "schema" else _read_tags(said.answer)


def correct_in_paper(first_reply: str, mode: Mode) -> bool:
    """Whether the paper's tool, which asks once, counts the answer as right. It has no rule for a JSON reply."""
    if mode == "schema":
        return read(first_reply, mode).outcome == "correct"
    return paper_verdict(first_reply)


def _read_tags(reply: str) -> Verdict:
    openings, closings = reply.count(OPENING), reply.count(CLOSING)
    if openings > 1 or closings > 1:
        return Verdict("missing", "two_verdicts")
    _, _, rest = reply.partition(OPENING)
    content, closed, _ = rest.partition(CLOSING)
    return _of_digit(content.strip()) if closed else Verdict("missing", "no_verdict")


def _read_json(reply: str) -> Verdict:
    try:
        fields = json.loads(reply, object_pairs_hook=_no_field_twice)
    except _FieldTwiceError:
        return Verdict("missing", "two_verdicts")
    except (ValueError, RecursionError):
        return Verdict("missing", "no_verdict")
    if not isinstance(fields, dict) or "verdict" not in fields:
        return Verdict("missing", "no_verdict")
    verdict = fields["verdict"]
    # JSON's true is Python's 1: only a whole number counts.
    return _of_digit(str(verdict) if type(verdict) is int else "")


class _FieldTwiceError(ValueError):
    """An object names a field twice, of which Python would silently take the last."""


def _no_field_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _FieldTwiceError
    return fields


def _of_digit(digit: str) -> Verdict:
    outcome = _OUTCOME.get(digit)
    return Verdict(outcome, "judged") if outcome else Verdict("missing", "bad_verdict")
