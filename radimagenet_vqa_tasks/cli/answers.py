"""Commands for answers that were given elsewhere: questions, score."""

from __future__ import annotations

from pathlib import Path

import click

from radimagenet_vqa_tasks.cli.options import COPIES, choose_judge, judge_options

TASKS = "Tasks and groups; `radvqa tasks` lists them."


@click.command()
@click.option("--tasks", metavar="NAME,...", required=True, help=TASKS)
@COPIES
@click.option(
    "-o",
    "--output_path",
    "output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("questions"),
    show_default=True,
    help="Folder for questions.jsonl and the images.",
)
def questions(tasks: str, data: tuple[str, ...], output: Path) -> None:
    """Write the questions and images for a model that does not run in lmms-eval, never the answers.

    Each line of questions.jsonl has the question's key, its arm and task, the prompt exactly as models get it here, the
    options, and the names of its images, which come before the prompt in that order. Show the model nothing but prompt
    and images. `radvqa score` makes a run of the answers.

    \b
    Examples:
      radvqa questions --tasks radvqa_sample -o questions
      radvqa questions --tasks radvqa,radvqa_textonly --data ~/radimagenet-vqa -o questions
    """
    from radimagenet_vqa_tasks.data.sources import parse_copies
    from radimagenet_vqa_tasks.run import catalogue
    from radimagenet_vqa_tasks.run.questions import QUESTIONS, export

    found = export(catalogue.chosen(tasks).values(), parse_copies(data), output)
    click.echo(f"{found.questions:,} questions in {output / QUESTIONS}, {found.images:,} images beside it.")


@click.command()
@click.argument("answers", type=click.Path(exists=True, path_type=Path), metavar="ANSWERS|RUN")
@click.option("--tasks", metavar="NAME,...", help=f"What the answers are to. {TASKS}")
@COPIES
@click.option("--name", metavar="NAME", help="What the run is called.  [default: the file's name]")
@click.option(
    "-o",
    "--output_path",
    "output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the run.  [default: runs/NAME]",
)
@click.option("--key", metavar="COLUMN", help="The column of the questions' keys, if it is not `key`.")
@click.option("--response", metavar="COLUMN", help="The column of the model's words, if it is not `response`.")
@judge_options
def score(
    answers: Path,
    tasks: str | None,
    data: tuple[str, ...],
    name: str | None,
    output: Path | None,
    key: str | None,
    response: str | None,
    judge: str | None,
    judge_base_url: str | None,
) -> None:
    """Make a run of answers that were given elsewhere, or read a finished run again by the present rules.

    ANSWERS is a file (.jsonl, .json, .csv, .tsv, .xlsx, .parquet) with a `key` from `radvqa questions`, or an `index`
    (the row of the benchmark's own file, from 0), and a `response`; or sample logs of lmms-eval. With several arms, a
    column `arm` or `task` says which is meant. Exits with 1 where a question is left without an answer, or an answer
    without a question. Without --tasks, RUN is a finished run.

    \b
    Examples:
      radvqa score answers.jsonl --tasks radvqa --data ~/radimagenet-vqa --name my-model
      radvqa score predictions.csv --tasks radvqa --key question_id --response output
      radvqa score runs/predicted --tasks radvqa,radvqa_textonly
      radvqa score runs/qwen
    """
    from radimagenet_vqa_tasks.run import scoring

    choose_judge(judge, judge_base_url)
    if tasks is None:
        scoring.run_again(answers)
        return
    whole = scoring.answers(answers, tasks, data, name, output, key, response)
    if not whole:
        raise click.exceptions.Exit(1)
