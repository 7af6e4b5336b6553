"""Reads the records of finished runs from the host's sample logs. No data set and no network are needed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.errors import RunError


def read(logs: Iterable[Path]) -> list[dict[str, Any]]:
    """The records of these sample logs, in the logs' order. Raises RunError, naming file and line, where one is bad."""
    return [record for log in logs for record in _read_log(log)]


def _read_log(log: Path) -> list[dict[str, Any]]:
    records = []
    with log.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                records.append(json.loads(line)["record"])
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(
                    f"{log}, line {number} is no record of this pack ({error!r}). The file is damaged, or it is "
                    "another task's log; leave it out or run the task again."
                ) from error
    return records
