"""Finished runs as folders of sample logs: which logs belong together, and which questions they answer.

A folder can hold the logs of several runs (each has its own date stamp) and of several models. Of each task the newest
complete log counts.
"""

from __future__ import annotations

import gc
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from radimagenet_vqa_tasks.analysis.arms import SHOWN, Arm, arms_of
from radimagenet_vqa_tasks.analysis.asked import words_beside
from radimagenet_vqa_tasks.benchmarks import EMBEDDED, cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.data.provenance import is_built
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.models.masking import masked
from radimagenet_vqa_tasks.scoring.logs import Log, log_name, read_log
from radimagenet_vqa_tasks.scoring.record import ArmName, Record

if TYPE_CHECKING:
    import pyarrow as pa

RESULTS = "{stamp}_results.json"


@dataclass(frozen=True)
class Run:
    """The arms of one model's run, and one sentence for everything a reader must know of how they were read."""

    name: str
    folder: Path
    arms: tuple[Arm, ...]
    notes: tuple[str, ...]
    captions: tuple[Arm, ...] = ()
    """Arms whose answers are neither right nor wrong, and so in no table of accuracies."""

    @property
    def records(self) -> tuple[Record, ...]:
        """Every answer of the run, benchmark by benchmark and arm by arm."""
        return tuple(record for arm in (*self.arms, *self.captions) for record in arm.records)

    def to_arrow(self) -> pa.Table:
        """One row a record: its fields as columns, facets as `facet_NAME`, scores under their own names."""
        from radimagenet_vqa_tasks.analysis.records import table_of

        return table_of([self])

    def to_pandas(self) -> Any:
        """`to_arrow` as a pandas.DataFrame."""
        return self.to_arrow().to_pandas()

    @property
    def families(self) -> list[Benchmark]:
        """The benchmarks that the run has answers to."""
        return list({arm.benchmark.name: arm.benchmark for arm in self.arms}.values())

    def arm(self, benchmark: Benchmark, arm: ArmName = "image") -> Arm:
        """The run's answers to a benchmark in one arm.

        Raises RunError where there is none, or a choice.
        """
        found = [one for one in self.arms if one.benchmark is benchmark and one.arm == arm]
        what = f"to {benchmark.title} {SHOWN[arm]}"
        if not found:
            raise RunError(f"{plain(self.folder, None)} has no answers {what}.")
        if len(found) > 1:
            data = ", ".join(f"{one.fingerprint[:8]} (version {one.version})" for one in found)
            raise RunError(
                f"{plain(self.folder, None)} has answers {what} of several data sets or task versions: {data}. Name "
                "the logs of one of them, or use one folder (--output_path) for each."
            )
        return found[0]


def load_run(path: str | Path) -> Run:
    """One finished run, with the texts of questions, responses and judges' replies.

        run = load_run("runs/qwen2_5_vl")
        run.to_pandas().groupby("cell").accuracy.mean()

    `path` is the folder that a run was written to, or one of its sample logs. Damaged lines are left out, and said in
    `run.notes`. Raises RunError where there is no run, or several.
    """
    runs = read_runs([path], texts=True)
    if len(runs) > 1:
        raise RunError(
            f"{plain(path, None)} holds {len(runs)} runs ({', '.join(plain(run.name) for run in runs)}). "
            "Name the folder of one of them."
        )
    return runs[0]


def read_runs(names: Iterable[str | Path], *, texts: bool = False) -> list[Run]:
    """The runs in these folders or sample logs. "NAME=PATH" gives a run a name; `texts` as in `read_log`.

    What is damaged is left out, and said in the runs' notes. Raises RunError where a path does not exist, or not one
    sound record is left.
    """
    runs: list[Run] = []
    with _without_collector():
        for name in names:
            label, path = _label(str(name))
            found = _read_folder(path, texts) if path.is_dir() else _read_files(path, [path], texts)
            runs += [replace_name(run, label) for run in found] if label else found
    return _distinct(runs)


def read_logs(logs: Sequence[Path]) -> Run:
    """The run that wrote exactly these sample logs. Raises RunError where there is no sound record, or several runs."""
    runs = _read_files(logs[0].parent, logs, texts=False)
    if len(runs) > 1:
        raise RunError(f"{plain(logs[0].parent, None)} holds logs of several models; name the folder of one.")
    return runs[0]


