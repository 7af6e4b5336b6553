"""The rule judge's reviewed word tables, `words.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from radimagenet_vqa_tasks.reading.canonical import words
from radimagenet_vqa_tasks.reading.tables import Tables

_TABLES = Tables(__package__, "words.yaml")
listed = _TABLES.listed


def tables() -> Mapping[str, Any]:
    """The whole file."""
    return _TABLES.all


@cache
def table(name: str) -> frozenset[str]:
    """The words of one entry, in canonical form."""
    return frozenset(words(_TABLES.all[name], modifiers=True))
