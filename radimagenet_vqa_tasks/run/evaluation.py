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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loguru import logger

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS
from radimagenet_vqa_tasks.data.locking import held
from radimagenet_vqa_tasks.data.sources import Copies, every_file, explained, local_copies, local_files
from radimagenet_vqa_tasks.errors import RadVQAError, RunError
from radimagenet_vqa_tasks.host import (
    asking_with,
    evaluate,
    import_host,
    leave_process_group,
    load_model,
    modules_with_bars,
    prepare,
    task_manager,
    video_reader,
)
from radimagenet_vqa_tasks.run.arguments import arguments, as_shown, planned
from radimagenet_vqa_tasks.run.catalogue import check_views

UNFINISHED = ".unfinished"  # folder under the output path: responses of runs that have not ended
ASKED_FILE = "asked.json"  # beside the logs: the words behind the digests of what was asked

# Model arguments that say how a model is reached or how fast, not which one it is or what it is told.
_HOW = (
    *("api_key", "timeout", "max_retries", "retry_backoff_s", "num_concurrent", "num_cpus", "batch_size", "device"),
    *(
        "device_map",
        "work_dir",
        "prefix_aware_queue",
        "prefix_hash_chars",
        "tensor_parallel_size",
        "data_parallel_size",
    ),
)


@dataclass(frozen=True)
class RunResult:
    """What a run left (rank 0 only).

    Attributes:
        results: the host's own.
        sample_logs: the files that hold the records.
        summary: the host's tables, and what became of the judge's work, for people.
        failed: how many requests got no response; their questions are left out of every number.
        sent: how many requests were sent to the model by this process, the rest being known already.
    """

    results: dict[str, Any]
    sample_logs: tuple[Path, ...]
    summary: str
    failed: int = 0
    sent: int = 0


def run(
    argv: Sequence[str], copies: Copies | None = None, *, dedupe: bool = True, views: str = ALL_VIEWS
) -> RunResult | None:
    """Evaluate as `lmms-eval ARGV` does, on the pack's tasks; None on the processes that are not the first.

    `copies` are local copies by data set (`hub.SOURCES`): files, or folders laid out as the hub lays them out. With
    `dedupe`, requests that are the same are asked once in greedy runs. `views` names which of a question's images are
    shown, where its benchmark has a choice (`Benchmark.views`). Raises RunError or DataError, whose message says
    what is wrong and what to do; responses got so far stay on disk, and the same command goes on from them. A request
    that failed raises nothing: see `RunResult.failed`.
    """
    plan = planned(argv)
    if not plan.own:
        check_views(views, plan.tasks)
    if int(os.environ.get("RANK", 0)) == 0:
        print(f"{plan} Loading lmms-eval, which takes some 10 to 20 seconds.", file=sys.stderr, flush=True)
    copies = copies or {}
    files = {name: local_files(name, data) for name, data in copies.items()}
    host = import_host()
    args = arguments(host, argv)
    _require_writable(Path(args.output_path))
    identity = _identity(host, args, every_file(copies), views)
    unfinished = Path(args.output_path) / UNFINISHED / identity
    with _lock(unfinished), video_reader(), local_copies(copies), _explained(args, copies, unfinished):
        results, samples, asker, lm = _evaluate(host, args, files, identity, unfinished, dedupe, views)
    leave_process_group()
    if results is None:
        return None
    logs = _sample_logs(args, samples, results, unfinished)
    _write_asked(logs, lm.asked_words)
    records = [sample["record"] for of_task in samples.values() for sample in of_task if "record" in sample]
    failed = [record for record in records if record["outcome"] == "missing" and record["judge"] is None]
    if not failed:
        _remove(unfinished)
    tables = [host.make_table(results, name) for name in ("results", "groups") if name in results]
    said = [*tables, *_failures(failed), *_judges_work(records, logs)]
    return RunResult(results, logs, "\n".join(said), len(failed), asker.asked.sent)


def _evaluate(
    host: Any,
    args: argparse.Namespace,
    files: Mapping[str, Any],
    identity: str,
    unfinished: Path,
    dedupe: bool,
    views: str,
) -> tuple[dict[str, Any] | None, dict[str, list[Any]], Any, Any]:
    # They import the host.
    from radimagenet_vqa_tasks.run.asking import Asker
    from radimagenet_vqa_tasks.run.progress import Progress, in_place_of_the_backends_bars
    from radimagenet_vqa_tasks.run.store import Store

    prepare(host, args.verbosity)
    manager = task_manager(host, args, files, views)
    lm = load_model(args)
    progress, store = Progress(), Store(Path(args.use_cache) if args.use_cache else unfinished)
    asker = Asker(lm, store, identity, dedupe=dedupe, progress=progress)
    try:
        with (
            asking_with(lm, asker.generate_until),
            in_place_of_the_backends_bars(progress, modules_with_bars(host, lm)),
        ):
            results, samples = evaluate(host, args, lm, manager, as_shown(args))
    finally:
        store.close()
    return results, samples, asker, lm


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


