"""What a judge says of an open answer, whichever judge it is."""

from __future__ import annotations

from dataclasses import dataclass

from radimagenet_vqa_tasks.scoring.record import Outcome as Outcome


@dataclass(frozen=True)
class Verdict:
    """The outcome, and a short code for why (each judge documents its own codes)."""

    outcome: Outcome
    reason: str
