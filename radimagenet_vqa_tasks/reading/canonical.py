"""Free medical text as plain words: dress taken off, one spelling, one number, one order of small words.

`words` turns text into a list of canonical words and boundary signs; `term_words` does the same to a wording of the
taxonomy, so that both sides meet. All of it takes linear time and raises on no string. The spellings are in
`canonical.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from radimagenet_vqa_tasks.reading.tables import Tables

TABLES = Tables(__package__, "canonical.yaml")
SENTENCE_ENDS = frozenset(".!?;\n")
MINOR_BREAKS = frozenset(",:()/|&")
OF = "of"
IS = "is"
SHOW = "show"

_DASHES = "\u2010\u2011\u2012\u2212-"
_LONG_DASHES = "\u2013\u2014\u2015"
_APOSTROPHES = "'\u2018\u2019\u201b\u2032\u02bc`"
_LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
_UNSEEN = ("Mn", "Me", "Cf", "Cs", "Co")

_CHINESE = "\u3400-\u9fff"
_WORD = re.compile(rf"e\.g\.|i\.e\.|vs\.|\ba/p\b|\d+\.\d+|[{_CHINESE}]|(?:(?![{_CHINESE}])[^\W_])+|[.!?;\n,:()/|&]")
_COMMAND = re.compile(r"\\(?:text|math|bold|operatorname|rm|bf|displaystyle)[a-z]{0,8}")
_ESCAPED_BREAK = re.compile(r"\\[nr]")
_TAG = re.compile(r"</?[a-z][^<>\n]{0,60}>")
_MORE_THAN = re.compile(r"(?<=[a-z)]) >{1,3} (?=[a-z])")  # "tendinosis > tear"
_ARTICLES = frozenset({"a", "an", "the"})
_MODIFIERS = TABLES.listed("modifiers")
_NO_PLURAL = TABLES.listed("no_plural")
_BOUND = TABLES.listed("bound")
_PAIRS = frozenset(tuple(pair.split()) for pair in TABLES.listed("pairs", ";"))
_FIRST_HALVES = _BOUND | {first for first, _ in _PAIRS}
_FORMS: Mapping[str, str] = TABLES.all["forms"]
_SMALL_WORDS = frozenset({"and", "or", "nor", OF, IS})
_SHORT_FORM = re.compile(r"(?<=[a-z])\.(?=[,:)])")  # "hyperint., focal"
_SPACED_DASH = re.compile(r"(?<=\S) -{1,3} ")


def words(text: str, *, modifiers: bool = False) -> list[str]:
    """Canonical words and boundary signs, in order; articles are left out, and so are side, size and degree unless
    `modifiers` are asked for."""
    found: list[str] = []
    for token in _WORD.findall(_fold(text)):
        word = _canonical(token) if modifiers or token not in _MODIFIERS else ""
        if not word or (word in SENTENCE_ENDS and (not found or found[-1] in SENTENCE_ENDS)):
            continue
        if word == "been" and found and found[-1] == SHOW:
            found[-1] = IS
        elif found and found[-1] in _FIRST_HALVES and word.isalnum() and _is_one_word(found[-1], word):
            joined = found.pop() + word
            found.append(_FORMS.get(joined, joined))
        else:
            found.append(word)
    return found


def _is_one_word(first: str, second: str) -> bool:
    return (first, second) in _PAIRS or (first in _BOUND and second not in _SMALL_WORDS)


@lru_cache(maxsize=65536)  # more than the taxonomy has wordings
def term_words(term: str) -> tuple[str, ...]:
    """A wording as the words that `words` would find in it."""
    return tuple(words(term))


def _fold(text: str) -> str:
    table = _ascii() if text.isascii() else {ord(char): _fold_char(char) for char in set(text)}
    text = text.translate(table)
    text = _ESCAPED_BREAK.sub("\n", _COMMAND.sub(" ", text)) if "\\" in text else text
    text = _TAG.sub(" ", text) if "<" in text else text
    text = _MORE_THAN.sub(" more likely than ", text) if ">" in text else text
    text = _SHORT_FORM.sub("", text) if "." in text else text
    return (_SPACED_DASH.sub(" , ", text).replace("-", " ") if "-" in text else text).replace(" = ", ": ")


@cache
def _ascii() -> dict[int, str]:
    return {code: _fold_char(chr(code)) for code in range(128)}


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    # One character at a time: normalising a whole text sorts runs of combining marks in quadratic time.
    if char in _LINE_BREAKS:
        return "\n"
    if char in _APOSTROPHES:
        return ""
    if char in _DASHES:
        return "-"
    if char in _LONG_DASHES:
        return " , "
    lowered = char.casefold().replace("\u0153", "oe").replace("\u00e6", "ae")
    parts = unicodedata.normalize("NFKD", lowered)
    # Signs that stand for a whole phrase are left alone; 18 times the text is no answer's business.
    return "".join(part for part in parts if unicodedata.category(part) not in _UNSEEN) if len(parts) < 6 else char


@lru_cache(maxsize=16384)
def _canonical(word: str) -> str:
    if word in _ARTICLES or word == "i.e.":
        return ""
    for small in (OF, IS, SHOW):
        if word in TABLES.listed(small):
            return small
    for british, american in TABLES.all["spellings"].items():
        word = word.replace(british, american)
    return _FORMS.get(word) or _singular(word)


def _singular(word: str) -> str:
    if (
        len(word) < 4
        or not word.endswith("s")
        or word in TABLES.listed("no_plural")
        or word.endswith(("ss", "us", "is"))
    ):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "xes")):
        return word[:-2]
    return _FORMS.get(word[:-1], word[:-1])
