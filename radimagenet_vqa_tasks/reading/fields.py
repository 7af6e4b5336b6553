"""Replies that are a form: JSON, or lines of "key: value". Of one with a field for the answer only that field is read.

So a reason that names another option counts for nothing: {"label": "distorted", "reason": "no sign of disease"}. Found
by one pattern and not by a JSON parser, because replies are cut off, and fenced, and quoted in two ways.
"""

from __future__ import annotations

import re

_KEY = (
    r"(?:(?:final|selected|correct)[_ ]?)?"
    r"(?:answer|label|choice|option|prediction|predicted[_ ]class|class|category|selection|verdict)(?:[_ ]letter)?"
)
_QUOTED = re.compile(
    rf"[\"']{_KEY}[\"']\s{{0,9}}:\s{{0,9}}"
    r"(?:\"(?P<double>(?:[^\"\\\n]|\\.){0,300})\"?|'(?P<single>[^'\n]{0,300})'?|\[(?P<list>[^\]\n]{0,300})\]?"
    r"|(?P<bare>[^\s,\"'{}\[\]]{1,50}))",
    re.IGNORECASE,
)
_LINE = re.compile(rf"^[^\w\n]{{0,6}}{_KEY}[^\w\n]{{0,6}}[:=][^\w\n]{{0,6}}(?P<value>\S[^\n]{{0,300}})$", re.I | re.M)
_REASON = re.compile(
    r"^[^\w\n]{0,6}(?:reason(?:ing|s)?|explanation|rationale|justification|confidence)\b\W{0,6}[:=]", re.I | re.M
)
_OPENS = re.compile(r"\s{0,9}(?:`{3}\s?\w{0,10}\s{0,3})?[{\[]")


def answer_field(text: str) -> str | None:
    """The value of the answer's field where a reply is a form with one; of values that differ, all as alternatives."""
    if "{" not in text and "[" not in text and ":" not in text and "=" not in text:
        return None
    values: list[str] = []
    if _OPENS.match(text):
        values = [next(filter(None, found.groups()), "") for found in _QUOTED.finditer(text)]
    elif _REASON.search(text):
        values = [found["value"] for found in _LINE.finditer(text)]
    return " or ".join(dict.fromkeys(value.strip() for value in values if value.strip())) or None
