"""Counts what a run on data of the benchmark's shape asks its model, and writes `docs/benchmarks.md`.

    python benchmarks/asking.py [--write]

Nine questions about each of 1,000 images, with and without them: 18,000 requests, of which identical ones are asked
once; and in which order images come. Answers are a constant: nothing here depends on a model or a clock.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from document import publish

ROOT = Path(__file__).parent.parent


def measured(data: Path) -> dict[str, Any]:
    """The counts of one run, in a process of its own."""
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, __file__, "--run", str(data), output]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=output)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _run(data: Path, output: Path) -> None:
    from radimagenet_vqa_tasks.run import evaluation
    from radimagenet_vqa_tasks.run.asking import Asker

    asked: list[tuple[str, str]] = []  # task and cluster of each request that is sent
    given: list[tuple[str, str]] = []
    ask, generate = Asker._ask, Asker.generate_until

    def counting(self: Asker, requests: Any) -> Any:
        asked.extend((one.task_name, self._row(one)["cluster"]) for one in requests.values())
        return ask(self, requests)

    def noting(self: Asker, requests: Any) -> Any:
        given.extend((one.task_name, self._row(one)["cluster"]) for one in requests)
        return generate(self, requests)

    Asker._ask, Asker.generate_until = counting, noting  # type: ignore[method-assign]
    options = ["--model", "dummy", "--model_args", "response=B", "--output_path", str(output)]
    result = evaluation.run([*options, "--tasks", "radvqa,radvqa_textonly"], {"radvqa": data})
    assert result is not None and result.sent == len(asked)
    found = {"given": _by_task(given), "asked": _by_task(asked)}
    print(json.dumps({**found, "order given": _together(given), "order asked": _together(asked)}))


def _by_task(requests: Sequence[tuple[str, str]]) -> dict[str, int]:
    return Counter(task for task, _ in requests)


def _together(requests: Sequence[tuple[str, str]]) -> int:
    """How many requests with images come right after one about the same image."""
    images = [cluster for task, cluster in requests if not task.endswith("_textonly")]
    return sum(before == after for before, after in pairwise(images))


def table(found: dict[str, Any]) -> str:
    """The counts as Markdown."""
    given, asked = found["given"], found["asked"]
    rows = [(f"`{task}`", given[task], asked.get(task, 0)) for task in given if task.endswith("_textonly")]
    with_images = [task for task in given if not task.endswith("_textonly")]
    rows.insert(0, ("the nine with images", *(sum(one.get(task, 0) for task in with_images) for one in (given, asked))))
    rows.append(("**both arms**", sum(given.values()), sum(asked.values())))
    lines = [f"| {name} | {count:,} | {sent:,} |" for name, count, sent in rows]
    order = (
        f"Of the requests with images, {found['order asked']:,} come right after another one about the same image; in "
        f"the order of the tasks it would be {found['order given']:,}."
    )
    return "\n".join(["| task | questions | requests asked |", "| --- | ---: | ---: |", *lines, "", order])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/benchmarks.md")
    parser.add_argument("--run", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        _run(*arguments.run)
        return
    sys.path.insert(0, str(ROOT / "tools"))
    import shaped_data

    with tempfile.TemporaryDirectory() as folder:
        shaped_data.write_hub_copy(Path(folder), shaped_data.table(side=8))
        text = table(measured(Path(folder)))
    print(text)
    if arguments.write:
        publish(text)


if __name__ == "__main__":
    main()
