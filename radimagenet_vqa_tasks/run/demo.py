"""`radvqa demo`: a small real model on real scans, through the real runner, in minutes and without a network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import read_logs, replace_name
from radimagenet_vqa_tasks.analysis.sheet import WIDTH, show
from radimagenet_vqa_tasks.analysis.table import main_sheet
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.report.build import report
from radimagenet_vqa_tasks.report.command import said

TINY_MODEL = Path(__file__).parent.parent / "sample" / "tiny_vlm"
BATCH = 20

LIMITS = """\
This is a demonstration: a model trained for minutes, 40 slices of one to three patients a region, 30 of them without a
labelled finding, no ankle or foot. The hip and knee slices are neighbours of slices the model was trained on, and it
has never seen a shoulder. The table shows that the tasks work. It says nothing about any model."""


def demo(output: Path) -> None:
    """Evaluate the tiny model with and without images, and the chance model; print one table and write a report."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ[name] = "1"
    from radimagenet_vqa_tasks.run.evaluation import run as evaluate

    # In a file or a pipe there is no terminal whose width would have to be kept.
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print("Evaluating the tiny model on 40 slices, with and without the images, then the chance model.")
    tiny = evaluate(
        [
            *("--model", "qwen2_5_vl", "--batch_size", str(BATCH), "--output_path", str(output / "tiny")),
            *("--model_args", f"pretrained={TINY_MODEL},device=cpu,device_map=cpu,attn_implementation=sdpa"),
            *("--tasks", "radvqa_sample,radvqa_sample_textonly"),
        ]
    )
    chance = evaluate(["--model", "radvqa_chance", "--tasks", "radvqa_sample", "--output_path", str(output / "chance")])
    if tiny is None or chance is None:
        raise RunError("the demonstration runs in one process; start it without torchrun or accelerate")
    runs = [replace_name(read_logs(run.sample_logs), name) for name, run in (("tiny model", tiny), ("chance", chance))]
    arms = [arm for run in runs for arm in run.arms]
    console.print()
    show([main_sheet(arms, Scheme(), title="RadImageNet-VQA's nine questions on the embedded sample")], console)
    made = report([f"tiny model={output / 'tiny'}", f"chance={output / 'chance'}"], output / "report.html")
    logs = f"The logs, one line a question, are in {output}."
    console.print(f"\n{LIMITS}\n\n{logs}\n{said(made)}", soft_wrap=True, markup=False, highlight=False)
