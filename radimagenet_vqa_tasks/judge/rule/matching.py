"""Finding the runs of words that mean something: the longest one at every place, in time linear in the text.

Beyond the wordings as they stand, a noun may be shared ("acl and mcl tears"), a place may stand in between ("a mass
in the tail of the pancreas", "an old cerebellar infarct"), and a bracket may say what is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.tables import listed, tables
from radimagenet_vqa_tasks.reading.canonical import IS, OF

# The longest list that one head noun is shared by ("acl, mcl, pcl and lcl tears").
_LONGEST_LIST = 12
_LONGEST_MODIFIER = 5
_JOINS = frozenset({"and", "or", "nor", ",", "/"})
_BRACKETS = frozenset("()")
# "A stone is lodged in the ureter", "a mass arising from the kidney".
_SITS = frozenset(tables()["lists"]["SEEN"].split(",")) | frozenset(
    {"arising", "located", "lodged", "lying", "originating", "situated", "centered"}
)
_PLACES = listed("places")
_NO_PLACE = frozenset({"and", "or", "nor", "but", "no", "not", "without"})


@dataclass(frozen=True)
class Entry:
    """A meaning; `value` is the label or region, `own_name` tells its printed name from a synonym."""

    kind: Kind
    value: str = ""
    own_name: bool = False


class Match(NamedTuple):
    """An entry found at `tokens[start:end]`; a tuple, for there may be a million of them."""

    start: int
    end: int
    entry: Entry


@dataclass
class Vocabulary:
    """Word tuples with their meanings, as a table (for lists that share a noun) and as a tree (for scanning).

    `words` are those of labels, parts and other findings. What `alone` holds has a meaning where it is the only word.
    """

    entries: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    tree: dict[str, Any] = field(default_factory=dict)
    alone: dict[str, Entry] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    def add(self, phrase: tuple[str, ...], entry: Entry) -> None:
        """Add one meaning; the first one of a phrase stays, so that names go in before synonyms."""
        if not phrase or phrase in self.entries:
            return
        self.entries[phrase] = entry
        if entry.kind in (Kind.LABEL, Kind.PART, Kind.OTHER):
            self.words.update(phrase)
        node = self.tree
        for word in phrase:
            node = node.setdefault(word, {})
        node[""] = entry

    def find(self, tokens: Sequence[str]) -> list[Match]:
        """The matches in order, leftmost and longest, without overlaps; lists that share a noun are completed."""
        found: list[Match] = []
        only = _only_word(tokens)
        if only is not None and tokens[only] in self.alone:
            return [Match(only, only + 1, self.alone[tokens[only]])]
        position = 0
        while position < len(tokens):
            match = self._at(tokens, position) if tokens[position] in self.tree else None
            if tokens[position] == "(":
                match = self._in_brackets(tokens, position)
            if match is None:
                position += 1
                continue
            position = match.end
            if match.entry.kind not in (Kind.LABEL, Kind.PART) or match.end - match.start < 2:
                found.append(match)
                continue
            before = self._sharing_noun(tokens, match)
            while before and found and found[-1].end > before[0].start:
                found.pop()
            found += [*before, match, *self._sharing_preposition(tokens, match)]
            position = found[-1].end
        return found

    def _at(self, tokens: Sequence[str], position: int) -> Match | None:
        """The longest match that starts here; a bare "mass" is first looked for "in the tail of the pancreas"."""
        end, entry = _longest(self.tree, tokens, position)
        if entry is None or entry.kind in (Kind.GENERIC, Kind.OTHER, Kind.IGNORED):
            placed = self._placed(tokens, position) or self._interrupted(tokens, position)
            if placed is not None:
                return placed
        return None if entry is None else Match(position, end, entry)

    def _interrupted(self, tokens: Sequence[str], position: int) -> Match | None:
        """The label of "old cerebellar infarct": words of place stand inside its wording."""
        end, entry = _longest_past_places(self.tree, tokens, position)
        known = entry is not None and entry.kind is Kind.LABEL
        return Match(position, end, entry) if known and entry else None

    def _in_brackets(self, tokens: Sequence[str], position: int) -> Match | None:
        """For the bracket of "rotator cuff tear (supraspinatus)": the tear of the supraspinatus."""
        for end in range(position + 2, min(position + 2 + _LONGEST_MODIFIER, len(tokens))):
            if tokens[end] == ")":
                entry = self.entries.get((*tokens[position + 1 : end], tokens[position - 1]))
                known = position and entry is not None and entry.kind is Kind.LABEL
                return Match(position, end + 1, entry) if known and entry else None
        return None

    def _placed(self, tokens: Sequence[str], position: int) -> Match | None:
        node = self.tree[tokens[position]].get(OF)
        start = position + 1
        seen = tokens[start + 1 : start + 2] if tokens[start : start + 1] == [IS] else ()
        if seen and seen[0] in _SITS:
            start += 2
        elif tokens[start : start + 1] and tokens[start] in _SITS:
            start += 1
        if node is None or tokens[start : start + 1] != [OF]:
            return None
        for index in range(start, min(start + _LONGEST_MODIFIER, len(tokens))):
            if tokens[index] == OF:
                end, entry = _longest(node, tokens, index + 1)
                if entry is None:
                    end, entry = _longest_past_places(node, tokens, index + 1)
                if entry is not None:
                    return Match(position, end, entry)
            elif tokens[index] in _NO_PLACE or not tokens[index].isalnum():
                break
        return None

    def _sharing_noun(self, tokens: Sequence[str], match: Match) -> list[Match]:
        """For "acl tear" in "mcl and acl tear": the mcl tear too."""
        found: list[Match] = []
        noun, stop = tokens[match.end - 1], match.start
        while len(found) < _LONGEST_LIST:
            end = stop
            while end > 0 and stop - end < 2 and tokens[end - 1] in _JOINS:
                end -= 1
            other = self._modifier(tokens, end, noun) if end < stop else None
            if other is None:
                break
            found.append(other)
            stop = other.start
        return found[::-1]

    def _modifier(self, tokens: Sequence[str], end: int, noun: str) -> Match | None:
        for start in range(max(0, end - _LONGEST_MODIFIER), end):
            entry = self.entries.get((*tokens[start:end], noun))
            if entry is not None and entry.kind in (Kind.LABEL, Kind.PART):
                return Match(start, end, entry)
        return None

    def _sharing_preposition(self, tokens: Sequence[str], match: Match) -> list[Match]:
        """For "tear of acl" in "tear of acl and mcl": the mcl tear too."""
        phrase = tokens[match.start : match.end]
        if OF not in phrase:
            return []
        opening = tuple(phrase[: phrase.index(OF) + 1])
        found: list[Match] = []
        stop = match.end
        while len(found) < _LONGEST_LIST:
            start = stop
            while start < len(tokens) and start - stop < 2 and tokens[start] in _JOINS:
                start += 1
            own = _longest(self.tree, tokens, start)[1]
            # "Inflammation of bowel, bowel mass": what has a meaning of its own shares nothing.
            alone = start > stop and (own is None or own.kind is not Kind.LABEL)
            ends = range(min(len(tokens), start + _LONGEST_MODIFIER), start, -1) if alone else ()
            hits = (
                Match(start, end, entry)
                for end in ends
                if (entry := self._label(opening, tokens[start:end])) is not None
            )
            other = next(hits, None)
            if other is None:
                break
            found.append(other)
            stop = other.end
        return found

    def _label(self, opening: tuple[str, ...], rest: Sequence[str]) -> Entry | None:
        entry = self.entries.get((*opening, *rest))
        return entry if entry is not None and entry.kind is Kind.LABEL else None


def _only_word(tokens: Sequence[str]) -> int | None:
    """Where the one word of a text stands, or None where there are several or none."""
    if len(tokens) > 4:
        return None
    places = [index for index, token in enumerate(tokens) if token.isalnum()]
    return places[0] if len(places) == 1 else None


def _longest(node: dict[str, Any], tokens: Sequence[str], position: int) -> tuple[int, Entry | None]:
    entry, end, after_comma = None, position, False
    for index in range(position, len(tokens)):
        if tokens[index] not in node:
            break
        node = node[tokens[index]]
        if "" in node and not (after_comma and _goes_on(tokens, index)):
            entry, end = node[""], index + 1
        after_comma |= tokens[index] == ","
    return end, entry


def _goes_on(tokens: Sequence[str], index: int) -> bool:
    """Whether another word follows: in "tear, acl intact" the acl belongs to what follows."""
    return index + 1 < len(tokens) and tokens[index + 1][0].isalnum()


def _longest_past_places(node: dict[str, Any], tokens: Sequence[str], position: int) -> tuple[int, Entry | None]:
    """The same for "medial (deltoid) ligament", past words of place, levels and brackets inside a wording."""
    entry, end = None, position
    index, last = position, min(position + 2 * _LONGEST_MODIFIER, len(tokens))
    while index < last:
        word = tokens[index]
        if word == OF and IS in node and not (index + 1 < last and tokens[index + 1] in node.get(OF, {})):
            index = _verb_after(tokens, index)
            continue
        if word in node:
            node = node[word]
            if "" in node:
                entry, end = node[""], index + 1
        elif not (word in _PLACES or word in _BRACKETS or word[0].isdigit() or word[-1].isdigit()):
            break
        index += 1
    return end, entry


def _verb_after(tokens: Sequence[str], start: int) -> int:
    """Where the "is" stands of "foramen of the C6 root is narrowed", or the end where other words come before."""
    for index in range(start + 1, min(start + 2 + _LONGEST_MODIFIER, len(tokens))):
        if tokens[index] == IS:
            return index
        if tokens[index] in _NO_PLACE or not tokens[index].isalnum():
            break
    return len(tokens)
