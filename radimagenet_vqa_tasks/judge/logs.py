"""The open answers in a finished run's sample logs, and how new verdicts get into them.

A log is replaced whole or not at all, so that nothing which stops the process can damage it. Lines that get no new
verdict keep their bytes, damaged ones among them.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loguru import logger

from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.judge.verdict import Verdict, is_papers_judge
from radimagenet_vqa_tasks.scoring.logs import parse
from radimagenet_vqa_tasks.scoring.outcomes import metrics_of, scores_of
from radimagenet_vqa_tasks.scoring.record import PAPER, STRICT, Record, as_dict


@dataclass
class Line:
    """One open answer of a log: its place (from 0), the host's fields, and this pack's record."""

    number: int
    fields: dict[str, Any]
    record: Record

    @property
    def response(self) -> str:
        """The response as it was scored; empty where the model gave none."""
        return self.record.response or ""

    def set(self, verdict: Verdict, judge: str) -> None:
        """Put in a new verdict, keep the earlier one in the record, and bring the line's metrics in step."""
        record = self.record
        record.earlier_verdicts = [*record.earlier_verdicts, verdict_of(record)]
        record.judge, record.outcome, record.reason = judge, verdict.outcome, verdict.reason
        record.judge_reply = getattr(verdict, "reply", None)
        record.tier = verdict.tier
        claimed = is_papers_judge(judge) and cell_called(record.cell).paper
        in_paper = bool(getattr(verdict, "correct_in_paper", False)) if claimed else None
        # What is right for another picture does not depend on who judges.
        kept = {name: value for name, value in record.scores.items() if name not in (STRICT, PAPER)}
        record.scores = scores_of(verdict.outcome, in_paper) | kept
        self.fields |= metrics_of(record)


def verdict_of(record: Record) -> dict[str, Any]:
    """A record's present verdict, as it is kept when another one takes its place."""
    return {
        "judge": record.judge,
        "outcome": record.outcome,
        "reason": record.reason,
        "tier": record.tier,
        "scores": record.scores,
        "judge_reply": record.judge_reply,
    }


@dataclass
class OpenLog:
    """A sample log as it was read: all its lines, and those that are open answers."""

    path: Path
    raw: list[bytes]
    open: list[Line]
    stamp: tuple[int, int]  # size and time of change, to notice another writer

    def save(self, changed: Sequence[Line]) -> None:
        """Replace the file by one with these lines changed. Raises RunError, with the file as it was."""
        for line in changed:
            fields = line.fields | {"record": as_dict(line.record)}
            self.raw[line.number] = (json.dumps(fields, ensure_ascii=False) + "\n").encode()
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


def read_logs(runs: Sequence[Path]) -> list[OpenLog]:
    """The logs of these runs that hold open answers. Raises RunError where there are none."""
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


def _read(path: Path) -> OpenLog:
    stamp = _stamp(path)
    raw = path.read_bytes().splitlines(keepends=True)
    lines, faults = list[Line](), dict[int, str]()
    for number, text in enumerate(raw):
        record, fault = parse(text)
        line = _line(number, text, record)
        lines += [line] if line else []
        if record is None:
            faults[number] = fault
    if lines and faults:
        first = min(faults)
        more = f" (and {len(faults) - 1:,} more lines)" if len(faults) > 1 else ""
        logger.warning(
            f"{plain(path, None)}, line {first + 1}{more} {faults[first]}. It stays as it is, without a verdict."
        )
    return OpenLog(path, raw, lines, stamp)


def _line(number: int, text: bytes, record: Record | None) -> Line | None:
    """The open answer in one line; None for a line of another format or another task, and for a damaged one."""
    # Where a request failed there is no answer, so nothing that could be judged.
    if record is None or record.format != "open" or record.judge is None:
        return None
    return Line(number, json.loads(text.decode("utf-8", "replace")), record)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