def _identity(host: Any, args: argparse.Namespace, files: Sequence[str], views: str) -> str:
    """What makes two commands the same run, so that one may use the other's responses.

    Not the key, the batch size or the number of processes: with them, a run is corrected or moved elsewhere.
    """
    stamps = [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in files]
    asked = ("model", "tasks", "include_path", "limit", "offset", "num_fewshot", "repeats")
    how = ("gen_kwargs", "force_simple", "system_instruction", "apply_chat_template")
    model = host.utils.simple_parse_args_string(args.model_args) if args.model_args else {}
    kept = {name: value for name, value in model.items() if name not in _HOW}
    parts = [__version__, kept, *(getattr(args, name) for name in (*asked, *how)), stamps, views]
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:12]


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Keep two runs of the same command from sharing one folder; the processes of one run share it."""
    from filelock import Timeout

    if int(os.environ.get("RANK", 0)) != 0:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder.with_suffix(".lock"), timeout=0))
        except Timeout as error:
            raise RunError(
                f"the same run is already going on in {folder.parent.parent}. Wait for it, or choose another "
                "--output_path."
            ) from error
        yield


def _remove(unfinished: Path) -> None:
    """Remove what a finished run no longer needs, and the folder if no other run is unfinished."""
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.with_suffix(".lock").unlink(missing_ok=True)
    with suppress(OSError):
        unfinished.parent.rmdir()


@contextmanager
def _explained(args: argparse.Namespace, copies: Copies, unfinished: Path) -> Iterator[None]:
    """Turn whatever ends a run into one message that says what to do."""
    try:
        with explained(copies):
            yield
    except RadVQAError:
        raise
    except SystemExit as error:
        raise RunError(f"the host stopped without a result (exit {error.code}).") from error
    except OSError as error:
        place = error.filename or args.output_path
        raise RunError(f"{error.strerror or error} ({place}). {_kept(args, unfinished)}") from error
    except Exception as error:
        logger.opt(exception=error).debug("the evaluation failed")
        raise RunError(
            f"the evaluation failed with {type(error).__name__}: {error}. {_kept(args, unfinished)} "
            "(--verbosity DEBUG shows where.)"
        ) from error


def _kept(args: argparse.Namespace, unfinished: Path) -> str:
    """What became of the responses. It is looked up: on a full disk none may have been kept."""
    from radimagenet_vqa_tasks.run.store import PATTERN

    folder = Path(args.use_cache) if args.use_cache else unfinished
    if any(path.stat().st_size for path in folder.glob(PATTERN)):
        return f"Responses got so far are kept in {folder}; the same command goes on from them."
    return "No response was kept: the same command begins anew."


def _sample_logs(
    args: argparse.Namespace, samples: dict[str, list[Any]], results: dict[str, Any], unfinished: Path
) -> tuple[Path, ...]:
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
                f"are free there). Make room and run the same command again. {_kept(args, unfinished)}"
            )
        logs += found
    return tuple(logs)


def _write_asked(logs: Sequence[Path], words: Mapping[str, Any]) -> None:
    """The words behind the digests, beside the logs; those of earlier runs in the folder stay."""
    if not logs:
        return
    path = logs[0].parent / ASKED_FILE
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        known = json.loads(path.read_text(encoding="utf-8"))
    together = json.dumps({**known, **words}, indent=1, ensure_ascii=False, sort_keys=True, default=str)
    path.write_text(together + "\n", encoding="utf-8")


def _failures(records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How many requests failed, why, and what to do."""
    if records:
        causes = Counter(record.get("error") or record["reason"] for record in records)
        cause, _ = causes.most_common(1)[0]
        yield f"{len(records):,} requests failed: {cause}; the same command asks them again."


def _judges_work(records: Iterable[Mapping[str, Any]], logs: Sequence[Path]) -> Iterator[str]:
    """What an LLM judge took, and the one command that completes what it left."""
    from radimagenet_vqa_tasks.judge.chosen import chosen

    records = list(records)
    judge = chosen() if any(record["format"] == "open" for record in records) else None
    if judge:
        yield f"Judge {judge.name}: {judge.usage.summary()}"
    owed = sum(record["outcome"] == "missing" and record["judge"] is not None for record in records)
    if owed:
        yield (
            f"{owed} open answers have no verdict and are left out: accuracies and Avg are incomplete. "
            f"To complete them: radvqa judge {logs[0].parent}"
        )
