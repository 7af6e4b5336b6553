"""The open answers in a finished run's sample logs, and how new verdicts get into them.

A log is replaced whole or not at all, so that nothing which stops the process can damage it. Lines that get no new
verdict keep their bytes.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.verdict import Verdict

# What a record says of a verdict.
_VERDICT = ("judge", "outcome", "correct_in_paper", "judge_reason", "judge_reply")


@dataclass
class Line:
    """One open answer of a log: its place (from 0), the host's fields, and this pack's record among them."""

    number: int
    fields: dict[str, Any]

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = self.fields["record"]
        return record

    @property
    def response(self) -> str:
        """The response as it was scored. The host writes one as a string, several as a list."""
        responses = self.fields.get("filtered_resps")
        while isinstance(responses, list):
            responses = responses[0] if responses else ""
        return responses if isinstance(responses, str) else ""

    def set(self, verdict: Verdict, judge: str) -> None:
        """Put in a new verdict, keep the earlier one in the record, and bring the line's metrics in step."""
        record = self.record
        earlier = [*record.get("earlier_verdicts", []), {name: record.get(name) for name in _VERDICT}]
        in_paper = bool(getattr(verdict, "correct_in_paper", verdict.outcome == "correct"))
        reply = getattr(verdict, "reply", None)
        record |= dict(zip(_VERDICT, (judge, verdict.outcome, in_paper, verdict.reason, reply), strict=True))
        record["earlier_verdicts"] = earlier
        shared = {name: record[name] for name in ("cluster", "cell")}
        strict = {} if verdict.outcome == "unjudged" else {"score": int(verdict.outcome == "correct")}
        self.fields["accuracy"] = {**strict, **shared}
        self.fields["accuracy_paper"] = {"score": int(in_paper), **shared}


@dataclass
class Log:
    """A sample log as it was read: all its lines, and those that are open answers."""

    path: Path
    raw: list[bytes]
    open: list[Line]
    stamp: tuple[int, int]  # size and time of change, to notice another writer

    def save(self, changed: Sequence[Line]) -> None:
        """Replace the file by one with these lines changed. Raises RunError, with the file as it was."""
        for line in changed:
            self.raw[line.number] = (json.dumps(line.fields, ensure_ascii=False) + "\n").encode()
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
        try:
            if _stamp(self.path) != self.stamp:
                raise RunError(f"{self.path} has been changed by something else meanwhile; run the command again.")
            with new.open("wb") as file:
                file.writelines(self.raw)
                file.flush()
                os.fsync(file.fileno())
            new.chmod(stat.S_IMODE(self.path.stat().st_mode))
            new.replace(self.path)
            self.stamp = _stamp(self.path)
        except OSError as error:
            raise RunError(
                f"{self.path} could not be written ({error.strerror or error}); it is as it was. Make room and run the "
                "command again: verdicts that were kept in the cache cost nothing."
            ) from error
        finally:
            with suppress(OSError):
                new.unlink(missing_ok=True)


def read_logs(runs: Sequence[Path]) -> list[Log]:
    """The logs of these runs that hold open answers. Raises RunError where there are none, or one is damaged."""
    logs = [log for path in _paths(runs) for log in [_read(path)] if log.open]
    if not logs:
        named = ", ".join(map(str, runs))
        raise RunError(f"there are no open answers of this pack in {named}. Name the folder of a finished run.")
    return logs


def _paths(runs: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for run in runs:
        if not run.exists():
            raise RunError(f"{run} does not exist. Name the folder of a finished run, or one of its sample logs.")
        logs = [run] if run.is_file() else sorted(run.rglob("*_samples_*.jsonl"))
        found |= dict.fromkeys(path.resolve() for path in logs)
    return list(found)


def _read(path: Path) -> Log:
    stamp = _stamp(path)
    raw = path.read_bytes().splitlines(keepends=True)
    lines = [_line(path, number, text) for number, text in enumerate(raw)]
    return Log(path, raw, [line for line in lines if line], stamp)


def _line(path: Path, number: int, text: bytes) -> Line | None:
    """The open answer in one line; None for a line of another format or of another pack's task."""
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise RunError(f"{path}, line {number + 1} is no JSON ({error}): the file is damaged.") from error
    record = fields.get("record") if isinstance(fields, dict) else None
    if not isinstance(record, Mapping) or record.get("format") != "open":
        return None
    missing = [name for name in ("key", "cluster", "cell", "question", "target", "outcome") if name not in record]
    if missing:
        raise RunError(f"{path}, line {number + 1}: the record lacks {', '.join(missing)}; run the task again.")
    return Line(number, fields)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
