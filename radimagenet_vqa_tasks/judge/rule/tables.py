"""The reviewed word tables of `words.yaml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from radimagenet_vqa_tasks.judge.rule.text import words


@cache
def tables() -> Mapping[str, Any]:
    """The whole file."""
    text = files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def table(name: str) -> frozenset[str]:
    """The words of one entry that is a plain list of words, as text.py spells them."""
    return frozenset(word for word in words(tables()[name], modifiers=True))
