"""Writes a run's folder as lmms-eval leaves it: one sample log a task, and the results beside them.

What a folder holds already stays. Every file is complete before it has its name, and the results, which say whose logs
they are, have theirs first.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.outcomes import TASK_VERSION
from radimagenet_vqa_tasks.scoring.record import PAPER, STRICT
from radimagenet_vqa_tasks.tasks import groups
from radimagenet_vqa_tasks.utils.aggregation import mean_score

Lines = Sequence[Mapping[str, Any]]  # of one sample log


def write_run(folder: Path, samples: Mapping[str, Lines], described: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write logs by task, and results that say `described` of the run; the logs' paths.

    Raises RunError, with the folder as it was.
    """
    new: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stamp = _free_stamp(folder)
        found = results_of(samples)
        sizes = {**found["n-samples"], **described.get("n-samples", {})}
        results = {**described, **found, "n-samples": sizes, "date": stamp}
        described_as = json.dumps(results, indent=2, ensure_ascii=False, default=str)
        texts: dict[str, Iterable[str]] = {f"{stamp}_results.json": [described_as]}
        texts |= {
            f"{stamp}_samples_{task}.jsonl": (json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            for task, lines in samples.items()
        }
        for name, pieces in texts.items():
            new[folder / name] = _written(folder / f".{name}.{os.getpid()}", pieces)
        for path, written in new.items():
            written.replace(path)
    except OSError as error:
        raise RunError(
            f"the run cannot be written to {folder}: {error.strerror or error}. Choose another folder with "
            "--output_path, or make room."
        ) from error
    finally:
        for path in folder.glob(f".*.{os.getpid()}"):
            with suppress(OSError):
                path.unlink()
    return tuple(path for path in new if path.suffix == ".jsonl")


def results_of(samples: Mapping[str, Lines]) -> dict[str, Any]:
    """The accuracies of tasks and whole groups, under the names that the host has for them."""
    scores = {
        task: {name: mean_score([line[name] for line in lines]) for name in (STRICT, PAPER) if _claimed(name, lines)}
        for task, lines in samples.items()
    }
    numbers: dict[str, Any] = {task: _named(task, of_task) for task, of_task in scores.items()}
    for name, group in groups().items():
        members = [scores.get(task.name, {}) for task in group.tasks]
        for metric in (STRICT, PAPER):
            found = [member[metric] for member in members if metric in member and not member[metric].missing]
            if group.averaged and len(found) == len(members):
                numbers.setdefault(name, {"alias": name})[f"{metric},none"] = sum(found) / len(found)
    sizes = {task: {"original": len(lines), "effective": len(lines)} for task, lines in samples.items()}
    versions = dict.fromkeys(samples, TASK_VERSION)
    return {"results": numbers, "versions": versions, "n-samples": sizes, "radvqa_version": __version__}


def _claimed(metric: str, lines: Lines) -> bool:
    return all(metric in line and "unclaimed" not in line[metric] for line in lines)


def _named(name: str, scores: Mapping[str, float]) -> dict[str, Any]:
    # NaN is no JSON.
    shown = {f"{metric},none": None if math.isnan(value) else float(value) for metric, value in scores.items()}
    return {"alias": name, **shown}


def _free_stamp(folder: Path) -> str:
    """The present time, or the first second after it that no file of the folder is called after."""
    seconds = int(datetime.now(timezone.utc).timestamp())
    while True:
        stamp = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y%m%d_%H%M%S")
        if not any(folder.glob(f"{stamp}_*")):
            return stamp
        seconds += 1


def _written(path: Path, pieces: Iterable[str]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    return path
