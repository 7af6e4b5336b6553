"""Writes the JSON Schema of `radvqa summary` from the types of its rows. Run it after changing analysis/numbers.py.

python tools/make_summary_schema.py
"""

from __future__ import annotations

import json
from pathlib import Path

from radimagenet_vqa_tasks.analysis import summary

FILE = Path(summary.__file__).with_name("summary.schema.json")


def text() -> str:
    """The file's content."""
    return json.dumps(summary.schema(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
