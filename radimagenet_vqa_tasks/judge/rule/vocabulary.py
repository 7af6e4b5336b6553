"""Which runs of words mean something: the wordings of the taxonomy and the words that negate, hedge or refuse.

A vocabulary maps canonical word tuples to entries and finds the longest one at every place of a text, in time
linear in the text's length. One vocabulary a region is built on first use and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from radimagenet_vqa_tasks.judge.rule.cues import CUES, GENERIC, OTHER_PLACES, SEEN, Kind
from radimagenet_vqa_tasks.judge.rule.text import IS, OF, SHOW, term_words, word_set
from radimagenet_vqa_tasks.taxonomy import Label, Region, TaxonomyError, regions, taxonomy

# The longest list that one head noun is shared by ("acl, mcl, pcl and lcl tears").
_LONGEST_LIST = 12
_LONGEST_MODIFIER = 5
_JOINS = frozenset({"and", "or", "nor", ",", "/"})
_BRACKETS = frozenset("()")
# What may stand between "tear of" and the structure's name.
_SIDES = word_set("medial lateral anterior posterior superior inferior upper lower middle central")
_NO_PLACE = frozenset({"and", "or", "nor", "but", "no", "not", "without"})
# "torn acl" is also written "the acl is torn".
_STATES = word_set(
    "abnormal bulging calcified damaged degenerated dilated dislocated distended edematous enlarged fractured herniated"
    " inflamed injured narrowed obstructed ruptured strained swollen thickened torn"
)


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
    """Word tuples with their meanings, as a table (for lists that share a noun) and as a tree (for scanning)."""

    entries: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    tree: dict[str, Any] = field(default_factory=dict)

    def add(self, phrase: tuple[str, ...], entry: Entry) -> None:
        """Add one meaning; the first one of a phrase stays, so that names go in before synonyms."""
        if not phrase or phrase in self.entries:
            return
        self.entries[phrase] = entry
        node = self.tree
        for word in phrase:
            node = node.setdefault(word, {})
        node[""] = entry

    def find(self, tokens: Sequence[str]) -> list[Match]:
        """The matches in order, leftmost and longest, without overlaps; lists that share a noun are completed."""
        found: list[Match] = []
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
            placed = self._placed(tokens, position)
            if placed is not None:
                return placed
        return None if entry is None else Match(position, end, entry)

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
        if tokens[start : start + 1] == [IS] and tokens[start + 1 : start + 2] and tokens[start + 1] in SEEN:
            start += 2
        if node is None or tokens[start : start + 1] != [OF]:
            return None
        for index in range(start, min(start + _LONGEST_MODIFIER, len(tokens))):
            if tokens[index] == OF:
                end, entry = _longest(node, tokens, index + 1)
                if entry is None:
                    end, entry = _longest_past_sides(node, tokens, index + 1)
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


def _longest(node: dict[str, Any], tokens: Sequence[str], position: int) -> tuple[int, Entry | None]:
    entry, end = None, position
    for index in range(position, len(tokens)):
        if tokens[index] not in node:
            break
        node = node[tokens[index]]
        if "" in node:
            entry, end = node[""], index + 1
    return end, entry


def _longest_past_sides(node: dict[str, Any], tokens: Sequence[str], position: int) -> tuple[int, Entry | None]:
    """The same for "medial (deltoid) ligament", past words of place and brackets that the wordings do not have."""
    entry, end = None, position
    for index in range(position, min(position + 2 * _LONGEST_MODIFIER, len(tokens))):
        word = tokens[index]
        if word in node:
            node = node[word]
            if "" in node:
                entry, end = node[""], index + 1
        elif word not in _SIDES and word not in _BRACKETS:
            break
    return end, entry


@cache
def pathology_vocabulary(region: str) -> Vocabulary:
    """The labels of one region, what makes an answer a normal one, and the cues."""
    found = Vocabulary()
    place = regions()[region]
    _add_labels(found, place, place.labels)
    for phrase in _normal_phrases(place):
        found.add(phrase, Entry(Kind.NORMAL, place.normal.name))
    for word in GENERIC:
        found.add(term_words(word), Entry(Kind.GENERIC))
    _add_cues(found)
    # "Pleural effusion" is no joint effusion, "pulmonary edema" none of the brain.
    for term in taxonomy().other_findings:
        found.add(term_words(term), Entry(Kind.OTHER, term))
    return found


@cache
def findings_vocabulary() -> Vocabulary:
    """Every pathology of every region and every other finding: what a normal answer must not affirm."""
    found = Vocabulary()
    for place in regions().values():
        for label in place.labels:
            for term in label.terms():
                found.add(term_words(term), Entry(Kind.LABEL, label.name))
        for phrase in _normal_phrases(place):
            found.add(phrase, Entry(Kind.IGNORED))
    for term in taxonomy().other_findings:
        found.add(term_words(term), Entry(Kind.LABEL, term))
    _add_cues(found)
    return found


@cache
def anatomy_vocabulary() -> Vocabulary:
    """The eight regions with their synonyms and parts, and the cues."""
    found = Vocabulary()
    for phrase in taxonomy().other_phrases:
        found.add(term_words(phrase), Entry(Kind.IGNORED))
    for region in regions().values():
        for term in region.terms():
            entry = Entry(Kind.LABEL, region.name, own_name=term in (region.name, region.readable))
            _add_new(found, term_words(term), entry)
    for region in regions().values():
        for term in region.parts:
            _add_new(found, term_words(term), Entry(Kind.PART, region.name))
    for word in OTHER_PLACES:
        found.add(term_words(word), Entry(Kind.OTHER, word))
    _add_cues(found)
    return found


def variants(phrase: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A wording and its other orders: "acl tear" as "tear of acl" and "acl with tear", "torn acl" as "acl is torn"."""
    yield phrase
    if len(phrase) > 1 and OF not in phrase:
        yield (phrase[-1], OF, *phrase[:-1])
        for link in (SHOW, "with", ":"):
            yield (*phrase[:-1], link, phrase[-1])
        if phrase[0] in _STATES:
            yield (*phrase[1:], IS, phrase[0])


def _normal_phrases(place: Region) -> Iterator[tuple[str, ...]]:
    """The wordings of normal, but for "no pathology" and its like: those are read as the negations that they are,
    since more may follow ("no pathology or fracture")."""
    return (phrase for term in place.normal.terms() if (phrase := term_words(term))[0] not in ("no", "nothing"))


def _add_labels(found: Vocabulary, place: Region, labels: Iterable[Label]) -> None:
    # All printed names first: "soft tissue fluid collection" is a synonym elsewhere and a name in the knee.
    for label in labels:
        for term in (label.name, label.readable):
            _add_new(found, term_words(term), Entry(Kind.LABEL, label.name, own_name=True))
    for label in labels:
        for term in label.synonyms:
            _add_new(found, term_words(term), Entry(Kind.LABEL, label.name))
    for label in labels:
        for term in label.terms():
            for phrase in variants(term_words(term)):
                found.add(phrase, Entry(Kind.LABEL, label.name))


def _add_new(found: Vocabulary, phrase: tuple[str, ...], entry: Entry) -> None:
    known = found.entries.get(phrase)
    if known is not None and known.value != entry.value:
        raise TaxonomyError(
            f"taxonomy.yaml: {' '.join(phrase)!r} means both {known.value!r} and {entry.value!r}"
            " once spelling, number, side and size are set aside; remove one"
        )
    found.add(phrase, entry)


def _add_cues(found: Vocabulary) -> None:
    for kind, phrases in CUES.items():
        for phrase in phrases:
            found.add(term_words(phrase), Entry(kind))
