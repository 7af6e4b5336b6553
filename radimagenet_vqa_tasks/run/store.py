"""Responses on disk while a run goes on: one line each, as soon as it is there.

A folder holds one file for every process that ever wrote to it, so that the next run, of whatever number of processes,
finds all of them. A process that is killed leaves at most one cut line, which is not read. Failures are never stored:
the same command asks them again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Lock
from typing import Any

from lmms_eval.api.instance import GenerationResult, TokenCounts

from radimagenet_vqa_tasks.scoring.response import Response

PATTERN = "responses-*.jsonl"


class Store:
    """The responses in a folder, by key, and a file to add to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, GenerationResult] = {}
        for path in sorted(folder.glob(PATTERN)):
            self._read(path)
        self._path = folder / f"responses-{os.environ.get('RANK', '0')}-{os.getpid()}.jsonl"
        self._file: Any = None
        self._lock = Lock()

    def get(self, key: str) -> GenerationResult | None:
        """The response under a key; None where there is none yet."""
        return self._known.get(key)

    def put(self, key: str, response: Response, counts: TokenCounts | None = None) -> None:
        """Keep a response, on disk when this returns. A failure is not kept."""
        if response.missing:
            return
        with self._lock:
            if key in self._known:
                return
            self._known[key] = GenerationResult(response, counts)
            line = {"key": key, **response.facts(), **({"tokens": counts.to_dict()} if counts else {})}
            if self._file is None:
                self._file = self._path.open("a", encoding="utf-8")
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; what was put is there already."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _read(self, path: Path) -> None:
        with path.open("rb") as lines:
            for line in lines:
                try:
                    facts = json.loads(line)
                    key, tokens = facts.pop("key"), facts.pop("tokens", None)
                    counts = TokenCounts(**tokens) if tokens else None
                    self._known[key] = GenerationResult(Response(**facts), counts)
                except (ValueError, TypeError, KeyError, AttributeError):
                    continue  # the line that was being written when the process was killed
