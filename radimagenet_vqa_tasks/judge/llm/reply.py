"""Reads a judge's reply, strictly: exactly one well-formed verdict is a verdict, anything else is none.

Reason codes: `judged`; `empty_reply`, `no_verdict`, `two_verdicts`, `bad_verdict` (something else than 0 or 1 where the
verdict belongs). In Figure 8's format the verdict is inverted: 0 means correct, 1 means incorrect.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.judge.llm.prompt import Mode
from radimagenet_vqa_tasks.judge.verdict import Outcome, Verdict
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
    return _read_tags(reply) if mode == "figure8" else _read_json(reply)


def correct_in_paper(first_reply: str, mode: Mode) -> bool:
    """Whether the paper's tool, which asks once, counts the answer as right. It has no rule for a JSON reply."""
    if mode == "figure8":
        return paper_verdict(first_reply)
    return read(first_reply, mode).outcome == "correct"


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
