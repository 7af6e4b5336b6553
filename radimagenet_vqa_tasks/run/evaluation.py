"""`radvqa run`: the host's own evaluation, with what the pack promises on top of it.

The host does the work. Around it: only this pack's tasks are indexed, samples are always logged, responses reach the
disk while a run goes on, so that a run that died goes on where it stopped, and a run that failed says so in one message
and a non-zero exit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from loguru import logger

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.data.sources import Copies, every_file, explained, local_copies, local_files
from radimagenet_vqa_tasks.errors import RadVQAError, RunError
from radimagenet_vqa_tasks.host import import_host, prepared
from radimagenet_vqa_tasks.run import catalogue

DEFAULT_OUTPUT = "runs"
UNFINISHED = ".unfinished"  # folder under the output path: responses of runs that have not ended


@dataclass(frozen=True)
class RunResult:
    """What a run left (rank 0 only).

    Attributes:
        results: the host's own.
        sample_logs: the files that hold the records.
        summary: the host's tables, and what became of the judge's work, for people.
    """

    results: dict[str, Any]
    sample_logs: tuple[Path, ...]
    summary: str


def run(argv: Sequence[str], copies: Copies | None = None) -> RunResult | None:
    """Evaluate as `lmms-eval ARGV` does, on the pack's tasks; None on the processes that are not the first.

    `copies` are local copies by data set (`hub.SOURCES`): files, or folders laid out as the hub lays them out. Raises
    RunError or DataError, whose message says what is wrong and what to do; responses got so far stay on disk, and the
    same command goes on from them.
    """
    _check_tasks(argv)
    copies = copies or {}
    files = {name: local_files(name, data) for name, data in copies.items()}
    host = import_host()
    args = _parse(host, argv)
    _require_writable(Path(args.output_path))
    unfinished = Path(args.output_path) / UNFINISHED / _identity(args, every_file(copies))
    args.use_cache = args.use_cache or str(unfinished)
    with _lock(unfinished), prepared(host, args.verbosity, files), local_copies(copies), _explained(args, copies):
        results, samples = host.cli_evaluate_single(args)
    if results is None:
        return None
    logs = _sample_logs(args, samples, results)
    _remove(unfinished)
    tables = [host.make_table(results, name) for name in ("results", "groups") if name in results]
    return RunResult(results, logs, "\n".join([*tables, *_judges_work(samples, logs)]))


def _check_tasks(argv: Sequence[str]) -> None:
    """Find typing errors in --tasks before the host is imported, which takes its time."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--tasks")
    parser.add_argument("--include_path")
    known = parser.parse_known_args(list(argv))[0]
    if not known.tasks:
        raise RunError("no task was named. Pass --tasks with one or more names, for instance --tasks radvqa")
    if not known.include_path:  # a user's own tasks are the host's to check
        catalogue.check(name.strip() for name in known.tasks.split(","))


def _parse(host: Any, argv: Sequence[str]) -> argparse.Namespace:
    """The host's own arguments, with the defaults of `radvqa run`."""
    with patch.object(sys, "argv", ["radvqa run", *argv]):
        args: argparse.Namespace = host.parse_eval_args()[1]
    args.log_samples = True
    args.output_path = args.output_path or str(Path(DEFAULT_OUTPUT, Path(args.model).name))
    if "--verbosity" not in argv:
        args.verbosity = "WARNING"
    if "--timezone" not in argv:
        args.timezone = "UTC"
    return args


def _require_writable(folder: Path) -> None:
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise RunError(
            f"cannot write to the output folder {folder}: {error.strerror}. Choose another with --output_path."
        ) from error


def _identity(args: argparse.Namespace, files: Sequence[str]) -> str:
    """What makes two commands the same run, so that one may use the other's responses."""
    stamps = [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in files]
    asked = ("model", "model_args", "tasks", "include_path", "limit", "offset", "num_fewshot", "repeats")
    how = ("gen_kwargs", "force_simple", "system_instruction", "apply_chat_template")
    parts = [__version__, *(getattr(args, name) for name in (*asked, *how)), stamps]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:12]


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Keep two runs of the same command from sharing one folder; the processes of one run share it."""
    from filelock import FileLock, Timeout

    if int(os.environ.get("RANK", 0)) != 0:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(
            f"the same run is already going on in {folder.parent.parent}. Wait for it, or choose another --output_path."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _remove(unfinished: Path) -> None:
    """Remove what a finished run no longer needs, and the folder if no other run is unfinished."""
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.with_suffix(".lock").unlink(missing_ok=True)
    with suppress(OSError):
        unfinished.parent.rmdir()


@contextmanager
def _explained(args: argparse.Namespace, copies: Copies) -> Iterator[None]:
    """Turn whatever ends a run into one message that says what to do."""
    kept = f"Responses got so far are kept in {args.use_cache}; the same command goes on from them."
    try:
        with explained(copies):
            yield
    except RadVQAError:
        raise
    except SystemExit as error:
        raise RunError(f"the host stopped without a result (exit {error.code}).") from error
    except OSError as error:
        raise RunError(f"{error.strerror or error} ({error.filename or args.output_path}). {kept}") from error
    except Exception as error:
        logger.opt(exception=error).debug("the evaluation failed")
        raise RunError(
            f"the evaluation failed with {type(error).__name__}: {error}. {kept} (--verbosity DEBUG shows where.)"
        ) from error


def _sample_logs(args: argparse.Namespace, samples: dict[str, list[Any]], results: dict[str, Any]) -> tuple[Path, ...]:
    """The sample logs of a run, each checked to hold every record: the host only warns when it could not write one."""
    logs = []
    stamp = results["date"].replace(":", "-")
    for task, records in samples.items():
        found = sorted(Path(args.output_path).rglob(f"{stamp}_samples_{task}.jsonl"))
        written = sum(1 for log in found for line in log.open("rb") if line.endswith(b"\n"))
        if written != len(records):
            free = shutil.disk_usage(args.output_path).free
            raise RunError(
                f"the log of {task} in {args.output_path} holds {written} of {len(records)} records ({free:,} bytes "
                f"are free there). The responses are kept in {args.use_cache}: make room and run the same command "
                "again."
            )
        logs += found
    return tuple(logs)


def _judges_work(samples: dict[str, list[Any]], logs: Sequence[Path]) -> Iterator[str]:
    """What an LLM judge took, and the one command that completes what it left."""
    from radimagenet_vqa_tasks.judge.chosen import chosen

    # With --predict_only nothing is scored and there are no records.
    records = [sample["record"] for of_task in samples.values() for sample in of_task if "record" in sample]
    judge = chosen() if any(record["format"] == "open" for record in records) else None
    if judge:
        yield f"Judge {judge.name}: {judge.usage.summary()}"
    missing = sum(record["outcome"] == "missing" for record in records)
    if missing:
        yield (
            f"{missing} open answers have no verdict and are left out: accuracies and Avg are incomplete. "
            f"To complete them: radvqa judge {logs[0].parent}"
        )
