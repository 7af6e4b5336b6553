"""The `radvqa` command. Each subcommand imports what it needs when it is called, so that `--help` answers at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.errors import RadVQAError


class _Commands(click.Group):
    """A group that suggests the nearest command, and prints the pack's errors without a traceback."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Commands: {', '.join(self.list_commands(ctx))}."
            ctx.fail(f"no such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RadVQAError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="radvqa")
def main() -> None:
    """Measure how well vision-language models read CT and MRI.

    \b
    Examples:
      radvqa demo                                  a small model on real scans, offline
      radvqa run --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-3B-Instruct --tasks radvqa
      radvqa tasks                                 what can be run
    """


def judge_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name an LLM judge."""
    model = click.option("--judge", metavar="MODEL", help="An LLM judge for the open answers. Default: the rule judge.")
    where = "Where that judge is served, e.g. http://127.0.0.1:8000/v1"
    return model(click.option("--judge-base-url", metavar="URL", help=where)(command))


def _choose_judge(model: str | None, base_url: str | None) -> None:
    """Put the options where the judge's settings are read from, for every process that a run starts."""
    for name, value in (("RADVQA_JUDGE_MODEL", model), ("RADVQA_JUDGE_BASE_URL", base_url)):
        if value:
            os.environ[name] = value


@main.command()
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/demo"), show_default=True
)
@judge_options
def demo(output: Path, judge: str | None, judge_base_url: str | None) -> None:
    """Evaluate a tiny model on the embedded sample, offline, and print a table.

    \b
    Examples:
      radvqa demo --output /tmp/demo
      radvqa demo --judge my-judge --judge-base-url http://127.0.0.1:8000/v1
    """
    from radimagenet_vqa_tasks.demo import demo as run_demo

    _choose_judge(judge, judge_base_url)
    run_demo(output)


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option(
    "--data",
    multiple=True,
    metavar="[NAME=]PATH",
    help="A local copy, file or folder, of RadImageNet-VQA, or of vqarad, slake or mmmu_med; one --data each.",
)
@judge_options
@click.argument("lmms_eval_options", nargs=-1, type=click.UNPROCESSED)
def run(
    data: tuple[str, ...], judge: str | None, judge_base_url: str | None, lmms_eval_options: tuple[str, ...]
) -> None:
    """Evaluate a model: every option of `lmms-eval` works here too.

    Samples are logged and written under `runs/` (--output_path changes it). A run that died goes on where it stopped
    when the same command is given again. Anything that fails ends in a message and a non-zero exit.

    \b
    Examples:
      radvqa run --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-3B-Instruct --tasks radvqa --batch_size 8
      radvqa run --model openai --model_args model=gpt-5 --tasks radvqa,radvqa_textonly
      radvqa run --model vllm --model_args model=google/medgemma-4b-it --tasks radvqa_pathology_mc --limit 50
      radvqa run --data ~/radimagenet-vqa/test.parquet --model radvqa_chance --tasks radvqa
      radvqa run --data slake=~/SLAKE --data vqarad=~/vqa-rad --model radvqa_chance --tasks radvqa_slake,radvqa_vqarad
      radvqa run --judge mistral-large-2411 --model qwen2_5_vl --model_args pretrained=... --tasks radvqa
      torchrun --nproc_per_node 4 -m radimagenet_vqa_tasks run --model qwen2_5_vl --tasks radvqa
    """
    from radimagenet_vqa_tasks.evaluation import run as run_evaluation
    from radimagenet_vqa_tasks.hub import parse_copies

    _choose_judge(judge, judge_base_url)
    result = run_evaluation(lmms_eval_options, parse_copies(data))
    if result:
        click.echo(result.summary)
        logs = result.sample_logs
        click.echo(f"{len(logs)} log{'s' if len(logs) > 1 else ''}, one line a question, in {logs[0].parent}")


