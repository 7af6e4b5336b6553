"""Measures what the pack costs on data of the benchmark's shape, and writes `docs/benchmarks.md`.

    python benchmarks/foundation.py [--write]

1. Preparing all eighteen tasks after the first Arrow conversion, against a row-wise `filter` of the same rows, which is
   how task packs usually select, both in this process.
2. A whole run of 9,000 questions with a constant model through `radvqa run`, split into its parts; its peak memory; and
   the images decoded in a text-only run.

The machine's clock is noisy: what counts are ratios within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from document import publish

ROOT = Path(__file__).parent.parent


def prepare(data: Path) -> dict[str, float]:
    """Seconds for the eighteen tasks by Arrow columns, and for the nine of them that see images by `filter`."""
    from datasets import load_dataset

    from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
    from radimagenet_vqa_tasks.utils import questions as hooks

    load_dataset(str(data), "benchmark", split="test")  # the first conversion, which no task can avoid
    names = [f"{cell}{arm}" for arm in ("", "_textonly") for cell in CELLS]
    columns = [_seconds(partial(_prepare_task, data, getattr(hooks, f"radvqa_{name}"))) for name in names]
    rows = load_dataset(str(data), "benchmark", split="test")

    def by_rows(cell: str) -> None:
        rows.filter(lambda row: _row_is(row, cell), load_from_cache_file=False, keep_in_memory=True)

    filtered = [_seconds(partial(by_rows, cell)) for cell in CELLS]
    return {
        "columns, eighteen tasks": sum(columns),
        "columns, the first task (checks and fingerprint)": columns[0],
        "columns, each later task": sum(columns[1:]) / len(columns[1:]),
        "filter, eighteen tasks": 2 * sum(filtered),
        "filter, each task": sum(filtered) / len(filtered),
    }


def _prepare_task(data: Path, process_docs: Callable[[Any], Any]) -> None:
    """What the host does for each task: load, then process."""
    from datasets import load_dataset

    process_docs(load_dataset(str(data), "benchmark", split="test"))


def _row_is(row: dict[str, Any], cell: str) -> bool:
    from radimagenet_vqa_tasks.benchmarks.radvqa import cell_of

    found = cell_of(row)
    return found is not None and found.name == cell


def whole_run(data: Path, tasks: str) -> dict[str, float]:
    """Seconds of the parts of a run with a constant model, its peak memory in MB and the images it decoded."""
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, __file__, "--run", str(data), tasks, output]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=output)
        measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _run(data: Path, tasks: str, output: Path) -> None:
    """In a process of its own: the run, with clocks around the host's phases."""
    parts: dict[str, float] = {}
    started = time.perf_counter()
    from radimagenet_vqa_tasks.host import import_host
    from radimagenet_vqa_tasks.run import evaluation

    host = import_host()
    parts["importing the host"] = time.perf_counter() - started
    from lmms_eval.api.task import ConfigurableTask
    from lmms_eval.loggers import EvaluationTracker
    from PIL import Image

    decoded = 0
    opened = Image.open

    def counting(*arguments: Any, **options: Any) -> Any:
        nonlocal decoded
        decoded += 1
        return opened(*arguments, **options)

    Image.open = counting
    import lmms_eval.evaluator as evaluator

    _clocked(parts, "preparing the tasks", evaluator, "get_task_dict")
    _clocked(parts, "building requests", ConfigurableTask, "build_all_requests")
    _clocked(parts, "answering (a constant)", evaluator.ResponseCache, "execute")
    _clocked(parts, "scoring", evaluator, "_thread_map_ordered")
    _clocked(parts, "writing", EvaluationTracker, "save_results_aggregated")
    _clocked(parts, "writing", EvaluationTracker, "save_results_samples")
    arguments = ["--model", "dummy", "--model_args", "response=B", "--tasks", tasks, "--output_path", str(output)]
    result = evaluation.run(arguments, {"radvqa": data})
    assert result is not None and host
    parts["in all"] = time.perf_counter() - started
    known = sum(value for name, value in parts.items() if name != "in all")
    parts["the rest (mostly the host's own bookkeeping)"] = parts["in all"] - known
    parts["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parts["images decoded"] = decoded
    print(json.dumps(parts))


def _clocked(parts: dict[str, float], name: str, owner: Any, attribute: str) -> None:
    """Add the time that `owner.attribute` takes, calls inside calls once, to the part `name`."""
    original = getattr(owner, attribute)
    depth = 0

    def timed(*arguments: Any, **options: Any) -> Any:
        nonlocal depth
        depth += 1
        begun = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            depth -= 1
            if depth == 0:
                parts[name] = parts.get(name, 0.0) + time.perf_counter() - begun

    setattr(owner, attribute, timed)


def hook() -> dict[str, float]:
    """Milliseconds that the entry point adds to the host's start, in a process of its own."""
    script = (
        "import lmms_eval.models.registry_v2, loguru, time\n"
        "begun = time.perf_counter()\n"
        "from radimagenet_vqa_tasks.plugin import manifests\n"
        "manifests()\n"
        "print(1000 * (time.perf_counter() - begun))\n"
    )
    index = (
        "import lmms_eval.models, time\n"
        "from lmms_eval.tasks import TaskManager\n"
        "from radimagenet_vqa_tasks.plugin import TASKS\n"
        "begun = time.perf_counter()\n"
        "TaskManager.__new__(TaskManager)._get_task_and_group(str(TASKS))\n"
        "print(1000 * (time.perf_counter() - begun))\n"
    )
    return {"the hook, ms": _number(script), "indexing the pack's tasks, ms": _number(index)}


def _number(script: str) -> float:
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


@contextmanager
def shaped_copy() -> Iterator[Path]:
    """A folder laid out as the hub's, with data of the benchmark's shape and size."""
    with tempfile.TemporaryDirectory() as folder:
        made = [sys.executable, str(ROOT / "tools" / "shaped_data.py"), folder]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        yield Path(folder)


def _seconds(action: Callable[[], None]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def report(preparing: dict[str, float], runs: dict[str, dict[str, float]], hooks: dict[str, float]) -> str:
    """The measurements as Markdown."""
    ratio = preparing["filter, eighteen tasks"] / preparing["columns, eighteen tasks"]
    lines = ["| preparing 18 tasks on 9,000 rows | seconds |", "| --- | ---: |"]
    lines += [f"| {name} | {value:.2f} |" for name, value in preparing.items()]
    lines += [f"| **columns are faster by** | **{ratio:.0f} x** |", ""]
    names = list(next(iter(runs.values())))
    lines += ["| a run of 9,000 questions, seconds | " + " | ".join(runs) + " |", "| --- |" + " ---: |" * len(runs)]
    lines += [f"| {name} | " + " | ".join(f"{run.get(name, 0):,.1f}" for run in runs.values()) + " |" for name in names]
    lines += ["", "| what the host's start pays | ms |", "| --- | ---: |"]
    lines += [f"| {name.removesuffix(', ms')} | {value:.0f} |" for name, value in hooks.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the figures in docs/benchmarks.md")
    parser.add_argument("--run", nargs=3, metavar=("DATA", "TASKS", "OUTPUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    if options.run:
        _run(Path(options.run[0]), options.run[1], Path(options.run[2]))
        return
    with shaped_copy() as data:
        preparing = prepare(data)
        runs = {"with images": whole_run(data, "radvqa"), "text only": whole_run(data, "radvqa_textonly")}
    text = report(preparing, runs, hook())
    print(text)
    if options.write:
        publish(text)


if __name__ == "__main__":
    main()
