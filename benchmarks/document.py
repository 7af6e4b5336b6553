"""Puts a benchmark's figures into docs/benchmarks.md, between the two marks that bear its name."""

from __future__ import annotations

import sys
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def publish(text: str) -> None:
    """Replace what the running script wrote there before."""
    marker = f"<!-- measured by benchmarks/{Path(sys.argv[0]).name} -->"
    before, found, rest = DOCUMENT.read_text(encoding="utf-8").partition(marker)
    if not found:
        raise SystemExit(f"{DOCUMENT} has no place for these figures: write {marker} there twice")
    DOCUMENT.write_text(f"{before}{marker}\n\n{text}\n\n{marker}{rest.partition(marker)[2]}", encoding="utf-8")
