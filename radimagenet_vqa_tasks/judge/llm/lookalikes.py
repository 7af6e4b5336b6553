# ruff: noqa: RUF001 (look-alike characters are what this module is about)
"""One character as the plain letters and signs that it looks like, so that a disguised token can be recognised.

Used only to find tokens: what is not part of one reaches the judge as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters of other scripts that pass for the Latin letters of the tokens, in lower case.
_LETTERS = {
    "a": "аααⲁᎪꓮ",
    "b": "ьвβᏼᏴꓐ",
    "c": "сςϲᏟꓚ",
    "d": "ԁδᏧᎠꓓ",
    "e": "еєεҽ℮ᎬꓰⲈⲉ",
    "f": "ғϝꓝ",
    "g": "ԍɡցᏀꓖ",
    "h": "һнհᏂᎻꓧ",
    "i": "іιӏᎥꓲıⲓ",
    "j": "јϳյᎫꓙ",
    "k": "кκᏦꓗⲕ",
    "l": "ⅼᏞꓡ",
    "m": "мᎷꓟⲙ",
    "n": "пηոռꓠ",
    "o": "оοσօᎾꓳⲟ",
    "p": "рρᏢꓑⲣ",
    "q": "ԛզ",
    "r": "гᎡᏒꓣⲅ",
    "s": "ѕտᏚꓢ",
    "t": "тτᎢꓔⲧ",
    "u": "υսμцᑌꓴ",
    "v": "ѵνᏙꓦ",
    "w": "ԝωшᎳꓪ",
    "x": "хχꓫ",
    "y": "уγүᎩꓬ",
    "z": "ζᏃꓜ",
}
_SIGNS = {
    "<": "‹«〈⟨〈《⟪❮❰≺˂ᐸᑉ⧼ᚲ⋖◁⊲◂◀𝈶",
    ">": "›»〉⟩〉》⟫❯❱≻˃ᐳᑀ⧽⋗▷⊳▸▶𝈷",
    "[": "【〔⟦⁅❲〚⦋",
    "]": "】〕⟧⁆❳〛⦌",
    "{": "❴⦃",
    "}": "❵⦄",
    "|": "¦│┃∣ǀ❘⏐￨╎╏┆┇",
    "/": "⁄∕⧸╱⟋⌿",
    "\\": "∖⧵╲⟍",
    "_": "▁ˍ‗",
    ":": "∶ː˸։׃",
    "'": "’‘ʼ′‛`´",
    '"': "“”„‟″〝〞",
}
_PLAIN = {like: plain for table in (_LETTERS, _SIGNS) for plain, likes in table.items() for like in likes}

# "LATIN LETTER SMALL CAPITAL J", "NEGATIVE SQUARED LATIN CAPITAL LETTER J", "LATIN SMALL LETTER DOTLESS J".
_LATIN = re.compile(
    r"(?:LATIN (?:(?:SMALL|CAPITAL) LETTER|LETTER SMALL CAPITAL)|REGIONAL INDICATOR SYMBOL LETTER)"
    r"(?: (?:DOTLESS|SCRIPT|OPEN|REVERSED|TURNED|BARRED|LONG|INSULAR|BLACKLETTER))* ([A-Z])\b"
)
# Invisible, though Unicode does not call them so: fillers, and the variation selectors' like.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800")
TAGS = 0xE0000  # from here on, Unicode repeats ASCII as invisible "tag" characters
_INVISIBLE_CATEGORIES = ("Cf", "Mn", "Me", "Cs", "Co", "Cn")


@lru_cache(maxsize=1 << 14)
def plain(char: str) -> str:
    """What `char` looks like, in lower case: "" if it is invisible, one sign or letter, seldom more."""
    if " " <= char <= "~":
        return char.lower()
    if char in "\n\t\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
        return "\t" if char == "\t" else "\n"
    if char in _INVISIBLE or unicodedata.category(char) in (*_INVISIBLE_CATEGORIES, "Cc"):
        return ""
    latin = _LATIN.search(unicodedata.name(char, ""))
    if latin:
        return latin[1].lower()
    return "".join(_plain_part(part) for part in unicodedata.normalize("NFKD", char))


def smuggled(char: str) -> str:
    """As `plain`, but with tag characters, which nobody sees and some language models read, as what they stand for."""
    return chr(ord(char) - TAGS).lower() if " " <= chr(max(0, ord(char) - TAGS)) <= "~" else plain(char)


def _plain_part(part: str) -> str:
    for like in (part, part.lower()):
        if like in _PLAIN:
            return _PLAIN[like]
    if part.isspace():
        return " "
    if unicodedata.category(part) in _INVISIBLE_CATEGORIES:
        return ""
    return part.lower()
