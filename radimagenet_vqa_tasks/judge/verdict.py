"""What a judge says of an open answer, whichever judge it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from radimagenet_vqa_tasks.scoring.record import Outcome as Outcome

Tier = Literal["matched", "read"]


PAPERS_JUDGE = "a Mistral Large in the mode figure8 or tool"


def is_papers_judge(judge: str | None) -> bool:
    """Whether a record's judge is the paper's: a Mistral Large, asked with the paper's prompt or its tool's.

    The paper's is Mistral-Large 2.1; its settings name mistral-large-latest. Only under such a judge has an open answer
    an `accuracy_paper`.
    """
    model, _, mode = (judge or "").casefold().partition("+")
    return "mistral-large" in model and mode in ("", "tool")


@dataclass(frozen=True)
class Verdict:
    """The outcome, and a short code for why (each judge documents its own codes).

    `tier` tells, of the rule judge's verdicts, whether the reply is a wording of an answer ("matched") or a sentence
    was interpreted ("read"); None for other judges and where nothing was read.
    """

    outcome: Outcome
    reason: str
    tier: Tier | None = field(default=None, kw_only=True)
