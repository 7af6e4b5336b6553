"""Any reply read by its question's format: what was read, or why nothing was. What scoring asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from radimagenet_vqa_tasks.reading import option, phrase, statements, yes_no
from radimagenet_vqa_tasks.reading.asked import asked
from radimagenet_vqa_tasks.reading.declining import Reason as DeclineReason
from radimagenet_vqa_tasks.reading.declining import reason_of, without_declining
from radimagenet_vqa_tasks.reading.statements import Said

Outcome = Literal["read", "declined", "unparsed"]
Reason = Literal[DeclineReason, "empty", "two_answers", "unfinished", "unreadable"]

_ANY_LETTER = ("",) * 26


@dataclass(frozen=True)
class Reading:
    """What a reader made of one response.

    Attributes:
        extracted: the letter, "yes", "no" or phrase; None unless the outcome is "read".
        outcome: "read"; "declined", where the reply says that it cannot answer; or "unparsed".
        reason: None where it was read; else "no_image", "refusal" or "unsure", or "empty" (no answer at all),
            "unfinished" (the thinking was cut off), "two_answers" (several, or a hedge between them), "unreadable".
    """

    extracted: str | None
    outcome: Outcome
    reason: Reason | None = None


def read(
    format: str,
    response: str,
    *,
    choices: Sequence[str] = (),
    target: str = "",
    question: str = "",
) -> Reading:
    """What a response to a question of a format says: `mc`, `closed` (yes or no) or `phrase`. No text raises.

    Args:
        format: the Question's.
        response: what the model wrote.
        choices: the options, of `mc`.
        target: the right answer, of `phrase`.
        question: its text.
    """
    answer = statements.read(response)
    if format == "mc":
        said = option.said_of(answer, choices)
        extracted = option.letter(said)
    elif format == "closed":
        said = yes_no.said_of(answer, asked(question))
        extracted = yes_no.word(said)
    else:
        extracted = phrase.read_phrase(response, target, question)
        said = None
    if extracted is not None:
        return Reading(extracted, "read")
    declined = reason_of(answer.text)
    if declined and not answer.unfinished:
        return Reading(None, "declined", declined)
    return Reading(None, "unparsed", _why(answer, said))


def declines(response: str) -> bool:
    """Whether a response says that it cannot answer, and gives no answer all the same.

    For questions of any format, where their options are not at hand: "I can't see the image; my best guess is no" does
    not decline, "I cannot see any abnormality in the scan" neither.
    """
    answer = statements.read(response)
    if answer.unfinished or reason_of(answer.text) is None:
        return False
    rest = replace(answer, text=without_declining(answer.text))
    answers = yes_no.word(yes_no.said_of(rest, asked(""))) or option.letter(option.said_of(rest, _ANY_LETTER))
    return answers is None


def _why(answer: statements.Reply, said: Said) -> Reason:
    """Why nothing was read of an answer that does not decline."""
    if answer.unfinished:
        return "unfinished"
    if not any(char.isalnum() for char in answer.text):
        return "empty"
    return "two_answers" if said is not None and len(said) > 1 else "unreadable"
