"""Characters as the plain letters and signs that they stand for, so that a disguised token can be recognised.

Used only to find tokens: a text without any reaches the judge as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import disarm

OPEN, CLOSE = "\u27e8", "\u27e9"  # what a bracket that is none of ASCII's becomes
LONGEST = 6  # signs that one character may stand for; a ligature of 18, 100,000 times, would take its time
TAGS = 0xE0000  # from here on, Unicode repeats ASCII as invisible "tag" characters, which some language models read

# Brackets, arrows and pointers of every kind say in their Unicode name which way they open.
_OPENING = re.compile(r"LESS-THAN|LEFT(?!.*(?:SINGLE|DOUBLE) QUOTATION MARK)|\bPRECEDES")
_CLOSING = re.compile(r"GREATER-THAN|RIGHT(?!.*(?:SINGLE|DOUBLE) QUOTATION MARK)|\bSUCCEEDS")
_ANGLE_QUOTES = dict(zip("\u00ab\u2039\u00bb\u203a", (OPEN, OPEN, CLOSE, CLOSE), strict=True))
_LATIN = re.compile(
    r"(?:LATIN (?:(?:SMALL|CAPITAL) LETTER|LETTER SMALL CAPITAL)|REGIONAL INDICATOR SYMBOL LETTER)"
    r"(?: (?:DOTLESS|SCRIPT|OPEN|REVERSED|TURNED|BARRED|LONG|INSULAR|BLACKLETTER))* ([A-Z])\b"
)
# Invisible, though Unicode does not call them so: fillers, and the variation selectors' like.
_FILLERS = re.compile(
    "[\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_UNSEEN = ("Cf", "Cs", "Co", "Cn", "Cc")
_MARKS = ("Mn", "Me")


@lru_cache(maxsize=1 << 14)
def folded(char: str) -> str:
    """`char` in Unicode's compatibility form, one kind of line break and bracket for all; "" where nobody sees it."""
    if " " <= char <= "~" or char in "\n\t":
        return char
    if " " <= chr(max(0, ord(char) - TAGS)) <= "~":
        return chr(ord(char) - TAGS)
    if char in "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
        return "\n"
    category = unicodedata.category(char)
    if category in _UNSEEN or _FILLERS.match(char):
        return ""
    compatible = unicodedata.normalize("NFKC", char)
    return _bracket(char, category) or (compatible if len(compatible) <= LONGEST else char)


@lru_cache(maxsize=1 << 14)
def look(char: str) -> str:
    """What a folded character looks like, in lower case: letters without marks, look-alikes as Latin letters."""
    if " " <= char <= "~" or char in "\n\t":
        return char.lower()
    if char in (OPEN, CLOSE):
        return char
    category = unicodedata.category(char)
    if category in _MARKS:
        return ""
    if char.isspace():
        return " "
    name = unicodedata.name(char, "")
    if category[0] in "PS" and "VERTICAL" in name:
        return "|"
    latin = _LATIN.search(name)
    if latin:
        return latin[1].lower()
    parts = unicodedata.normalize("NFKD", char)
    plain = (part for part in parts if unicodedata.category(part) not in _MARKS)
    if len(parts) > LONGEST:
        return char
    like = "".join(map(disarm.normalize_confusables, plain)).lower()
    return {"<": OPEN, "<<": OPEN, ">": CLOSE, ">>": CLOSE}.get(like, like)


def _bracket(char: str, category: str) -> str:
    """The sign for an opening or a closing bracket; "" for anything else."""
    if char in _ANGLE_QUOTES:
        return _ANGLE_QUOTES[char]
    if category not in ("Ps", "Pe", "Sm", "So", "Sk"):
        return ""
    name = unicodedata.name(char, "")
    if "PARENTHESIS" in name and "ORNAMENT" not in name:
        return ""
    return OPEN if _OPENING.search(name) else CLOSE if _CLOSING.search(name) else ""
