"""Answers of any data set as words that can be compared: one word for what is called by several, and what is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from rapidfuzz.distance import OSA

from radimagenet_vqa_tasks.judge.rule.spelling import taxonomy_words
from radimagenet_vqa_tasks.judge.rule.tables import listed, table, tables
from radimagenet_vqa_tasks.reading.canonical import IS, OF, SHOW, words

LIST_SIGNS = frozenset({",", "/", "&", "(", ")", ":", "|", "and", "or", "和", "与", "及", "或", "、"})
OR = frozenset({"or", "或", "vs", "vs.", "versus"})
SMALL = frozenset({OF, IS, SHOW, "and", "or", "by", "due", "than", "as"})

_ASIDE = re.compile(r"\([^()]*\)")
_SHORT_NAME = re.compile(r"\s*([A-Za-z]{1,4})\s+-\s+(.+)")  # "us - ultrasound"
_SHORTEST_MISSPELT = 6


@dataclass(frozen=True)
class Wording:
    """One wording of a right answer: what it lists, and all its words."""

    items: tuple[frozenset[str], ...]
    words: tuple[str, ...]


def meant(text: str) -> tuple[str, ...]:
    """The canonical words and signs of a text, with one word for all that mean the same."""
    tokens = words(text, modifiers=True)
    found: list[str] = []
    position = 0
    while position < len(tokens):
        end, word = _longest(tokens, position)
        found.append(word)
        position = end
    return tuple(found)


def content(tokens: Sequence[str]) -> tuple[str, ...]:
    """The words that are neither signs nor small words."""
    return tuple(word for word in tokens if word[0].isalnum() and word not in SMALL)


@lru_cache(maxsize=4096)
def wordings(target: str) -> tuple[Wording, ...]:
    """The ways in which a data set spells one right answer: "us - ultrasound" is either, a bracket may be left out."""
    parts = [target]
    short = _SHORT_NAME.fullmatch(target)
    if short:
        parts += [short[1], short[2]]
    bare = _ASIDE.sub(" ", target)
    if bare != target:
        parts.append(bare)
    names = {meant(str(group[0])): group[1:] for group in tables()["narrower"]}
    parts += [str(name) for part in parts for name in names.get(meant(part), ())]
    found = (_wording(part) for part in parts)
    return tuple(dict.fromkeys(wording for wording in found if wording.items))


def _wording(text: str) -> Wording:
    tokens = meant(text)
    items: list[list[str]] = [[]]
    for token in tokens:
        if token in LIST_SIGNS or not token[0].isalnum():
            items.append([])
        else:
            items[-1].append(token)
    kept = (frozenset(word for word in item if word not in SMALL) for item in items)
    return Wording(tuple(dict.fromkeys(item for item in kept if item)), content(tokens))


def same_word(word: str, other: str) -> bool:
    """Whether they are one word, or a slip of the keyboard apart, long enough for that, and not both real words."""
    if word == other:
        return True
    if min(len(word), len(other)) < _SHORTEST_MISSPELT or word[0] != other[0] or abs(len(word) - len(other)) > 1:
        return False
    return OSA.distance(word, other, score_cutoff=1) <= 1 and not {word, other} <= _real_words()


@cache
def _real_words() -> frozenset[str]:
    return taxonomy_words() | listed("real_words")


@cache
def rivals() -> Mapping[str, frozenset[str]]:
    """Word -> the words of its kind: beside it they contradict it."""
    kinds = [frozenset(str(line).split()) for line in tables()["rivals"].values()]
    return {word: kind for kind in kinds for word in kind}


@cache
def frame() -> frozenset[str]:
    """Words of whole sentences about an image, which name nothing."""
    chinese = frozenset(tables()["frame_zh"])
    return table("frame") | chinese | {OF, IS, SHOW}


@cache
def _same() -> Mapping[str, Any]:
    """The groups of words that mean the same as a tree; "" holds the word that stands for a group."""
    tree: dict[str, Any] = {}
    for group in tables()["same"]:
        for phrase in group:
            node = tree
            for word in words(str(phrase), modifiers=True):
                node = node.setdefault(word, {})
            node.setdefault("", str(group[0]))
    return tree


def _longest(tokens: Sequence[str], position: int) -> tuple[int, str]:
    """The end of the longest such phrase that starts here, and the word for it; the word as it is where none does."""
    node, end, word = _same(), position + 1, tokens[position]
    for index in range(position, len(tokens)):
        if tokens[index] not in node:
            break
        node = node[tokens[index]]
        if "" in node:
            end, word = index + 1, node[""]
    return end, word
