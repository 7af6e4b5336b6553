"""Reviewed word tables in YAML files, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import yaml


class Tables:
    """One file of word tables beside the modules of a package."""

    def __init__(self, package: str, file: str) -> None:
        self._package, self._file = package, file
        self.listed = lru_cache(maxsize=None)(self._listed)

    @cached_property
    def all(self) -> Mapping[str, Any]:
        """The whole file."""
        text = files(self._package).joinpath(self._file).read_text(encoding="utf-8")
        found: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return found

    def _listed(self, name: str, sign: str | None = None) -> frozenset[str]:
        """What one entry lists, parted by this sign or by spaces."""
        return frozenset(" ".join(item.split()) for item in self.all[name].split(sign))
