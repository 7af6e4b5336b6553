"""Plain helpers of the tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TINY_MODEL = ROOT / "radimagenet_vqa_tasks" / "sample" / "tiny_vlm"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def message(result: subprocess.CompletedProcess[str]) -> str:
    """Both outputs of a command, for the message of a failed assertion."""
    return f"exit {result.returncode}\n{result.stdout}\n{result.stderr}"


def lines_of(logs: Iterable[Path]) -> list[dict[str, Any]]:
    """The lines of sample logs, parsed."""
    return [json.loads(line) for log in logs for line in log.open(encoding="utf-8")]
