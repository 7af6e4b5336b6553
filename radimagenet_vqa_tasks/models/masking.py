"""Keys out of everything that is written: settings, servers' words, addresses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

MASK = "[key]"

_SECRET_NAME = r"(?:[A-Za-z0-9]+[_-])*(?:api[_-]?key|apikey|token|secret|password|authorization)"
_ASSIGNED = re.compile(rf"(?i)(?<![A-Za-z0-9])({_SECRET_NAME}[\"']?\s*[=:]\s*[\"']?)(?:bearer\s+)?[^\s,\"'&}}]+")
# Vendors' own prefixes of keys, for those that a server repeats.
_KEY = re.compile(r"\b(?:sk|pk|rk|hf|gsk|xai|nvapi|AIza)[-_]?[A-Za-z0-9*][-_A-Za-z0-9*]{11,}")
_PASSWORD = re.compile(r"(?<=://)[^/\s@]+@")


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without `secrets`, without this process's own keys, and without what is written as a key is."""
    text = _PASSWORD.sub(f"{MASK}@", without(text, secrets))
    text = _ASSIGNED.sub(rf"\g<1>{MASK}", text)
    return _KEY.sub(MASK, text)


def without(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without `secrets` and this process's own keys, and otherwise as it is: for a model's words."""
    for secret in sorted({*secrets, *_of_environment()}, key=len, reverse=True):
        if len(secret) >= 8:
            text = text.replace(secret, MASK)
    return text


def _of_environment() -> list[str]:
    named = re.compile(r"(?i)(?:key|token|secret|password)$")
    return [value for name, value in os.environ.items() if value and named.search(name)]
