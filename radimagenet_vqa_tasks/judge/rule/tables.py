"""The reviewed word tables of `words.yaml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def tables() -> Mapping[str, Any]:
    """The whole file."""
    text = files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def listed(name: str, sign: str | None = None) -> frozenset[str]:
    """What one entry lists, parted by this sign or by spaces."""
    return frozenset(" ".join(item.split()) for item in tables()[name].split(sign))
