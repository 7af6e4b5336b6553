"""Commands that ask models, look at data, or judge: demo, run, tasks, verify, judge."""

from __future__ import annotations

from pathlib import Path

import click

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS, MAIN, SOURCES
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS
from radimagenet_vqa_tasks.cli.host_options import HostCommand
from radimagenet_vqa_tasks.cli.options import COPIES, HOST_OPTIONS, RUNS, Option, choose_judge, judge_options
from radimagenet_vqa_tasks.escape import lines


@click.command()
@click.option(
    "-o",
    "--output_path",
    "output",
    cls=Option,
    old=["--output"],
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/demo"),
    show_default=True,
    help="Folder for logs and the report.",
)
@judge_options
def demo(output: Path, judge: str | None, judge_base_url: str | None) -> None:
    """Evaluate a tiny model on the embedded sample, offline, and print a table.

    \b
    Examples:
      radvqa demo -o /tmp/demo
      radvqa demo --judge my-judge --judge_base_url http://127.0.0.1:8000/v1
    """
    from radimagenet_vqa_tasks.run.demo import demo as run_demo

    choose_judge(judge, judge_base_url)
    run_demo(output)


@click.command(cls=HostCommand, context_settings=HOST_OPTIONS)
@COPIES
@judge_options
@click.option(
    "--no_dedupe", is_flag=True, help="Ask every question, even where a greedy run has asked the same already."
)
@click.option(
    "--views",
    type=click.Choice(sorted({ALL_VIEWS, *(way for one in BENCHMARKS.values() for way in one.views)})),
    default=ALL_VIEWS,
    show_default=True,
    help="Which of a question's several images are shown, where the benchmark has a choice ("
    + ", ".join(one.title for one in BENCHMARKS.values() if one.views)
    + ").",
)
@click.argument("lmms_eval_options", nargs=-1, type=click.UNPROCESSED)
def run(
    data: tuple[str, ...],
    judge: str | None,
    judge_base_url: str | None,
    no_dedupe: bool,
    views: str,
    lmms_eval_options: tuple[str, ...],
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
      radvqa run --data rexvqa=~/ReXVQA --views frontal --model radvqa_chance --tasks radvqa_rexvqa
      radvqa run --judge mistral-large-2411 --model qwen2_5_vl --model_args pretrained=... --tasks radvqa
      torchrun --nproc_per_node 4 -m radimagenet_vqa_tasks run --model qwen2_5_vl --tasks radvqa
    """
    from radimagenet_vqa_tasks.data.sources import parse_copies
    from radimagenet_vqa_tasks.run.evaluation import run as run_evaluation

    choose_judge(judge, judge_base_url)
    result = run_evaluation(lmms_eval_options, parse_copies(data), dedupe=not no_dedupe, views=views)
    if result:
        click.echo(lines(result.summary))
        logs = result.sample_logs
        click.echo(f"{len(logs)} log{'s' if len(logs) > 1 else ''}, one line a question, in {logs[0].parent}")
        if result.failed:
            raise click.exceptions.Exit(1)


@click.command()
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
    from radimagenet_vqa_tasks import plugin
    from radimagenet_vqa_tasks.run import catalogue

    click.echo(plugin.TASKS if path else "\n".join(catalogue.names()))


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A local copy: its Parquet file or folder. Default: the hub's.",
)
@click.option(
    "--family",
    type=click.Choice(list(SOURCES)),
    default=MAIN.source.name,
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
    from radimagenet_vqa_tasks.data.verification import verify as run_verification

    findings = run_verification(data, family, sample=sample)
    for finding in findings:
        click.echo(lines(finding))
    if any(finding.is_fault for finding in findings):
        raise click.exceptions.Exit(1)


@click.command()
@RUNS
@click.option("--model", help="The judge, for instance mistral-large-2411 (the paper's). Default: RADVQA_JUDGE_MODEL.")
@click.option("--base_url", help="Where it is served, for instance http://127.0.0.1:8000/v1.")
@click.option(
    "--serve",
    metavar="MODEL",
    help="Serve the judge on this machine meanwhile: a GGUF file, a folder, or ORG/NAME[@REVISION][:FILE.gguf].",
)
@click.option(
    "--mode", help="figure8 (the paper's prompt, the default), tool (as its tool has it) or schema: each another judge."
)
@click.option("--all", "everything", is_flag=True, help="Judge again what this judge has judged already.")
@click.option("--no_cache", is_flag=True, help="Ask again even where a reply is in the cache.")
@click.option("--dry_run", is_flag=True, help="Only estimate the calls, the tokens and, with prices, the money.")
@click.option(
    "--prices",
    nargs=2,
    type=click.FloatRange(min=0),
    metavar="PROMPT REPLY",
    help="Money per million tokens of prompts and of replies.",
)
@click.option("--agreement", is_flag=True, help="Compare two judges instead: two runs, or a run and a CSV of labels.")
@click.option(
    "--counts",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --agreement: write what a corrected estimate needs to this JSON file.",
)
@click.option("--listed", type=click.IntRange(min=0), default=50, show_default=True, help="Disagreements to list.")
def judge(
    runs: tuple[str, ...],
    model: str | None,
    base_url: str | None,
    serve: str | None,
    mode: str | None,
    everything: bool,
    no_cache: bool,
    dry_run: bool,
    prices: tuple[float, float] | None,
    agreement: bool,
    counts: Path | None,
    listed: int,
) -> None:
    """Judge the open answers of a finished run with an LLM, from its logs, or compare judges.

    Asked about are the answers on which this judge has given no verdict yet. Each log is replaced as a whole once its
    verdicts are there; earlier verdicts stay in the records. Replies are cached: the same command goes on where it
    stopped, and costs nothing twice. Exits with 1 while answers are left without a verdict.

    \b
    Examples:
      radvqa judge runs/qwen --model mistral-large-2411 --dry_run --prices 2 6
      RADVQA_JUDGE_API_KEY=... radvqa judge runs/qwen --model mistral-large-2411
      radvqa judge runs/qwen --model my-judge --base_url http://127.0.0.1:8000/v1
      radvqa judge runs/qwen --serve ~/models/judge.gguf
      radvqa judge --agreement runs/qwen@rule runs/qwen@mistral-large-2411
      radvqa judge --agreement runs/qwen labels.csv --counts agreement.json
    """
    from radimagenet_vqa_tasks.judge import command
    from radimagenet_vqa_tasks.judge.llm.weights import find

    if agreement:
        command.compare(runs, listed, counts)
        return
    if serve and (model or base_url):
        raise click.UsageError("--serve names the judge and where it is; leave out --model and --base_url.")
    paths = [Path(run) for run in runs]
    weights = find(serve) if serve else None
    options = (
        command.local_options(weights, mode, no_cache)
        if weights
        else command.options_for(model, base_url, mode, no_cache)
    )
    if dry_run:
        command.estimate(paths, options, everything, prices)
        return
    left = (
        command.judge_locally(paths, weights, options, everything, prices)
        if weights
        else command.judge(paths, options, everything, prices)
    )
    if left:
        raise click.exceptions.Exit(1)
