"""Hostile text made harmless, once for every format that is printed or written.

Model names, file names, labels and what a model said come from outside. Each function below takes such a text and gives
one that a reader of the format shows as it is: no control code moves a terminal's cursor, no mark-up becomes a link, a
command or a formula.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

SHOWN = 80  # characters of a name; a longer one is cut, so that it cannot push a table's numbers out of sight

_REPLACEMENT = "\ufffd"
# Control codes; format characters, among them the bidirectional ones and those of no width; lone surrogates; line and
# paragraph separators. Combining marks are only harmful in heaps.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters, marks and a pattern that nobody sees: fillers, vowels without a form, blank Braille, a joiner of graphemes.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&@:^])")
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "\u2026": r"\ldots{}",
    _REPLACEMENT: "?",
    "`": r"\textasciigrave{}",
}
# What a spreadsheet takes for the beginning of a formula, full-width forms included.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20|%")


def plain(text: object, shown: int | None = SHOWN) -> str:
    """One line without codes that a terminal obeys, at most `shown` characters long; the form of every text below."""
    line = "".join(" " if char.isspace() else char for char in str(text)).strip()
    safe = _unheaped(_REPLACEMENT if _is_unsafe(char) else char for char in line)
    return safe if shown is None or len(safe) <= shown else safe[: shown - 1] + "\u2026"


def lines(text: object) -> str:
    """Text of several lines, a table for one, without codes that a terminal obeys; blanks stay as they are."""
    kept = ("".join(_REPLACEMENT if _is_unsafe(char) else char for char in line) for line in str(text).split("\n"))
    return "\n".join(kept)


def _is_unsafe(char: str) -> bool:
    selects_a_variant = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return selects_a_variant or char in _UNSEEN or unicodedata.category(char) in _UNSAFE


def markdown(text: object, shown: int | None = SHOWN) -> str:
    """Text for a Markdown table's field or a list's item: no HTML, no emphasis, no link.

    Of a bare web address no link is made either. Some renderers link whatever looks like a mail address, in any text.
    """
    return re.sub(r"(?i)\bwww\.", lambda found: found[0][:-1] + "\\.", _MARKDOWN.sub(r"\\\1", plain(text, shown)))


def latex(text: object, shown: int | None = SHOWN) -> str:
    """Text for LaTeX: no commands, no column or line ends."""
    return "".join(_LATEX.get(char, char) for char in plain(text, shown))


def csv_field(text: object) -> str:
    """Text for a CSV field: a spreadsheet shows it and does not compute it. Numbers do not come here."""
    line = plain(text, None)
    return f"'{line}" if line.startswith(_FORMULA) else line


def _unheaped(text: Iterable[str]) -> str:
    """Text with at most two combining marks on one character."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= 2:
            kept.append(char)
    return "".join(kept)
