"""What questions in a response named, until an answer follows: "Edema? No, ..."."""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.mentions import Mention, Status, leave_open


class Questions:
    """The mentions of questions that have had no answer yet."""

    def __init__(self) -> None:
        self._asked: list[Mention] = []
        self._whether = False

    def ask(self, mentions: Sequence[Mention], *, whether: bool) -> None:
        """Keep what a question named; `whether` tells "is it an infarct?" from "an infarct?"."""
        self._asked += mentions
        self._whether |= whether

    def answer(self, token: str, *, denied: bool = False) -> None:
        """Deny what was asked if "no" follows; leave it open unless "yes" follows."""
        if self._asked and token[0].isalnum():
            for mention in self._asked if denied else ():
                if mention.status is Status.AFFIRMED:
                    mention.status = Status.NEGATED
            if token != "yes":
                leave_open(self._asked)
            self._asked = []

    def end(self) -> None:
        """A question that stands alone is an answer, but "is this normal?" calls nothing normal."""
        if self._whether:
            leave_open(mention for mention in self._asked if mention.entry.kind is Kind.NORMAL)
