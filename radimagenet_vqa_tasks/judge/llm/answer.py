"""What of a response the judge is shown: the answer without its thinking, or why there is nothing to judge."""

from __future__ import annotations

from radimagenet_vqa_tasks.judge.llm.prompt import Mode
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.reading.thinking import split
from radimagenet_vqa_tasks.scoring.paper import judged_content

# Of a longer answer only the end is shown, where answers come to their point. In characters.
LONGEST = 100_000
# What is tried, in turn, where a judge refuses an answer that may be too long for it.
SHORTER = (8_000, 2_000)


def answer_of(response: str, mode: Mode) -> str | Verdict:
    """The answer in a response; "unparsed" where it is empty or cut off in its thinking.

    In the mode `tool` it is what the paper's tool shows its judge: the box, the answer elements, or all, thinking too.
    """
    parts = split(response)
    if not parts.finished:
        return Verdict("unparsed", "unfinished")
    if not parts.answer:
        return Verdict("unparsed", "empty")
    return judged_content(response) if mode == "tool" else parts.answer


def asked_about(answer: str, response: str, mode: Mode, lower: bool = False) -> tuple[str, str] | Verdict:
    """The standard answer and the model's as the judge is shown them, or why there is nothing to judge.

    `lower`: the paper's tool sends both in small letters and trimmed, which the mode `tool` does like it.
    """
    shown = answer_of(response, mode)
    if isinstance(shown, Verdict):
        return shown
    return (answer.lower().strip(), shown.lower().strip()) if lower and mode == "tool" else (answer, shown)


def endings(answer: str) -> list[str]:
    """The answer, and then ever shorter ends of it, to be tried one after another."""
    first = answer[-LONGEST:]
    return [first, *(first[-length:] for length in SHORTER if length < len(first))]
