"""Makes the made-up runs importable, and opens pages in Debian's chromium."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

for folder in (Path(__file__).parent, Path(__file__).parent.parent / "analysis"):
    sys.path.insert(0, str(folder))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser without a window.

    It is closed after each module: until then its driver keeps an event loop in this thread, in which
    no backend of the host can start its own.
    """
    program = shutil.which("chromium")
    if program is None:
        missing = "no chromium to open the page in: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        alone = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=alone)
        yield browser
        browser.close()


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out, which have tests of their own and take longest."""
    monkeypatch.setattr("radimagenet_vqa_tasks.analysis.figures.draw", lambda arms: [])
