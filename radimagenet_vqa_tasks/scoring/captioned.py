"""What a response to "describe this image" is: a caption to be measured, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from radimagenet_vqa_tasks.reading.declining import only_declines
from radimagenet_vqa_tasks.reading.thinking import split
from radimagenet_vqa_tasks.reading.undress import plain
from radimagenet_vqa_tasks.scoring.record import Outcome
from radimagenet_vqa_tasks.scoring.response import Response


@dataclass(frozen=True)
class Caption:
    """A response as a caption.

    Attributes:
        outcome: "answered", or what kept it from being one; never "correct" or "incorrect".
        text: the caption without thinking; empty where there is none.
        reason: why there is none.
    """

    outcome: Outcome
    text: str = ""
    reason: str | None = None


def caption_of(response: Response) -> Caption:
    """The caption in a response. No text raises."""
    if response.missing:
        return Caption("missing", reason=response.missing)
    if response.text is None:
        if response.finish == "content_filter":
            return Caption("declined", reason="refusal")
        return Caption("unparsed", reason="unfinished" if response.finish == "length" else "empty")
    parts = split(response.text)
    if not parts.finished:
        return Caption("unparsed", reason="unfinished")
    if not any(char.isalnum() for char in parts.answer):
        return Caption("unparsed", reason="empty")
    if reason := only_declines(plain(parts.answer)):
        return Caption("declined", reason=reason)
    return Caption("answered", parts.answer.strip())
