"""What a judge says of an open answer, whichever judge it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from radimagenet_vqa_tasks.scoring.record import Outcome as Outcome

Tier = Literal["matched", "read"]


@dataclass(frozen=True)
class Verdict:
    """The outcome, and a short code for why (each judge documents its own codes).

    `tier` tells, of the rule judge's verdicts, whether the reply is a wording of an answer ("matched") or a sentence
    was interpreted ("read"); None for other judges and where nothing was read.
    """

    outcome: Outcome
    reason: str
    tier: Tier | None = field(default=None, kw_only=True)
