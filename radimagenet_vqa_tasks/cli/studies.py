"""`radvqa study`: the paper's studies, one command each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.cli.group import Commands
from radimagenet_vqa_tasks.cli.host_options import HostCommand
from radimagenet_vqa_tasks.cli.options import COPIES, FORMAT, HOST_OPTIONS, PROTOCOL, RUNS, choose_judge, judge_options
from radimagenet_vqa_tasks.scoring.record import ARMS
from radimagenet_vqa_tasks.study.suites import FOUR, SAMPLES


@click.group(cls=Commands)
def study() -> None:
    """Whether a model looks at the image, and the paper's studies: text shortcuts, distractors, encoders.

    Each prints its tables and writes them, with the figures, to the output folder. docs/studies.md says which of the
    paper's tables and figures come from where.

    \b
    Examples:
      radvqa study grounding --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-7B-Instruct --batch_size 8
      radvqa study shortcuts --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-7B-Instruct --batch_size 8
      radvqa study distractors --sample --model radvqa_prior
      radvqa study encoders siglip=runs/siglip medsiglip=runs/medsiglip
    """


def _output(default: str) -> Callable[..., Any]:
    where = "Folder for logs, tables and figures."
    path = click.Path(file_okay=False, path_type=Path)
    return click.option("--output_path", "output", type=path, default=Path(default), show_default=True, help=where)


def _asking(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a study that asks a model, or shows finished runs."""
    command = click.argument("lmms_eval_options", nargs=-1, type=click.UNPROCESSED)(command)
    command = COPIES(judge_options(FORMAT(PROTOCOL(command))))
    shown = "Show this finished run instead of asking a model; several for several models."
    return click.option("--runs", multiple=True, metavar="RUN", help=shown)(command)


@study.command(cls=HostCommand, context_settings=HOST_OPTIONS)
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    metavar="NAME",
    help=f"{', '.join(FOUR)} (all of them are the default), or {SAMPLES[0]} in the place of {FOUR[0]}.",
)
@_output("runs/shortcuts")
@_asking
def shortcuts(
    benchmarks: tuple[str, ...],
    output: Path,
    runs: tuple[str, ...],
    data: tuple[str, ...],
    judge: str | None,
    judge_base_url: str | None,
    form: Any,
    protocol: Any,
    lmms_eval_options: tuple[str, ...],
) -> None:
    """Ask four benchmarks with and without the images: Figures 4 and 10, what the images add, and examples.

    One run with the model loaded once; every option of `lmms-eval` works here too. It says first what it will ask. A
    study that died goes on where it stopped when the same command is given again.

    \b
    Examples:
      radvqa study shortcuts --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-7B-Instruct --batch_size 8
      radvqa study shortcuts --model radvqa_prior --benchmark radvqa_sample
      radvqa study shortcuts --benchmark radvqa --benchmark slake --data ~/test.parquet --data slake=~/SLAKE --model ...
      radvqa study shortcuts --runs qwen=runs/qwen --runs medgemma=runs/medgemma
    """
    from radimagenet_vqa_tasks.analysis.measure import Scheme
    from radimagenet_vqa_tasks.study import commands

    choose_judge(judge, judge_base_url)
    commands.shortcuts(commands.Asked(lmms_eval_options, runs, data, output, form, Scheme(protocol)), benchmarks)


@study.command(cls=HostCommand, context_settings=HOST_OPTIONS)
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    metavar="NAME",
    help=f"{', '.join(BENCHMARKS)}, or {', '.join(SAMPLES)}. Default: {', '.join(FOUR)}; of --runs all that they have.",
)
@click.option(
    "--arms",
    default=",".join(ARMS),
    show_default=True,
    metavar="ARM,...",
    help="What the questions are asked with; image is always among them.",
)
@_output("runs/grounding")
@_asking
def grounding(
    benchmarks: tuple[str, ...],
    arms: str,
    output: Path,
    runs: tuple[str, ...],
    data: tuple[str, ...],
    judge: str | None,
    judge_base_url: str | None,
    form: Any,
    protocol: Any,
    lmms_eval_options: tuple[str, ...],
) -> None:
    """Ask the same questions with their images, with none, blank ones and others: does the model look?

    One run with the model loaded once; every option of `lmms-eval` works here too. It says first what it will ask. A
    study that died goes on where it stopped when the same command is given again. docs/grounding.md explains the
    numbers.

    \b
    Examples:
      radvqa study grounding --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-7B-Instruct --batch_size 8
      radvqa study grounding --model radvqa_prior --benchmark radvqa_sample
      radvqa study grounding --arms image,swapped --benchmark radvqa --data ~/test.parquet --model ...
      radvqa study grounding --runs qwen=runs/qwen --runs medgemma=runs/medgemma --format latex
    """
    from radimagenet_vqa_tasks.analysis.measure import Scheme
    from radimagenet_vqa_tasks.study import commands

    choose_judge(judge, judge_base_url)
    asked = commands.Asked(lmms_eval_options, runs, data, output, form, Scheme(protocol))
    commands.grounding(asked, benchmarks, commands.parse_arms(arms))


@study.command(cls=HostCommand, context_settings=HOST_OPTIONS)
@click.option("--sample", is_flag=True, help="Ask about the embedded sample instead.")
@_output("runs/distractors")
@_asking
def distractors(
    sample: bool,
    output: Path,
    runs: tuple[str, ...],
    data: tuple[str, ...],
    judge: str | None,
    judge_base_url: str | None,
    form: Any,
    protocol: Any,
    lmms_eval_options: tuple[str, ...],
) -> None:
    """Ask the same questions with "no pathology seen" in 0, 30 and 100 % of the option lists: Table 4.

    Every option of `lmms-eval` works here too; the same command goes on where one stopped.

    \b
    Examples:
      radvqa study distractors --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-7B-Instruct --batch_size 8
      radvqa study distractors --sample --model radvqa_chance
      radvqa study distractors --runs runs/qwen --runs runs/medgemma --format latex
    """
    from radimagenet_vqa_tasks.analysis.measure import Scheme
    from radimagenet_vqa_tasks.study import commands

    choose_judge(judge, judge_base_url)
    commands.distractors(commands.Asked(lmms_eval_options, runs, data, output, form, Scheme(protocol)), sample=sample)


@study.command()
@RUNS
@_output("runs/encoders")
@FORMAT
@PROTOCOL
def encoders(runs: tuple[str, ...], output: Path, form: Any, protocol: Any) -> None:
    """Show finished runs side by side on RadImageNet-VQA, VQA-RAD and SLAKE: Figure 6.

    A RUN is a folder of sample logs; NAME=PATH gives it a name.

    \b
    Examples:
      radvqa study encoders siglip=runs/siglip medsiglip=runs/medsiglip
    """
    from radimagenet_vqa_tasks.analysis.measure import Scheme
    from radimagenet_vqa_tasks.study import commands

    commands.encoders(runs, output, form, Scheme(protocol))
