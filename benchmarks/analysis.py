"""Measures reading and comparing finished runs, and writes `docs/benchmarks.md`.

    python benchmarks/analysis.py [--write]

1. `radvqa table` of 20 runs with 18 tasks of 1,000 answers each, after the imports, split into reading and the rest;
   the best of several.
2. How long `radvqa --help` and `radvqa table` of one small run take from the shell, the best of several.
3. A bootstrap over images of all nine cells and Avg, 10,000 replicates, which the tests hold the formulas against.

The machine's clock is noisy: what counts are ratios within one run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from document import publish

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "tests" / "analysis"))

RUNS = 20
IMAGES = 1000
REPLICATES = 10_000
REPEATS = 5
REPLY = "A line of a log is about 1,200 bytes long. " * 12


def write_runs(folder: Path, runs: int, images: int) -> list[Path]:
    """Runs with both arms, whose answers differ from run to run; lines as long as a host's."""
    from runs_support import records, write  # type: ignore[import-not-found]

    folders = []
    for number in range(runs):

        def right(image: int, cell: str, number: int = number) -> bool:
            return (7 * number + 11 * image + len(cell)) % 3 > 0

        arms = (records(images, right, arm=arm, judge_reply=REPLY) for arm in ("image", "textonly"))
        found = [one for arm in arms for one in arm]
        folders.append(folder / f"run{number:02}")
        write(folders[-1], found, model=f"publisher/model-{number}")
    return folders


def tabulate(folders: list[Path]) -> dict[str, float]:
    """In processes of their own: seconds for all of `radvqa table`, for the reading in it, and the peak memory."""
    command = [sys.executable, __file__, "--table", *map(str, folders)]
    runs = (subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(REPEATS))
    measured: list[dict[str, float]] = [json.loads(done.stdout.splitlines()[-1]) for done in runs]
    return min(measured, key=lambda one: one["in all"])


def _tabulate(folders: list[str]) -> None:
    from radimagenet_vqa_tasks.analysis import commands
    from radimagenet_vqa_tasks.analysis.measure import Scheme

    reading = 0.0
    read = commands.read_noted

    def clocked(names: Any) -> Any:
        nonlocal reading
        begun = time.perf_counter()
        runs = read(names)
        reading = time.perf_counter() - begun
        return runs

    commands.read_noted = clocked
    with redirect_stdout(StringIO()):
        started = time.process_time()
        whole = _seconds(lambda: commands.table(folders, Scheme(), "text", commands.Extras()))
        busy = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parts = {"in all": whole, "reading": reading, "the rest": whole - reading, "the processor's part of it": busy}
    print(json.dumps({**parts, "peak memory, MB": peak}))


def starts(folder: Path) -> dict[str, float]:
    """Seconds from the shell, the best of several: what is left when nothing else runs."""
    program = str(Path(sys.executable).parent / "radvqa")
    commands = {
        "an empty Python": [sys.executable, "-c", "pass"],
        "Python with numpy": [sys.executable, "-c", "import numpy"],
        "radvqa --help": [program, "--help"],
        "radvqa table RUN (40 images)": [program, "table", str(folder)],
    }
    return {
        name: min(_seconds(partial(_silently, command)) for _ in range(REPEATS)) for name, command in commands.items()
    }


def _silently(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def bootstrap() -> float:
    """Seconds for all replicates of nine cells on 1,000 images each."""
    import numpy as np
    from cluster_bootstrap import means  # type: ignore[import-not-found]

    random = np.random.default_rng(0)
    images = list(range(IMAGES))
    cells = {str(cell): ((random.random(IMAGES) < 0.6).astype(float).tolist(), images) for cell in range(9)}

    def replicates() -> None:
        found = means(cells, REPLICATES)
        np.quantile(np.column_stack([found, found.mean(axis=1)]), [0.025, 0.975], axis=0)

    return _seconds(replicates)


def _seconds(action: Callable[[], None]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


@contextmanager
def some_runs() -> Iterator[tuple[list[Path], Path]]:
    """The folders of many full runs, and that of a small one."""
    with tempfile.TemporaryDirectory() as folder:
        small = write_runs(Path(folder) / "small", 1, 40)[0]
        yield write_runs(Path(folder) / "full", RUNS, IMAGES), small


def report(table: dict[str, float], started: dict[str, float], bootstrapped: float) -> str:
    """The measurements as Markdown."""
    answers = RUNS * 18 * IMAGES
    lines = [f"| `radvqa table`, {RUNS} runs, {answers:,} answers; the best of {REPEATS} | |", "| --- | ---: |"]
    for name, value in table.items():
        lines.append(f"| {name} | {value:,.0f} |" if "MB" in name else f"| {name}, seconds | {value:.1f} |")
    lines += ["", f"| from the shell, the best of {REPEATS} | seconds |", "| --- | ---: |"]
    lines += [f"| `{name}` | {value:.2f} |" for name, value in started.items()]
    lines += ["", f"Bootstrap over images, nine cells and Avg, {REPLICATES:,} replicates: {bootstrapped:.1f} seconds."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the figures in docs/benchmarks.md")
    parser.add_argument("--table", nargs="+", metavar="RUN", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.table:
        _tabulate(options.table)
        return
    with some_runs() as (folders, small):
        text = report(tabulate(folders), starts(small), bootstrap())
    print(text)
    if options.write:
        publish(text)


if __name__ == "__main__":
    main()