@contextmanager
def _without_collector() -> Iterator[None]:
    """Reading makes many small objects and no cycles: looking for some again and again takes as long as the reading."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def replace_name(run: Run, name: str) -> Run:
    """The run under another name."""
    arms, captions = (tuple(replace(arm, name=name) for arm in arms) for arms in (run.arms, run.captions))
    return replace(run, name=name, arms=arms, captions=captions)


def _label(name: str) -> tuple[str, Path]:
    path = Path(name)
    if path.exists():
        return "", path
    for at in (at for at, char in enumerate(name) if char == "="):
        if (rest := name[at + 1 :]) and Path(rest).exists():
            return name[:at], Path(rest)
    raise RunError(
        f"{plain(name, None)} does not exist. Name the folder that a run was written to (--output_path), or one of its "
        "sample logs."
    )


def _read_folder(path: Path, texts: bool) -> list[Run]:
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for log in sorted(path.rglob("*_samples_*.jsonl")):
        by_folder[log.parent].append(log)
    if not by_folder:
        raise RunError(
            f"there are no sample logs (*_samples_*.jsonl) in {plain(path, None)}. `radvqa run` writes them; "
            "`lmms-eval` does with --log_samples."
        )
    return [run for logs in by_folder.values() for run in _read_files(path, logs, texts)]


def _read_files(asked: Path, paths: Sequence[Path], texts: bool) -> list[Run]:
    """The runs in the logs of one folder, one a model."""
    logs = [read_log(path, texts=texts) for path in paths]
    results = {log.path: results_beside(log.path) for log in logs}
    if not any(log.records for log in logs):
        said = "; ".join(problem for log in logs[:3] for problem in log.problems[:1])
        raise RunError(f"there is no record of this pack in {plain(asked, None)}: {said}.")
    by_model: dict[str, list[Log]] = defaultdict(list)
    for log in logs:
        by_model[_identity(results[log.path])].append(log)
    return [_run(asked, group, results) for group in by_model.values() if any(log.records for log in group)]


def _run(asked: Path, logs: Sequence[Log], results: Mapping[Path, Mapping[str, Any]]) -> Run:
    logs = sorted(logs, key=lambda log: (_time(log, results[log.path]), log.path.name))
    name = _name(results[logs[-1].path]) or (asked.resolve().name if asked.is_dir() else asked.stem)
    expected = {log.path: _expected(log, results[log.path]) for log in logs}
    chosen, notes = _newest(logs, expected)
    notes += [problem for log in chosen for problem in log.problems]
    arms, odd = arms_of(name, chosen, expected, words_beside(logs[0].path.parent))
    described = tuple(arm for arm in arms if arm.captions)
    return Run(name, logs[0].path.parent, tuple(arm for arm in arms if not arm.captions), (*notes, *odd), described)


def _newest(logs: Sequence[Log], expected: Mapping[Path, int | None]) -> tuple[list[Log], list[str]]:
    """Of each task the newest log with all its questions, else the newest; and a sentence where several runs are used.

    `logs` are in the order of time.
    """
    by_task: dict[str, list[Log]] = defaultdict(list)
    for log in logs:
        by_task[log.task].append(log)
    chosen, passed_over = [], Counter[str]()
    for versions in by_task.values():
        most = max(expected[log.path] or len(log.records) for log in versions)
        complete = [log for log in versions if len(log.records) >= most]
        chosen.append((complete or [log for log in versions if log.records] or versions)[-1])
        passed_over.update(log.stamp for log in versions if log is not chosen[-1])
    stamps = sorted({log.stamp for log in chosen})
    place, used = plain(logs[0].path.parent, None), plain(", ".join(stamps))
    if passed_over:
        left = ", ".join(f"{stamp} ({count} logs)" for stamp, count in passed_over.items())
        return chosen, [
            f"{place} holds several runs: of each task the newest complete log counts (of {used}), and not those of "
            f"{plain(left)}"
        ]
    if len(stamps) > 1:
        return chosen, [f"{place} holds tasks of several runs of one model (of {used}), which are taken together"]
    return chosen, []


def _time(log: Log, results: Mapping[str, Any]) -> datetime:
    """When a run was begun: its stamp is in the time zone of the run's options, in UTC where they are not known."""
    options = _dict(_dict(results.get("config")).get("resolved_cli_args"))
    try:
        zone: tzinfo = ZoneInfo(str(options["timezone"]))
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        zone = timezone.utc
    try:
        return datetime.strptime(log.stamp, "%Y%m%d_%H%M%S").replace(tzinfo=zone)
    except ValueError:
        return datetime.min.replace(tzinfo=timezone.utc)


def results_beside(log: Path) -> Mapping[str, Any]:
    """The host's account of the run that wrote a sample log; empty where it is missing or unreadable."""
    try:
        found = json.loads((log.parent / RESULTS.format(stamp=log_name(log)[1])).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _identity(results: Mapping[str, Any]) -> str:
    """What makes logs those of one model, asked in one way; keys are no part of it."""
    config = _dict(results.get("config"))
    asked = [config.get(name) for name in ("model", "model_args", "gen_kwargs")]
    return masked(json.dumps([*asked, results.get("system_instruction")], sort_keys=True, default=str))


def _name(results: Mapping[str, Any]) -> str:
    """A name for people, without keys: the checkpoint, else the backend and its arguments."""
    model = masked(str(results.get("model_name") or "")).rstrip("/")
    if model:
        # "publisher/model" stays; of a path the last part does.
        return model if model.count("/") == 1 and not model.startswith(("/", ".")) else model.rpartition("/")[2]
    config = _dict(results.get("config"))
    return masked(" ".join(str(config[name]) for name in ("model", "model_args") if config.get(name)))


def _expected(log: Log, results: Mapping[str, Any]) -> int | None:
    """How many questions the task has: as the host counted them, else as the benchmark has them."""
    counted = _dict(_dict(results.get("n-samples")).get(log.task)).get("original")
    if isinstance(counted, int):
        return counted
    # A task of a user's own has a name of its own: what it asks, and about which data, its records say.
    cells = {record.cell for record in log.records}
    other_data = any(record.fingerprint in EMBEDDED or is_built(record.fingerprint) for record in log.records[:1])
    return cell_called(cells.pop()).size if len(cells) == 1 and not other_data else None


def _distinct(runs: list[Run]) -> list[Run]:
    """The runs with names that tell them apart: the folder is added where two have the same."""
    counts = Counter(run.name for run in runs)
    named = [
        replace_name(run, f"{run.name} [{run.folder.resolve().name}]") if counts[run.name] > 1 else run for run in runs
    ]
    seen: Counter[str] = Counter()
    result = []
    for run in named:
        seen[run.name] += 1
        result.append(run if seen[run.name] == 1 else replace_name(run, f"{run.name} #{seen[run.name]}"))
    return result
