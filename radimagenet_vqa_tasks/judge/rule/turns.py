"""What a text grants before it turns, supposes, or prefers: "a hematoma is possible, but a seroma is favored"."""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.mentions import Mention, Reading, Status, leave_open

_FINDINGS = (Kind.LABEL, Kind.PART, Kind.OTHER)


class Turns:
    """The turn of one sentence; counts are of the sentence's mentions.

    Attributes:
        conceded: how many stand before the last turn.
        concedes: an "although" is open, which a comma ends.
        prefers: what follows the turn is preferred to what stands before.
        supposes: what stands before is supposed only ("could be").
        preferred: how many stand before the words that prefer what follows.
    """

    def __init__(self) -> None:
        self.conceded = self.preferred = 0
        self.concedes = self.prefers = self.supposes = False

    def settle(self, sentence: Sequence[Mention], reading: Reading, recent: int) -> None:
        """Leave open what another finding is preferred to; of the lists of alternatives only those from `recent` on."""
        if self.prefers:
            self._leave_conceded_open(sentence)
            _leave_rivals_open(reading.lists[recent:], sentence[self.preferred :])

    def _leave_conceded_open(self, sentence: Sequence[Mention]) -> None:
        rivals = {each.entry.value for each in sentence[self.conceded :] if each.entry.kind in _FINDINGS}
        leave_open(each for each in sentence[: self.conceded] if rivals - {each.entry.value})


def _leave_rivals_open(lists: Sequence[list[Mention]], chosen: Sequence[Mention]) -> None:
    """Leave open the alternatives to what a text prefers: "a seroma vs a hematoma, favor a seroma"."""
    values = {each.entry.value for each in chosen if each.status is Status.AFFIRMED}
    for members in lists:
        if values and values <= {each.entry.value for each in members}:
            leave_open(each for each in members if each.entry.value not in values)
