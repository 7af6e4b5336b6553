"""Text without its dress: Markdown, LaTeX, HTML, full-width letters and invisible characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def word_set(text: str) -> frozenset[str]:
    """The words of a string, for tables that are easier to read than a list of quotes."""
    return frozenset(text.split())


# In this order: each pattern sees what the ones before it left. Without its sign no pattern finds anything.
_UNDRESS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("\\", re.compile(r"\\n(?![a-z])"), "\n"),  # JSON's escaped line break, not LaTeX's \neq
    ("\\", re.compile(r'\\"'), '"'),
    ("\\", re.compile(r"\\(?:text|math|bold|operatorname|rm|bf)[a-z]{0,8} ?(?=\{)", re.I), ""),
    ("\\", re.compile(r"\\[()\[\]]"), " "),
    ("~~", re.compile(r"~~[^~\n]{1,200}~~"), " "),  # what is struck out is taken back
    ("<", re.compile(r"<br ?/?>|</(?:p|li|div|answer)>", re.I), "\n"),
    # Not <A>, which is a letter in brackets.
    ("<", re.compile(r"<(?![A-Z]>|(?i:answer)>)[/!|]?[A-Za-z][^<>\n]{0,60}>"), " "),
)
_MARKUP = str.maketrans(dict.fromkeys("*_`$#~", " "))
_LINE_BREAK = re.compile(r" ?\n[ \n]*")
# Idioms that hold a "no" or "not" and negate nothing.
_IDIOM = re.compile(r"\b(?:no|without(?: an?y?)?) (?:doubts?|problem)\b|\bnot only\b", re.I)
_IDIOM_SIGNS = ("doubt", "problem", "only")
# A Latin letter beside a Chinese, Japanese or Korean one is a word of its own.
_EAST_ASIAN = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_EAST_ASIAN_EDGE = re.compile(rf"(?<={_EAST_ASIAN})(?=[A-Za-z])|(?<=[A-Za-z])(?={_EAST_ASIAN})")
_BREAKS = "\n\r\v\f\x85\u2028\u2029"
_PLAINER = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u2018\u2019\u201b\u2032\u02bc", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    **dict.fromkeys(_BREAKS, "\n"),
    **dict.fromkeys("\u274c\u274e\u2717\u2718\u2612", " incorrect "),
    **dict(zip("\u3001\u3002\u3010\u3011", ",.[]", strict=True)),
}
# Combining and invisible characters, and the private-use ones, with which the option reader marks options.
_DROPPED = ("Mn", "Me", "Cf", "Co")


def plain(text: str) -> str:
    """`text` in plain characters, without markup, with single spaces and single line breaks."""
    text = text.translate({ord(char): _plain_char(char) for char in set(text) if not " " <= char <= "~"})
    if not text.isascii():
        text = _EAST_ASIAN_EDGE.sub(" ", text)
    for sign, pattern, replacement in _UNDRESS:
        if sign in text:
            text = pattern.sub(replacement, text)
    text = _single_spaced(text.translate(_MARKUP))
    if has_any(text.lower(), _IDIOM_SIGNS):
        text = _single_spaced(_IDIOM.sub(" ", text))
    if "\n" in text:
        text = _LINE_BREAK.sub("\n", text)
    return text.strip(" \n")


def has_any(text: str, signs: Iterable[str]) -> bool:
    """Whether a text holds one of these substrings; it tells quickly that a pattern finds nothing."""
    return any(map(text.__contains__, signs))


def _single_spaced(text: str) -> str:
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _plain_char(char: str) -> str:
    # One character at a time: normalising a whole text sorts runs of combining marks in quadratic time.
    if "\uac00" <= char <= "\ud7a3":
        return char  # a Korean syllable would fall apart into its letters
    if char in _PLAINER:
        return _PLAINER[char]
    parts = unicodedata.normalize("NFKD", char)
    if unicodedata.category(char) in ("Cc", "Zs") or (parts == char and unicodedata.category(char) == "So"):
        return " "
    kept = "".join(part for part in parts if unicodedata.category(part) not in _DROPPED)
    # A few characters stand for whole phrases; unfolded, they would let a short reply grow eighteen-fold.
    return kept if len(kept) <= 4 else char
