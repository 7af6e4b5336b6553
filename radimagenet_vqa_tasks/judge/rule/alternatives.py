"""Alternatives that are no finding of the taxonomy: "a bone lesion, or red marrow?", "an abscess or just fat"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from radimagenet_vqa_tasks.judge.rule.clauses import (
    ABOUT_THE_IMAGE,
    AHEAD,
    APART,
    BROAD,
    CLAUSE_BREAKS,
    NO_LIST,
    rest_of_sentence,
)
from radimagenet_vqa_tasks.judge.rule.text import IS, OF, SENTENCE_ENDS, SHOW, word_set

_OR = frozenset({"or", "vs", "vs.", "versus", "alternatively"})
# "An infarct, or in other words a stroke": the same thing again.
_SAME_AGAIN = BROAD | word_set(
    "rather specifically precisely simply known called termed word lay so similar equivalent"
)
_SAYS_NOTHING = ABOUT_THE_IMAGE | {IS, SHOW, OF} | word_set("just only merely possibly perhaps maybe either")
# "Fat or an abscess, hard to tell."
_UNDECIDED = word_set("tell say sure unclear")


def alternative_behind(tokens: Sequence[str], end: int, before: int) -> tuple[str, ...] | None:
    """The words behind the "or" that follows a finding with this end; None if one of them is a finding.

    The next finding stands at `before`.
    """
    place = _or_behind(tokens, end)
    if place is None:
        return None
    other: list[str] = []
    for index in range(place + 1, len(tokens)):
        if index >= before or len(other) > APART:
            return None
        if tokens[index] in CLAUSE_BREAKS or tokens[index] in SENTENCE_ENDS or tokens[index] in NO_LIST - {IS}:
            break
        other.append(tokens[index])
    return tuple(other) if _says_something(other) else None


def alternative_ahead(tokens: Sequence[str], start: int, end: int) -> bool:
    """Whether other words and an "or" stand before a finding, and nothing is decided: "fat or an abscess?"."""
    if start < 2 or tokens[start - 1] not in _OR:
        return False
    words = rest_of_sentence(tokens[max(0, start - 1 - AHEAD) : start][::-1], 0)
    rest = rest_of_sentence(tokens, end - 1)
    return _says_something(words) and (_asks(tokens, end - 1) or not _UNDECIDED.isdisjoint(rest))


def _or_behind(tokens: Sequence[str], end: int) -> int | None:
    """Where the "or" stands: next to the finding, or behind its place and a comma ("... of the head, or marrow")."""
    for index in range(end, min(end + APART, len(tokens))):
        if tokens[index] in _OR or (tokens[index] == "/" and _asks(tokens, index)):
            beside = index == end or (index == end + 1 and tokens[end] in ",(")
            apart = tokens[end] == OF and (tokens[index - 1] == "," or _asks(tokens, index))
            return index if (beside and not _shares_place(tokens, index, end)) or apart else None
        if tokens[index] in SENTENCE_ENDS or (tokens[index] in CLAUSE_BREAKS and tokens[index] not in ",("):
            return None
    return None


def _shares_place(tokens: Sequence[str], index: int, end: int) -> bool:
    """Whether it may be the "or" of "a fracture of the tibia or fibula"."""
    return index == end and OF in tokens[max(0, end - 4) : end] and not _asks(tokens, index)


def _asks(tokens: Sequence[str], index: int) -> bool:
    end = index + 1 + len(rest_of_sentence(tokens, index))
    return end < len(tokens) and tokens[end] == "?"


def _says_something(words: Iterable[str]) -> bool:
    found = {word for word in words if word[0].isalnum()}
    return bool(found - _SAYS_NOTHING) and _SAME_AGAIN.isdisjoint(found)
