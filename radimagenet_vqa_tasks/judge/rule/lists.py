"""The lists that mentions stand in: what "and" and "or" join, and which members are alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from radimagenet_vqa_tasks.judge.rule.alternatives import alternative_ahead, alternative_behind
from radimagenet_vqa_tasks.judge.rule.clauses import APART, BROAD, LIST_SIGNS, NO_LIST, OR
from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.matching import Match, Vocabulary
from radimagenet_vqa_tasks.judge.rule.mentions import Mention, Reading, leave_open
from radimagenet_vqa_tasks.judge.rule.text import IS


@dataclass
class _MentionList:
    """Mentions with nothing but signs, list words and adjectives between them."""

    members: list[Mention] = field(default_factory=list)
    start: int = 0
    end: int = 0
    has_or: bool = False


class Lists:
    """Puts mentions into lists, one after the other, and keeps in the reading the lists that matter."""

    def __init__(self, tokens: Sequence[str], vocabulary: Vocabulary, reading: Reading) -> None:
        self._tokens = tokens
        self._vocabulary = vocabulary
        self._reading = reading
        self._list = _MentionList()

    def join(self, mention: Mention, match: Match) -> None:
        """Go on with the list that the mention before belongs to, or begin one."""
        last = self._list.members[-1] if self._is_joined(match) else None
        if last is None:
            self.end(match.start)
            self._list.start = match.start
        elif mention.entry.kind is Kind.OTHER and self._means_the_same(last, mention.phrase, after=True):
            self._list.end = match.end
            return
        elif last.entry.kind is Kind.OTHER and self._means_the_same(mention, last.phrase, after=False):
            self._list.members.pop()
        else:
            self._list.has_or |= not OR.isdisjoint(self._tokens[self._list.end : match.start])
        self._list.members.append(mention)
        self._list.end = match.end

    def end(self, before: int | None = None) -> None:
        """Keep the list that ends `before` this place, and that its members are alternatives if they are."""
        if self._list.members and self._has_unknown_alternative(len(self._tokens) if before is None else before):
            leave_open(self._list.members)
        if len(self._list.members) > 1:
            self._reading.series.append(self._list.members)
            if self._list.has_or:
                self._reading.lists.append(self._list.members)
        self._list = _MentionList()

    def _is_joined(self, match: Match) -> bool:
        """Whether a sign or list word, and at most adjectives, stand between the list and this."""
        if not (self._list.members and 0 < match.start - self._list.end <= APART):
            return False
        gap = self._tokens[self._list.end : match.start]
        parts = NO_LIST if OR.isdisjoint(gap) else NO_LIST - {IS}  # "an infarct, or it is a scar"
        return gap[0] in LIST_SIGNS and parts.isdisjoint(gap)

    def _has_unknown_alternative(self, before: int) -> bool:
        """Whether words that name nothing stand beside the list: "a bone lesion, or red marrow?"."""
        other = alternative_behind(self._tokens, self._list.end, before)
        if other is None:
            return alternative_ahead(self._tokens, self._list.start, self._list.end)
        return not self._means_the_same(self._list.members[-1], other, after=True)

    def _means_the_same(self, label: Mention, other: tuple[str, ...], *, after: bool) -> bool:
        """Whether `other` is the "rupture" of "acl tear or rupture", or of "rupture or tear of acl"."""
        phrase = (*label.phrase[:-1], *other) if after else (*other, *label.phrase[1:])
        known = self._vocabulary.entries.get(phrase)
        return other[0] in BROAD or (known is not None and known.value == label.entry.value)
