"""Free text as canonical words, English or Chinese: what the readers of short answers compare.

Case, articles, plurals, British spelling, punctuation and full-width characters make no difference. Each Chinese
character is a word. Unlike the labels of the taxonomy (canonical.py), an answer may be a side or a size, so no
such word is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from radimagenet_vqa_tasks.reading.canonical import term_words
from radimagenet_vqa_tasks.reading.undress import plain

Words = tuple[str, ...]

SENTENCE_ENDS = frozenset(".!?;\n")
_CHINESE = "\u3400-\u9fff"
_TOKEN = re.compile(rf"\d+\.\d+|[{_CHINESE}]|(?:(?![{_CHINESE}])[^\W_])+|[.!?;\n,/&:()]")
_ARTICLES = frozenset({"a", "an", "the"})
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_FORMS = {
    **{word: str(number) for number, word in enumerate(_NUMBERS)},
    **{sign: str(number) for number, sign in enumerate("零一二三四五六七八九十")},
    "两": "2",
    "mr": "mri",
    "radiograph": "xray",
    "xr": "xray",
}
# Names of a modality that differ in words, not in meaning. A later one may go on from an earlier one.
_PHRASES: tuple[tuple[Words, str], ...] = (
    (("magnetic", "resonance"), "mri"),
    (("mri", "imaging"), "mri"),
    (("computed", "tomography"), "ct"),
    (("computerized", "tomography"), "ct"),
    (("x", "ray"), "xray"),
    (("x", "光"), "xray"),
    (("x", "射", "线"), "xray"),
    (("xray", "片"), "xray"),
)
_PHRASES_ENDING = {phrase[-1]: [one for one in _PHRASES if one[0][-1] == phrase[-1]] for phrase, _ in _PHRASES}


def words(text: str) -> Words:
    """The canonical words and signs of a text, in order. Linear in its length; no text raises."""
    found: list[str] = []
    for token in _TOKEN.findall(plain(text).casefold().replace("'s ", " ").replace("'", "")):
        if token not in _ARTICLES:
            found.append(_canonical(token))
            _join(found)
    return tuple(found)


def meaning(text: str) -> Words:
    """The words alone, without signs."""
    return tuple(word for word in words(text) if word[0].isalnum())


def find(phrase: Words, text: Sequence[str]) -> list[int]:
    """Where a phrase starts in a text."""
    length = len(phrase)
    return [start for start in range(len(text) - length + 1) if tuple(text[start : start + length]) == phrase]


def _join(found: list[str]) -> None:
    for phrase, word in _PHRASES_ENDING.get(found[-1], ()):
        if tuple(found[-len(phrase) :]) == phrase:
            del found[-len(phrase) :]
            found.append(word)


@lru_cache(maxsize=16384)
def _canonical(token: str) -> str:
    if token in _FORMS:
        return _FORMS[token]
    canonical = "".join(term_words(token)) if len(token) > 1 else token
    return _FORMS.get(canonical, canonical) or token
