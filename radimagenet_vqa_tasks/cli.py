"""The `radvqa` command. Each subcommand imports what it needs when it is called, so that `--help` answers at once."""

from __future__ import annotations

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


@main.command()
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/demo"), show_default=True
)
def demo(output: Path) -> None:
    """Evaluate a tiny model on the embedded sample, offline, and print a table.

    \b
    Example:
      radvqa demo --output /tmp/demo
    """
    from radimagenet_vqa_tasks.demo import demo as run_demo

    run_demo(output)


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A local copy of RadImageNet-VQA: its Parquet file or folder.",
)
@click.argument("lmms_eval_options", nargs=-1, type=click.UNPROCESSED)
def run(data: Path | None, lmms_eval_options: tuple[str, ...]) -> None:
    """Evaluate a model: every option of `lmms-eval` works here too.

    Samples are logged and written under `runs/` (--output_path changes it). A run that died goes on where it stopped
    when the same command is given again. Anything that fails ends in a message and a non-zero exit.

    \b
    Examples:
      radvqa run --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-3B-Instruct --tasks radvqa --batch_size 8
      radvqa run --model openai --model_args model=gpt-5 --tasks radvqa,radvqa_textonly
      radvqa run --model vllm --model_args model=google/medgemma-4b-it --tasks radvqa_pathology_mc --limit 50
      radvqa run --data ~/radimagenet-vqa/test.parquet --model radvqa_chance --tasks radvqa
      torchrun --nproc_per_node 4 -m radimagenet_vqa_tasks run --model qwen2_5_vl --tasks radvqa
    """
    from radimagenet_vqa_tasks.evaluation import run as run_evaluation

    result = run_evaluation(lmms_eval_options, data)
    if result:
        click.echo(f"{len(result.sample_logs)} logs, one line a question, in {result.sample_logs[0].parent}")


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
    from radimagenet_vqa_tasks import catalogue

    click.echo(catalogue.TASKS if path else "\n".join(catalogue.names()))


@main.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A local copy: its Parquet file or folder. Default: the hub's.",
)
@click.option("--sample", is_flag=True, help="Check the embedded sample instead.")
def verify(data: Path | None, sample: bool) -> None:
    """Check a copy of RadImageNet-VQA: rows, counts, letters, images and the paper's composition.

    Prints one line a finding and exits with 1 if one is a fault.

    \b
    Examples:
      radvqa verify --data ~/radimagenet-vqa/test.parquet
      radvqa verify --sample
    """
    from radimagenet_vqa_tasks.verification import verify as run_verification

    findings = run_verification(data, sample=sample)
    for finding in findings:
        click.echo(finding)
    if any(finding.is_fault for finding in findings):
        raise click.exceptions.Exit(1)