@main.command()
@click.option(
    "--path", is_flag=True, help="Print the folder of the task files instead, for `lmms-eval --include_path`."
)
def tasks(path: bool) -> None:
    """List the tasks and groups.

    \b
    Examples:
      radvqa tasks
      lmms-eval --include_path "$(radvqa tasks --path)" --tasks radvqa_pathology_mc --model ...
    """
    from radimagenet_vqa_tasks import catalogue, plugin

    click.echo(plugin.TASKS if path else "\n".join(catalogue.names()))


@main.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A local copy: its Parquet file or folder. Default: the hub's.",
)
@click.option(
    "--family",
    type=click.Choice(["radvqa", "vqarad", "slake", "mmmu_med"]),
    default="radvqa",
    show_default=True,
    help="Which data set.",
)
@click.option("--sample", is_flag=True, help="Check the embedded sample instead.")
def verify(data: Path | None, family: str, sample: bool) -> None:
    """Check a copy of a data set: rows, counts, letters, images and the published composition.

    Prints one line a finding and exits with 1 if one is a fault.

    \b
    Examples:
      radvqa verify --data ~/radimagenet-vqa/test.parquet
      radvqa verify --family slake --data ~/SLAKE
      radvqa verify --sample
    """
    from radimagenet_vqa_tasks.verification import verify as run_verification

    findings = run_verification(data, family=family, sample=sample)
    for finding in findings:
        click.echo(finding)
    if any(finding.is_fault for finding in findings):
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--model", help="The judge, for instance mistral-large-2411 (the paper's). Default: RADVQA_JUDGE_MODEL.")
@click.option("--base-url", help="Where it is served, for instance http://127.0.0.1:8000/v1.")
@click.option("--mode", help="figure8 (the paper's prompt, the default) or schema: another judge.")
@click.option("--all", "everything", is_flag=True, help="Judge again what this judge has judged already.")
@click.option("--no-cache", is_flag=True, help="Ask again even where a reply is in the cache.")
@click.option("--dry-run", is_flag=True, help="Only estimate the calls, the tokens and, with prices, the money.")
@click.option(
    "--prices",
    nargs=2,
    type=click.FloatRange(min=0),
    metavar="PROMPT REPLY",
    help="Money per million tokens of prompts and of replies.",
)
@click.option("--agreement", is_flag=True, help="Compare two judges instead: two runs, or a run and a CSV of labels.")
@click.option("--listed", type=click.IntRange(min=0), default=50, show_default=True, help="Disagreements to list.")
def judge(
    runs: tuple[str, ...],
    model: str | None,
    base_url: str | None,
    mode: str | None,
    everything: bool,
    no_cache: bool,
    dry_run: bool,
    prices: tuple[float, float] | None,
    agreement: bool,
    listed: int,
) -> None:
    """Judge the open answers of a finished run with an LLM, from its logs, or compare judges.

    Asked about are the answers on which this judge has given no verdict yet. Each log is replaced as a whole once its
    verdicts are there; earlier verdicts stay in the records. Replies are cached: the same command goes on where it
    stopped, and costs nothing twice. Exits with 1 while answers are left without a verdict.

    \b
    Examples:
      radvqa judge runs/qwen --model mistral-large-2411 --dry-run --prices 2 6
      RADVQA_JUDGE_API_KEY=... radvqa judge runs/qwen --model mistral-large-2411
      radvqa judge runs/qwen --model my-judge --base-url http://127.0.0.1:8000/v1
      radvqa judge --agreement runs/qwen@rule runs/qwen@mistral-large-2411
      radvqa judge --agreement runs/qwen labels.csv
    """
    from radimagenet_vqa_tasks.judge import command

    if agreement:
        command.compare(runs, listed)
        return
    options = command.options_for(model, base_url, mode, no_cache)
    if dry_run:
        command.estimate([Path(run) for run in runs], options, everything, prices)
    elif command.judge([Path(run) for run in runs], options, everything, prices):
        raise click.exceptions.Exit(1)


_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "latex", "csv", "json"]),
    default="text",
    show_default=True,
    help="How to print it; CSV and JSON hold every number unrounded.",
)
_PROTOCOL = click.option(
    "--protocol",
    type=click.Choice(["strict", "paper"]),
    default="strict",
    show_default=True,
    help="Score by this pack's rules, or by those of the paper's own tool.",
)
_CLOSED_BY = click.option(
    "--closed-by",
    type=click.Choice(["question", "answer"]),
    default="question",
    show_default=True,
    help="Tell Closed+ from Closed- by the kind of question (as the paper's table does) or by the right answer.",
)


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--by", multiple=True, metavar="FACET", help="Break down by this too; may be given several times.")
@click.option("--cell", "cells", multiple=True, metavar="CELL", help="Break down these cells only.")
@click.option(
    "--pathologies",
    type=click.IntRange(min=1),
    metavar="N",
    help="Also the ten pathologies read best and worst, of those with N or more questions (MC, unless --cell).",
)
@click.option("--consistency", is_flag=True, help="Also how far the nine answers about an image agree with each other.")
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write all figures that these runs support, as SVG and PNG.",
)
@_FORMAT
@_PROTOCOL
@_CLOSED_BY
def table(
    runs: tuple[str, ...],
    by: tuple[str, ...],
    cells: tuple[str, ...],
    pathologies: int | None,
    consistency: bool,
    figures: Path | None,
    form: Any,
    protocol: Any,
    closed_by: Any,
) -> None:
    """Print the paper's Table 2 for some runs: nine cells, Avg, intervals, and what the numbers rest on.

    A RUN is a folder of sample logs or one of them; NAME=PATH gives it a name. Answers without the images are a column
    of their own, and every benchmark has its own table. FACET: format; of RadImageNet-VQA also subject, template,
    location, modality, pathology or abnormal; of SLAKE organ, modality, content_type or base_type; of MMMU-Med subject,
    subfield or topic_difficulty.

    \b
    Examples:
      radvqa table runs/qwen runs/medgemma
      radvqa table base=runs/qwen tuned=runs/mine --format latex --protocol paper
      radvqa table runs/qwen --by location --by modality --format csv
      radvqa table runs/qwen --by abnormal --cell pathology_mc --cell abnormality_closed
      radvqa table runs/qwen --pathologies 10 --consistency
      radvqa table runs/base runs/tuned --figures figures
    """
    from radimagenet_vqa_tasks.analysis import commands
    from radimagenet_vqa_tasks.analysis.measure import Scheme

    extras = commands.Extras(by, cells, pathologies, consistency, figures)
    commands.table(runs, Scheme(protocol, closed_by), form, extras)


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--data",
    multiple=True,
    metavar="[NAME=]PATH",
    help="A local copy of RadImageNet-VQA, or of vqarad, slake or mmmu_med, for the images; one --data each.",
)
@click.option("--no-images", is_flag=True, help="Leave the images out: for a report that is passed on.")
@_PROTOCOL
def report(runs: tuple[str, ...], output: Path, data: tuple[str, ...], no_images: bool, protocol: Any) -> None:
    """Write one HTML file with the tables, the figures and every question of some runs.

    The file needs no network and opens from disk: each question with its image, options and all runs' responses side by
    side, to filter and to search. Images come from the data set, as thumbnails; where it cannot be had, the report is
    made without them.

    \b
    Examples:
      radvqa report runs/qwen
      radvqa report base=runs/qwen tuned=runs/mine -o comparison.html --data ~/radimagenet-vqa
      radvqa report runs/qwen --no-images --protocol paper -o shared.html
    """
    from radimagenet_vqa_tasks.analysis.measure import Scheme
    from radimagenet_vqa_tasks.report.command import write

    write(runs, output, data, Scheme(protocol), with_images=not no_images)


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--published",
    is_flag=False,
    flag_value="",
    metavar="[MODEL]",
    help="Compare with a row of the paper instead: MODEL's, or the one that has the run's name.",
)
@click.option(
    "--blind",
    is_flag=False,
    flag_value="",
    metavar="[RUN]",
    help="Compare with the answers without the images instead: RUN's, or the same run's.",
)
@click.option("--by", multiple=True, metavar="FACET", help="Two runs also by this, as in `table`; several are allowed.")
@click.option("--text-only", is_flag=True, help="Compare the answers that were given without the images.")
@click.option("--force", is_flag=True, help="Compare what two runs share, whatever speaks against it.")
@_FORMAT
@_PROTOCOL
@_CLOSED_BY
def compare(
    runs: tuple[str, ...],
    published: str | None,
    blind: str | None,
    by: tuple[str, ...],
    text_only: bool,
    force: bool,
    form: Any,
    protocol: Any,
    closed_by: Any,
) -> None:
    """Compare runs on the same questions, a run with the paper, or answers with and without the image.

    Runs are paired by question, each with the first one. What would mislead is refused with the reason: other data,
    other task versions, another judge, only part of the questions.

    \b
    Examples:
      radvqa compare runs/base runs/tuned
      radvqa compare runs/base runs/tuned --by location --by modality
      radvqa compare runs/qwen --published
      radvqa compare runs/mine --published "Qwen2.5-VL-7B-Instruct" --format md
      radvqa compare runs/qwen --blind
      radvqa compare runs/qwen --blind runs/qwen-textonly --format json
    """
    from radimagenet_vqa_tasks.analysis import commands
    from radimagenet_vqa_tasks.analysis.measure import Scheme

    if published is not None and blind is not None:
        raise click.UsageError("--published and --blind are two comparisons: ask for one at a time")
    if by and (published is not None or blind is not None):
        raise click.UsageError("--by breaks down the comparison of runs, not --published or --blind")
    scheme = Scheme(protocol, closed_by)
    if published is not None:
        commands.compare_published(runs, published, form)
    elif blind is not None:
        commands.compare_blind(runs, blind, scheme, form, force=force)
    else:
        commands.compare(runs, scheme, form, by, text_only=text_only, force=force)


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
def summary(runs: tuple[str, ...]) -> None:
    """Print all there is to say of some runs as one JSON document, for notebooks and dashboards.

    It holds the cells by both protocols, all facets, consistency, what the image adds, differences, agreement and
    published values, each as rows that stand alone. docs/summary_schema.md describes it.

    \b
    Examples:
      radvqa summary runs/qwen > qwen.json
      radvqa summary base=runs/base tuned=runs/tuned > both.json
    """
    from radimagenet_vqa_tasks.analysis import commands

    commands.summary(runs)


