"""Measures preparing ReXVQA, 40,557 questions over 17,001 images, and writes it into `docs/benchmarks.md`.

    python benchmarks/rexvqa.py [--write]

A stand-in in the hub's layout, with records as long as the original's (most of which are reports) and images of 8 x 8
pixels in the split archive: what is measured never reads one. Each line is a process of its own that prepares all five
tasks of an arm as the host does; the first one also reads the archive once. Files of images that are opened are counted
by Python's audit hook.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from document import publish
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))
import rexvqa_standin

STUDIES = 11_334  # every second one has two views
WORDS = ("lungs", "clear", "effusion", "opacity", "heart", "normal", "no", "acute", "finding", "bones")
REPORT = 70  # words of each of a record's five texts
ARMS = ("image, reading the archive", "image", "textonly", "swapped", "all five")


def stand_in(folder: Path) -> float:
    """Write it; returns the size of the question file in MB."""
    source = random.Random(0)
    rows = rexvqa_standin.records(STUDIES)
    for record in rows.values():
        for name in rexvqa_standin.PARTS_OF_REPORT:
            record[name] = " ".join(source.choices(WORDS, k=REPORT))
    rexvqa_standin.write(folder, rows, STUDIES, _tiny)
    return (folder / "metadata" / "test_vqa_data.json").stat().st_size / 1e6


def _tiny(study: int, view: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), study * 2 + view, np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def prepare(folder: Path, arms: str) -> dict[str, Any]:
    """Seconds, processor seconds, memory in MB and images opened, of preparing the tasks of these arms."""
    from datasets import load_dataset

    from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
    from radimagenet_vqa_tasks.data.adapter import task_questions
    from radimagenet_vqa_tasks.data.sources import local_copies, local_files
    from radimagenet_vqa_tasks.tasks import tasks_of

    opened = [0]
    sys.addaudithook(lambda event, given: _count(opened, event, given))
    rexvqa = BENCHMARKS["rexvqa"]
    [files] = local_files("rexvqa", folder).values()
    wanted = rexvqa.arms if arms == ARMS[-1] else [arm for arm in rexvqa.arms if arm == arms.partition(",")[0]]
    before, begun, worked = _memory(), time.perf_counter(), time.process_time()
    with local_copies({"rexvqa": folder}):
        for task in (task for arm in wanted for task in tasks_of(rexvqa, arm)):
            task_questions(task, load_dataset("text", data_files=files, split="train", **rexvqa.source.reading))
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    return {
        "seconds": seconds,
        "processor": processor,
        "more": _memory() - before,
        "peak": _memory(),
        "opened": opened[0],
    }


def _count(opened: list[int], event: str, given: tuple[Any, ...]) -> None:
    if event == "open" and str(given[0]).endswith(".png") and "r" in str(given[1]):
        opened[0] += 1


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(megabytes: float, measured: dict[str, dict[str, Any]]) -> str:
    """The measurements as Markdown."""
    lines = ["| preparing all tasks of | seconds | processor, seconds | memory, MB | of it here | images opened |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, one in measured.items():
        numbers = f"{one['seconds']:.1f} | {one['processor']:.1f} | {one['peak']:,.0f} | {one['more']:,.0f}"
        lines.append(f"| {name} | {numbers} | {one['opened']:,} |")
    return "\n".join([*lines, "", f"40,557 questions, 17,001 images; the question file has {megabytes:,.0f} MB."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the figures in docs/benchmarks.md")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(prepare(Path(options.child[0]), options.child[1])))
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        megabytes = stand_in(place / "ReXVQA")
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_DATASETS_CACHE": str(place / "cache")}
        measured = {}
        for arms in ARMS:
            command = [sys.executable, __file__, "--child", str(place / "ReXVQA"), arms]
            said = subprocess.run(command, env={**os.environ, **offline}, check=True, capture_output=True, text=True)
            measured[arms] = json.loads(said.stdout.splitlines()[-1])
    text = report(megabytes, measured)
    print(text)
    if options.write:
        publish(text)


if __name__ == "__main__":
    main()
