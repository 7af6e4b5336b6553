"""Asides that break a sentence in two: "it is the PCL, not the ACL, that is torn".

What stands between the commas is moved behind its sentence, so that the sentence reads on and the aside is read too.
"The PCL is fine. The ACL is not: it is torn." is read as "the ACL is torn".
"""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.judge.rule.text import IS, SENTENCE_ENDS, SHOW, word_set
from radimagenet_vqa_tasks.judge.rule.vocabulary import HARMED

_OPENINGS = word_set("not including rather instead unlike if")
# The sentence goes on with these; anything else may be the next item of a list ("not A, B or C").
_GOES_ON = word_set("that which") | {IS, SHOW}
_LONGEST = 8
_RESTATES = [[IS, "not", sign, "it", IS] for sign in (":", ",", ";")]


def asides_last(tokens: Sequence[str]) -> list[str]:
    """The words with every aside as a sentence of its own behind the sentence that it stood in."""
    if not ("," in tokens and not _OPENINGS.isdisjoint(tokens)):
        return list(tokens)
    found: list[str] = []
    later: list[str] = []
    position = 0
    while position < len(tokens):
        end = _end_of_aside(tokens, position)
        if end is not None:
            later += [".", *tokens[position + 1 : end]]
            position = end + 1
            continue
        if tokens[position] in SENTENCE_ENDS:
            found += later
            later = []
        found.append(tokens[position])
        position += 1
    return found + later


def restated(tokens: Sequence[str]) -> list[str]:
    """The words without the "is not: it" of "the ACL is not: it is torn"; what follows must say how it is harmed."""
    if "not" not in tokens:
        return list(tokens)
    found: list[str] = []
    for token in tokens:
        found.append(token)
        before = found[-6:-1]
        if token in HARMED and before in _RESTATES:
            found[-6:-1] = [IS]
    return found


def _end_of_aside(tokens: Sequence[str], start: int) -> int | None:
    """Where the second comma stands of an aside whose first comma is here, or None."""
    if tokens[start] != "," or start + 1 >= len(tokens) or tokens[start + 1] not in _OPENINGS:
        return None
    for index in range(start + 2, min(start + 2 + _LONGEST, len(tokens) - 1)):
        if tokens[index] in SENTENCE_ENDS:
            return None
        if tokens[index] == ",":
            return index if tokens[index + 1] in _GOES_ON else None
    return None