@main.group(cls=_Commands)
def study() -> None:
    """Repeat the paper's studies: text shortcuts, distractors, encoders.

    Each prints its tables and writes them, with the figures, to the output folder. docs/studies.md says which of the
    paper's tables and figures come from where.

    \b
    Examples:
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
    command = judge_options(_FORMAT(_PROTOCOL(command)))
    command = click.option(
        "--data",
        multiple=True,
        metavar="[NAME=]PATH",
        help="A local copy of RadImageNet-VQA, or of vqarad, slake or mmmu_med; one --data each.",
    )(command)
    shown = "Show this finished run instead of asking a model; several for several models."
    return click.option("--runs", multiple=True, metavar="RUN", help=shown)(command)


_HOST_OPTIONS = {"ignore_unknown_options": True, "allow_extra_args": True}


@study.command(context_settings=_HOST_OPTIONS)
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    metavar="NAME",
    help="radvqa, vqarad, slake, mmmu_med (all four are the default), or radvqa_sample in the place of radvqa.",
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

    _choose_judge(judge, judge_base_url)
    commands.shortcuts(commands.Asked(lmms_eval_options, runs, data, output, form, Scheme(protocol)), benchmarks)


@study.command(context_settings=_HOST_OPTIONS)
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

    _choose_judge(judge, judge_base_url)
    commands.distractors(commands.Asked(lmms_eval_options, runs, data, output, form, Scheme(protocol)), sample=sample)


@study.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@_output("runs/encoders")
@_FORMAT
@_PROTOCOL
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
