"""A study's evaluation: what it will cost, one run over all its tasks, and answers that are there already."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.analysis.runs import Run, read_logs
from radimagenet_vqa_tasks.analysis.sheet import WIDTH, show
from radimagenet_vqa_tasks.data.sources import Copies, every_file
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.study.cost import cost
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
            show([cost(plan.benchmarks, plan.arms, plan.copies, asked.limit)], console)
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
