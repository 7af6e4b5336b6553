"""What the tests of the builder share."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path, scans_tree: Path) -> Path:
    """A copy of the tree, to be spoilt."""
    return Path(shutil.copytree(scans_tree, tmp_path / "radimagenet"))
