"""A study's evaluation: what it will cost, one run over all its tasks, and answers that are there already."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.analysis.arms import SHOWN
from radimagenet_vqa_tasks.analysis.runs import Run, read_logs
from radimagenet_vqa_tasks.analysis.sheet import WIDTH, Item, Sheet, show
from radimagenet_vqa_tasks.data.sources import Copies, every_file
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.study.suites import Suite

FINISHED = "study-{}.json"  # in the output folder: the logs of a study whose questions have all been answered


@dataclass(frozen=True)
class Plan:
    """What a study asks of one model.

    Attributes:
        arms: what of the images is shown; one after the other.
        options: of `lmms-eval`, without tasks and output folder.
        output: the folder for the logs, tables and figures.
    """

    benchmarks: Sequence[Suite]
    arms: Sequence[ArmName]
    options: Sequence[str]
    copies: Copies
    output: Path

    @property
    def tasks(self) -> list[str]:
        """The names of all tasks."""
        return [task for one in self.benchmarks for arm in self.arms for task in one.tasks(arm)]


def evaluated(plan: Plan) -> Run | None:
    """The model's answers to all of a study's questions; None on the processes that are not the first.

    One run with the model loaded once. It says on the error output what it will cost before it starts. The same
    command goes on where one stopped, and asks nothing where it had come to its end. Raises RunError or DataError.
    """
    asked = _asked(plan.options)
    first = int(os.environ.get("RANK", 0)) == 0
    console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDTH)
    marker = plan.output / FINISHED.format(_identity(plan))
    logs = _finished(marker)
    if not logs:
        from radimagenet_vqa_tasks.run.evaluation import run

        if first:
            show([cost(plan, asked.limit)], console)
        result = run([*plan.options, "--tasks", ",".join(plan.tasks), "--output_path", str(plan.output)], plan.copies)
        if result is None:
            return None
        logs = list(result.sample_logs)
        _mark(marker, logs)
    elif first:
        console.print(
            f"All of it has been answered before. To ask again, remove {marker}; to change the judge, `radvqa judge`.",
            soft_wrap=True,
            markup=False,
        )
    return read_logs(logs) if first else None


def cost(plan: Plan, limit: float | None = None) -> Sheet:
    """How many answers the model will be asked for, and the judge for how many verdicts."""
    from radimagenet_vqa_tasks.judge.chosen import chosen

    judge = chosen()
    rows: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for one in plan.benchmarks:
        counts = {cell: _limited(count, limit) for cell, count in one.counts(plan.copies).items()}
        questions = sum(counts.values())
        opened = sum(count for cell, count in counts.items() if one.benchmark.cells[cell].format == "open")
        calls = opened * len(plan.arms) if judge else 0
        data.append({"benchmark": one.title, "questions": questions, "arms": len(plan.arms), "judge_calls": calls})
        rows.append([one.title, *(f"{number:,}" for number in (questions, questions * len(plan.arms), calls))])
    answers = sum(int(str(row["questions"])) * len(plan.arms) for row in data)
    calls = sum(int(str(row["judge_calls"])) for row in data)
    rows.append(["all", "", f"{answers:,}", f"{calls:,}"])
    ways = ", then ".join(SHOWN[arm] for arm in plan.arms)
    notes = [f"Every question is asked {ways}."]
    if any(cell.format == "open" for one in plan.benchmarks for cell in one.benchmark.cells.values()):
        said = f"by {judge.name}: at most so many calls, for replies in its cache cost nothing" if judge else "by rule"
        notes.append(f"Open answers are judged {said}.")
    return Sheet(
        "What this study will ask",
        ["", "questions", "answers", "judge calls"],
        rows,
        notes,
        data,
        frozenset({len(rows) - 2}),
    )


def _limited(count: int, limit: float | None) -> int:
    if limit is None or limit < 0:
        return count
    return min(count, math.ceil(count * limit) if limit < 1 else int(limit))


def _asked(options: Sequence[str]) -> argparse.Namespace:
    """What a study needs to know of the host's options. Raises RunError where they are not for a study."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in ("--model", "--tasks", "--limit"):
        parser.add_argument(name, type=float if name == "--limit" else str)
    try:
        known = parser.parse_known_args(list(options))[0]
    except argparse.ArgumentError as error:
        raise RunError(f"{error}. `lmms-eval --help` lists the options of a run.") from error
    if not known.model:
        raise RunError(
            "no model was named. Pass --model and --model_args as to `radvqa run`, or finished runs (--runs)"
        )
    if known.tasks:
        raise RunError("--tasks: a study chooses its own tasks; --benchmark and --sample choose among its data sets")
    return known


def _identity(plan: Plan) -> str:
    """What makes two commands the same study."""
    stamps = [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in every_file(plan.copies)]
    parts = [__version__, plan.tasks, list(plan.options), stamps]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _mark(marker: Path, logs: Sequence[Path]) -> None:
    try:
        marker.write_text(json.dumps([os.path.relpath(log, marker.parent) for log in logs]), encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"cannot write {marker}: {error.strerror or error}. The answers are there: show them with --runs "
            f"{logs[0].parent}."
        ) from error


def _finished(marker: Path) -> list[Path]:
    """The logs of the same study, if it has come to its end and they are all there."""
    try:
        logs = [marker.parent / log for log in json.loads(marker.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{marker} cannot be read ({error}). Remove it; the study will then be run again.") from error
    return logs if all(log.is_file() for log in logs) else []
