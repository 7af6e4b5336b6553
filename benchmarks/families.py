"""Measures what preparing all families costs on data of their real sizes, and writes it into `docs/benchmarks.md`.

    python benchmarks/families.py [--write]

Every task of every family, with and without images, is loaded and processed as the host does it, after the first
conversion to Arrow, which no task can avoid. The images of RadImageNet-VQA's stand-in have the original's size; those
of the others are small. No image may be opened: that is counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from document import publish

ROOT = Path(__file__).parent.parent


def prepare(copies: dict[str, Path]) -> tuple[dict[str, tuple[int, float]], int]:
    """Tasks and processor seconds of each family, and the images that were opened meanwhile."""
    from PIL import Image

    from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
    from radimagenet_vqa_tasks.data.sources import local_copies
    from radimagenet_vqa_tasks.scoring import captions

    # What measures captions is loaded before a model is asked, and is no part of preparing their questions.
    with (
        patch.object(captions, "require"),
        local_copies(copies),
        patch.object(Image, "open", wraps=Image.open) as opened,
    ):
        _prepare_family("radvqa", copies["radvqa"])  # imports, and the first conversion of each
        for family in BENCHMARKS:
            _prepare_family(family, copies[BENCHMARKS[family].source.name])
        _forget()
        measured = {family: _prepare_family(family, copies[BENCHMARKS[family].source.name]) for family in BENCHMARKS}
    return measured, opened.call_count


def _prepare_family(family: str, copy: Path) -> tuple[int, float]:
    from datasets import load_dataset

    from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
    from radimagenet_vqa_tasks.data.adapter import task_questions
    from radimagenet_vqa_tasks.data.sources import local_files
    from radimagenet_vqa_tasks.tasks import tasks_of

    benchmark = BENCHMARKS[family]
    source, files = benchmark.source, local_files(benchmark.source.name, copy)
    every = [task for arm in benchmark.arms for task in tasks_of(benchmark, arm)]
    begun = time.process_time()
    for task in every:
        part = task.cell.part or source.configurations[0]
        task_questions(task, load_dataset(source.builder, data_files=files[part], split="train", **source.reading))
    return len(every), time.process_time() - begun


def _forget() -> None:
    """Let every data set be adapted anew, as in a new process."""
    from radimagenet_vqa_tasks.data import adapter

    adapter._cached.cache_clear()
    adapter._sound.cache_clear()


@contextmanager
def stand_ins() -> Iterator[dict[str, Path]]:
    """Folders laid out as the hub lays them out, with data of the real sizes."""
    with tempfile.TemporaryDirectory() as folder:
        for tool in ("shaped_data.py", "comparators.py"):
            made = [sys.executable, str(ROOT / "tools" / tool), folder]
            subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        path = Path(folder)
        for tool, name in (("rexvqa_standin.py", "ReXVQA"), ("ctbench_standin.py", "CT-Bench")):
            made = [sys.executable, str(ROOT / "tools" / tool), str(path / name)]
            subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        names = {"vqarad": "vqa-rad", "slake": "SLAKE", "mmmu_med": "MMMU", "rexvqa": "ReXVQA", "ctbench": "CT-Bench"}
        yield {"radvqa": path, **{name: path / folder for name, folder in names.items()}}


def report(measured: dict[str, tuple[int, float]], opened: int) -> str:
    """The measurements as Markdown."""
    lines = ["| preparing all tasks | tasks | processor, seconds |", "| --- | ---: | ---: |"]
    lines += [f"| {family} | {tasks} | {seconds:.2f} |" for family, (tasks, seconds) in measured.items()]
    tasks, seconds = (sum(column) for column in zip(*measured.values(), strict=True))
    lines += [f"| **all** | **{tasks}** | **{seconds:.2f}** |", "", f"Images opened meanwhile: {opened}."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the figures in docs/benchmarks.md")
    options = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    with stand_ins() as copies, tempfile.TemporaryDirectory() as cache:
        os.environ["HF_DATASETS_CACHE"] = cache
        text = report(*prepare(copies))
    print(text)
    if options.write:
        publish(text)


if __name__ == "__main__":
    main()
