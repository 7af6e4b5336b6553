"""What the sentences of an answer claim of what was asked, without knowing a taxonomy.

A sentence repeats the question, says its answer, and adds to it: "The organ | in this image is | the liver, | which
lies ...". Words that repeat the question or speak of the image are taken off both ends; what is left, up to words that
explain or compare, is the claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.judge.rule.meanings import LIST_SIGNS, OR, SMALL, content, frame, meant, rivals
from radimagenet_vqa_tasks.judge.rule.tables import table
from radimagenet_vqa_tasks.reading.canonical import SENTENCE_ENDS

_NEAR_OR = 3  # words before an "or" that may be an alternative


@dataclass(frozen=True)
class AskedWords:
    """A question: what repeats it, and what it offers to choose from."""

    echo: frozenset[str]
    offered: frozenset[str]


@dataclass(frozen=True)
class Claim:
    """One sentence.

    Attributes:
        tokens: all of its words and signs.
        start, core, end: the claim is `tokens[start:core]`; what adds to it ends at `end`.
        echoed: how many words of the question it repeats.
        concludes: it opens with "therefore" or the like.
    """

    tokens: tuple[str, ...]
    start: int
    core: int
    end: int
    echoed: int
    concludes: bool


def asked(question: str, target: Sequence[str]) -> AskedWords:
    """What a question says by itself, apart from the answers that it offers ("the liver or the spleen?")."""
    tokens = meant(question)
    said = set(content(tokens))
    offered: set[str] = set()
    for place, token in enumerate(tokens):
        if token in OR:
            first = place
            while first > 0 and (place - first < _NEAR_OR or "," in tokens[first - 2 : first + 1]):
                first -= 1
            offered |= set(content(tokens[first : place + 1 + _NEAR_OR]))
    if offered:
        kinds = frozenset[str]().union(*(rivals().get(word, frozenset()) for word in (*target, *offered)))
        offered = (offered & (kinds | set(target))) or offered
    return AskedWords(frozenset(said - offered), frozenset(offered - frame()))


def claims(text: str, about: AskedWords, target: frozenset[str]) -> list[Claim]:
    """The sentences that say something, in order."""
    silent = ((frame() | about.echo) - target) - about.offered
    found = (_claim(sentence, silent, about) for sentence in sentences(meant(text)))
    return [claim for claim in found if claim.start < claim.core]


def sentences(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The words between the ends of sentences."""
    start = 0
    for place, token in enumerate((*tokens, ".")):
        if token in SENTENCE_ENDS:
            if place > start:
                yield tuple(tokens[start:place])
            start = place + 1


def _claim(tokens: tuple[str, ...], silent: frozenset[str], about: AskedWords) -> Claim:
    concludes = bool(tokens) and tokens[0] in table("concludes")
    start, stop = _after_lead(tokens, silent), len(tokens)
    while start < stop and (_says_nothing(tokens[start], silent) or tokens[start] in table("adds")):
        start += 1
    end = next((place for place in range(start, stop) if tokens[place] in table("explains")), stop)
    end = next((place for place in range(start, end) if tokens[place] in table("apart")), end)
    core = next((place for place in range(start, end) if tokens[place] in table("adds")), end)
    while core > start and _says_nothing(tokens[core - 1], silent):
        core -= 1
    echoed = len(about.echo.intersection(tokens) - frame())
    return Claim(tokens, start, core, end, echoed, concludes)


def _says_nothing(token: str, silent: frozenset[str]) -> bool:
    return token in silent or token in SMALL or not token[0].isalnum() or token in table("concludes")


def _after_lead(tokens: tuple[str, ...], silent: frozenset[str]) -> int:
    """Where the sentence begins behind "Between the liver and the spleen, ..." or "In this image, ..."."""
    if tokens and tokens[0] in table("leads"):
        for place, token in enumerate(tokens[:-1]):
            if token == "," and tokens[place + 1] not in LIST_SIGNS:
                return place + 1
    return 0
