"""What a judge says of an open answer, whichever judge it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["correct", "incorrect", "unparsed", "unjudged"]


@dataclass(frozen=True)
class Verdict:
    """The outcome, and a short code for why (each judge documents its own codes)."""

    outcome: Outcome
    reason: str
