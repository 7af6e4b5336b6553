"""`radvqa_prior`: the likeliest answer by what is published, from the prompt's text alone.

It sees what a model sees and no more: no image, no answer, none of the document. What it gets right is what the
benchmark gives away to a reader who knows the paper and the taxonomy.
"""

from __future__ import annotations

import re

from lmms_eval.api.instance import Instance

from radimagenet_vqa_tasks.models.guesser import Guesser
from radimagenet_vqa_tasks.models.guessing import likeliest

_OPTION = re.compile(r"^([A-Z])\. (.*)$", re.MULTILINE)
_LIST = re.compile(r"\nOptions: ?\n")
_YES_NO = re.compile(r"\byes\b.{1,9}\bno\b", re.IGNORECASE | re.DOTALL)
_ASKS = re.compile(r"\s*(is|are|was|were|do|does|did|can|could|has|have|had|will|would|should)\b", re.IGNORECASE)


def answer(prompt: str) -> str:
    """The likeliest answer to a prompt of the pack, or of a task made from one with other instructions."""
    question, *rest = _LIST.split(prompt, maxsplit=1)
    options = [text for _, text in _OPTION.findall(rest[0])] if rest else []
    question = question.removeprefix("\n").removeprefix("Question: ")
    return likeliest(question, options, yes_no=bool(_YES_NO.search(prompt) or _ASKS.match(prompt)))


class Prior(Guesser):
    """The host's backend around `answer`. No model arguments."""

    name = "radvqa_prior"

    def answer(self, request: Instance) -> str:
        """The answer to the request's text."""
        return answer(str(request.args[0]))
