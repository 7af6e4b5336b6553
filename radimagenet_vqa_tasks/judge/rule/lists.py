"""The lists that mentions stand in: what "and" and "or" join, and which members are alternatives."""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.matching import Vocabulary
from radimagenet_vqa_tasks.judge.rule.mentions import Mention, leave_open
from radimagenet_vqa_tasks.judge.rule.tables import listed
from radimagenet_vqa_tasks.reading.canonical import IS, MINOR_BREAKS, OF, SENTENCE_ENDS, SHOW

LIST_WORDS = frozenset({"and", "or", "nor"})
BREAKS = MINOR_BREAKS | LIST_WORDS
OR = frozenset({"or", "nor", "/", "vs", "vs.", "versus"})
AHEAD, _APART = 12, 6  # words that are looked at ahead; words between two members of a list
_NO_LIST = frozenset({IS, SHOW, OF, "with", "which"})
_ABOUT_THE_IMAGE = listed("about_the_image")


def until(tokens: Sequence[str], ends: frozenset[str] = SENTENCE_ENDS) -> list[str]:
    """The words up to the first of these signs."""
    end = next((place for place, token in enumerate(tokens) if token in ends), len(tokens))
    return list(tokens[:end])


def lists_of(
    sentence: Sequence[Mention], tokens: Sequence[str], vocabulary: Vocabulary
) -> list[tuple[list[Mention], bool]]:
    """The lists of a sentence that have several members; alternatives that name nothing leave theirs open."""
    found: list[tuple[list[Mention], bool]] = []
    members: list[Mention] = []
    has_or, end = False, 0
    for mention in (*(each for each in sentence if each.entry.kind is not Kind.GENERIC), None):
        gap = tokens[end : mention.match.start] if mention and members else ()
        apart = _NO_LIST if OR.isdisjoint(gap) else _NO_LIST - {IS}  # "an infarct, or is it a scar?"
        joined = 0 < len(gap) <= _APART and gap[0] in BREAKS | OR and apart.isdisjoint(gap)
        if not joined:
            if members and (_or_other_words(tokens, end) or _asks_or(tokens, members[0].match.start, end)):
                leave_open(members)
            found.append((members, has_or))
            members, has_or = [], False
        if mention is None:
            break
        end = mention.match.end
        if joined and _same_again(members[-1], mention, vocabulary):
            continue
        if joined and _same_again(mention, members[-1], vocabulary):
            members.pop()
        elif joined:
            has_or |= not OR.isdisjoint(gap)
        members.append(mention)
    return [each for each in found if len(each[0]) > 1]


def _same_again(label: Mention, other: Mention, vocabulary: Vocabulary) -> bool:
    """Whether the other is the "rupture" of "acl tear or rupture", of "rupture or tear of acl", or a broad word."""
    if other.entry.kind is not Kind.OTHER or label.entry.kind is Kind.OTHER:
        return False
    phrases = ((*label.phrase[:-1], *other.phrase), (*other.phrase, *label.phrase[1:]))
    known = (vocabulary.entries.get(phrase) for phrase in phrases)
    same = any(entry is not None and entry.value == label.entry.value for entry in known)
    return same or other.phrase[0] in listed("same_again")


def _or_other_words(tokens: Sequence[str], end: int) -> bool:
    """Whether an "or" and words that name nothing follow: "a bone lesion, or red marrow?"."""
    start = end + (tokens[end : end + 1] in ([","], ["("]))
    if start >= len(tokens) or tokens[start] not in OR | {"alternatively"}:
        return False
    if tokens[start] == "/" and not _asks(tokens, start):
        return False
    words = until(tokens[start + 1 : start + 1 + AHEAD], SENTENCE_ENDS | BREAKS | _NO_LIST - {IS})
    said = {word for word in words if word not in _ABOUT_THE_IMAGE} - {IS}
    return bool(said) and not said & (listed("same_again") | {"nothing", "else"})


def _asks_or(tokens: Sequence[str], start: int, end: int) -> bool:
    """Whether the last alternative of a question is named: "beam hardening or edema?"."""
    return start > 1 and tokens[start - 1] in OR and tokens[start - 2][0].isalnum() and _asks(tokens, end - 1)


def _asks(tokens: Sequence[str], index: int) -> bool:
    end = index + 1 + len(until(tokens[index + 1 : index + 1 + AHEAD]))
    return tokens[end : end + 1] == ["?"]
