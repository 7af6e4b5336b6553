r"""A text with its entities, escapes and codes resolved, as a language model reads them: `&lt;`, `%3C`, `\u003c`, ...

Used only to find tokens, so that reading too much as an escape ("=20" in prose) does no harm.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote

from radimagenet_vqa_tasks.judge.llm.lookalikes import folded

ROUNDS = 6  # of decoding; who nests deeper hides something

# Each pattern is of bounded length, so that a round takes linear time.
_CODE = re.compile(
    r"(?-i:\\U([0-9A-Fa-f]{8}))|\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|%u([0-9a-f]{4})|U\+(0[0-9a-f]{3}|10[0-9a-f]{4}|[1-9a-f][0-9a-f]{3,4})"
    r"|0x([2-7][0-9a-f])|=([2-7][0-9a-f])|\\0{0,4}([2-7][0-9a-f])[ ;]",
    re.I,
)
_OCTAL = re.compile(r"\\([01][0-7]{2})")
_NAMED = re.compile(r"\\N\{([A-Z -]{1,60})\}", re.I)
_UTF7 = re.compile(r"\+([A-Za-z0-9/]{2,24})-")
_ENTITY = re.compile(r"&\s{0,3}(?:amp\s{0,3};\s{0,3}){0,99}(#?\s{0,3}[A-Za-z0-9]{2,32}\s{0,3};?)")
_SURROGATES = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
_BREAK = re.compile(r"\\[nrt](?![a-z]{0,24}\{)|<br\s{0,3}/?>", re.I)
_TEX = {
    **dict.fromkeys(("textless", "langle", "lt"), "<"),
    **dict.fromkeys(("textgreater", "rangle", "gt"), ">"),
    **dict.fromkeys(("lbrack", "lbrace"), "["),
    **dict.fromkeys(("rbrack", "rbrace"), "]"),
    **dict.fromkeys(("textbar", "vert", "mid"), "|"),
}
_MACRO = re.compile(rf"\$?\\({'|'.join(_TEX)})(?![a-zA-Z])(?:\{{\}}|\$| )?")


def decoded(text: str) -> tuple[str, bool]:
    """The text in folded characters with everything decoded, and whether that came to an end within the rounds."""
    for _ in range(ROUNDS):
        before = text
        text = _once("".join(map(folded, text)))
        if text == before:
            return text, True
    return text, False


def _once(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if "%" in text:
        text = unquote(re.sub(r"%(?:25){1,99}", "%", text), errors="ignore")
    if "\\" in text:
        text = _OCTAL.sub(lambda code: chr(int(code[1], 8)), text)
        text = _NAMED.sub(lambda code: _character(code[1]) or code[0], text)
        text = _MACRO.sub(lambda macro: _TEX[macro[1]], text)
    text = _CODE.sub(lambda code: _of_number(int(code[code.lastindex or 0], 16)), text)
    if "+" in text:
        text = _UTF7.sub(_utf7, text)
    # JSON and UTF-16 write one character as two halves.
    text = _SURROGATES.sub(lambda pair: (pair[0]).encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _BREAK.sub("\n", text)


def _entity(found: re.Match[str]) -> str:
    name = re.sub(r"\s", "", found[1])
    number = re.fullmatch(r"#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));?", name, re.I)
    if number:  # halves of a pair included, which the library replaces
        return _of_number(int(number[1], 16) if number[1] else int(number[2]))
    plain = html.unescape(f"&{name}")
    return found[0] if plain == f"&{name}" else plain


def _of_number(number: int) -> str:
    return chr(number) if number < 0x110000 else ""


def _character(name: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""


def _utf7(found: re.Match[str]) -> str:
    try:
        return found[0].encode("ascii").decode("utf-7")
    except UnicodeDecodeError:
        return found[0]
