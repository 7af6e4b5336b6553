"""The README as a package index shows it: there, links into the repository need its address.

The release workflow knows the address (`GITHUB_SERVER_URL` and `GITHUB_REPOSITORY`, with the tag in `GITHUB_REF_NAME`);
elsewhere `REPOSITORY_URL` gives it. Without one the links stay as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")


class Links(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling for a wheel, a source archive and an editable install."""
        address, ref = repository(os.environ)
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, address, ref)}
        metadata["urls"] = _urls(address, ref) if address else {}


def repository(variables: Mapping[str, str]) -> tuple[str, str]:
    """The repository's address, empty where it is not known, and the version of it to link to."""
    server, name = variables.get("GITHUB_SERVER_URL"), variables.get("GITHUB_REPOSITORY")
    address = variables.get("REPOSITORY_URL") or (f"{server}/{name}" if server and name else "")
    return address.rstrip("/"), variables.get("GITHUB_REF_NAME") or "main"


def absolute(text: str, address: str, ref: str) -> str:
    """Markdown whose links and pictures name the files of a repository by their full addresses."""

    def link(found: re.Match[str]) -> str:
        mark, words, path = found.groups()
        return f"{mark}[{words}]({address}/{'raw' if mark else 'blob'}/{ref}/{path})"

    return _LINK.sub(link, text) if address else text


def _urls(address: str, ref: str) -> dict[str, str]:
    return {
        "Source": address,
        "Documentation": f"{address}/blob/{ref}/docs/index.md",
        "Changelog": f"{address}/blob/{ref}/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }
