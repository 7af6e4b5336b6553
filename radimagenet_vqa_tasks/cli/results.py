"""Commands that read finished runs: table, compare, summary, records, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.cli.options import CLOSED_BY, COPIES, FORMAT, PROTOCOL, RUNS, Option


@click.command()
@RUNS
@click.option("--by", multiple=True, metavar="FACET", help="Break down by this too; may be given several times.")
@click.option("--cell", "cells", multiple=True, metavar="CELL", help="Break down these cells only.")
@click.option(
    "--pathologies",
    type=click.IntRange(min=1),
    metavar="N",
    help="Also the ten pathologies read best and worst, of those with N or more questions (MC, unless --cell).",
)
@click.option(
    "--baselines",
    is_flag=True,
    help="Also what answers are worth that need no image, and sensitivity and specificity of closed ones.",
)
@click.option(
    "--contrasts",
    is_flag=True,
    help="Also cells that differ in one thing, such as a box that is drawn, in pairs; and people beside the run.",
)
@click.option(
    "--judge_errors",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also open cells corrected for their judge's errors, from `radvqa judge --agreement ... --counts FILE`.",
)
@click.option("--consistency", is_flag=True, help="Also how far the nine answers about an image agree with each other.")
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write all figures that these runs support, as SVG and PNG.",
)
@FORMAT
@PROTOCOL
@CLOSED_BY
def table(
    runs: tuple[str, ...],
    by: tuple[str, ...],
    cells: tuple[str, ...],
    pathologies: int | None,
    baselines: bool,
    judge_errors: Path | None,
    contrasts: bool,
    consistency: bool,
    figures: Path | None,
    form: Any,
    protocol: Any,
    closed_by: Any,
) -> None:
    """Print the paper's Table 2 for some runs: nine cells, Avg, intervals, and what the numbers rest on.

    A RUN is a folder of sample logs or one of them; NAME=PATH gives it a name. Answers without the images are a column
    of their own, and every benchmark has its own table. FACETS

    \b
    Examples:
      radvqa table runs/qwen runs/medgemma
      radvqa table base=runs/qwen tuned=runs/mine --format latex --protocol paper
      radvqa table runs/qwen --by location --by modality --format csv
      radvqa table runs/qwen --by abnormal --cell pathology_mc --cell abnormality_closed
      radvqa table runs/qwen --baselines
      radvqa table runs/ctbench --contrasts
      radvqa table runs/qwen --pathologies 10 --consistency
      radvqa table runs/base runs/tuned --figures figures
    """
    from radimagenet_vqa_tasks.analysis import commands
    from radimagenet_vqa_tasks.analysis.measure import Scheme

    extras = commands.Extras(by, cells, pathologies, baselines, judge_errors, contrasts, consistency, figures)
    commands.table(runs, Scheme(protocol, closed_by), form, extras)


def _facets() -> str:
    named = {one.facets: one.title for one in reversed(list(BENCHMARKS.values())) if one.facets}
    listed = "; ".join(f"of {title} {', '.join(facets)}" for facets, title in reversed(list(named.items())))
    return f"FACET: format; {listed}."


# Help texts are derived from the benchmarks' records, like everything else about them.
table.help = (table.help or "").replace("FACETS", _facets())


@click.command()
@RUNS
@click.option(
    "-o",
    "--output_path",
    "output",
    cls=Option,
    old=["--output"],
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@COPIES
@click.option("--no_images", is_flag=True, help="Leave the images out: for a report that is passed on.")
@PROTOCOL
def report(runs: tuple[str, ...], output: Path, data: tuple[str, ...], no_images: bool, protocol: Any) -> None:
    """Write one HTML file with the tables, the figures and every question of some runs.

    The file needs no network and opens from disk: each question with its image, options and all runs' responses side by
    side, to filter and to search. Images come from the data set, as thumbnails; where it cannot be had, the report is
    made without them.

    \b
    Examples:
      radvqa report runs/qwen
      radvqa report base=runs/qwen tuned=runs/mine -o comparison.html --data ~/radimagenet-vqa
      radvqa report runs/qwen --no_images --protocol paper -o shared.html
    """
    from radimagenet_vqa_tasks.analysis.measure import Scheme
    from radimagenet_vqa_tasks.report.command import write

    write(runs, output, data, Scheme(protocol), with_images=not no_images)


@click.command()
@RUNS
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
@click.option(
    "--readers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Compare with people's answers instead: a CSV file with the columns id, reader and letter.",
)
@click.option("--by", multiple=True, metavar="FACET", help="Two runs also by this, as in `table`; several are allowed.")
@click.option("--text_only", is_flag=True, help="Compare the answers that were given without the images.")
@click.option("--force", is_flag=True, help="Compare what two runs share, whatever speaks against it.")
@click.option(
    "--margin",
    type=(click.FloatRange(0, 100, min_open=True), click.FloatRange(0, 100, min_open=True)),
    default=(2, 1),
    show_default=True,
    metavar="CELL AVG",
    help="Differences up to so many points, in a cell and in Avg, count as the same.",
)
@click.option(
    "--flips",
    type=click.FloatRange(0, 100, min_open=True),
    default=5,
    show_default=True,
    metavar="PERCENT",
    help="With --published: answers that a repeat on the same images may change.",
)
@click.option("--simultaneous", is_flag=True, help="Intervals that hold for all lines together.")
@FORMAT
@PROTOCOL
@CLOSED_BY
def compare(
    runs: tuple[str, ...],
    published: str | None,
    blind: str | None,
    readers: Path | None,
    by: tuple[str, ...],
    text_only: bool,
    force: bool,
    margin: tuple[float, float],
    flips: float,
    simultaneous: bool,
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
      radvqa compare runs/qwen runs/gemma --readers residents.csv
    """
    from radimagenet_vqa_tasks.analysis import commands
    from radimagenet_vqa_tasks.analysis.measure import Scheme

    asked = [
        name
        for name, one in (("--published", published), ("--blind", blind), ("--readers", readers))
        if one is not None
    ]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(asked)} are {len(asked)} comparisons: ask for one at a time")
    if by and asked:
        raise click.UsageError(f"--by breaks down the comparison of runs, not {asked[0]}")
    scheme = Scheme(protocol, closed_by)
    if published is not None:
        commands.compare_published(runs, published, form, margin, flips)
    elif readers is not None:
        commands.compare_readers(runs, readers, form)
    elif blind is not None:
        commands.compare_blind(runs, blind, scheme, form, force=force)
    else:
        commands.compare(
            runs,
            scheme,
            form,
            by,
            text_only=text_only,
            force=force,
            margins=margin,
            simultaneous=simultaneous,
        )


@click.command()
@RUNS
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


@click.command()
@RUNS
@click.option(
    "-o",
    "--output_path",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; its ending says in which form: .parquet, .csv or .xlsx.",
)
def records(runs: tuple[str, ...], output: Path) -> None:
    """Write every answer of some runs as one table, a row a question.

    Parquet holds all texts as they are. In CSV and XLSX no text is taken for a formula, and control codes are replaced.
    docs/python.md describes the columns.

    \b
    Examples:
      radvqa records runs/qwen -o answers.xlsx
      radvqa records base=runs/base tuned=runs/tuned -o answers.parquet
    """
    from radimagenet_vqa_tasks.analysis.records import write_records

    click.echo(write_records(runs, output))


@click.command()
@click.argument("run", metavar="RUN")
@click.option(
    "-o",
    "--output_path",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The JSON file to write.",
)
@COPIES
@click.option("--partial", is_flag=True, help="Write what there is, though not every question has an answer.")
def leaderboard(run: str, output: Path, data: tuple[str, ...], partial: bool) -> None:
    """Write a run's answers as the file that the benchmark's public leaderboard takes (BOARDS).

    The questions come from the data set, --data or the hub's; no image is needed. `radvqa score` reads such files too.

    \b
    Examples:
      radvqa leaderboard runs/qwen -o predictions.json
      radvqa leaderboard runs/qwen -o predictions.json --data rexvqa=~/ReXVQA
    """
    from radimagenet_vqa_tasks.data.sources import parse_copies
    from radimagenet_vqa_tasks.run.leaderboard import write

    click.echo(f"{write(run, output, parse_copies(data), partial=partial)}.")


leaderboard.help = (leaderboard.help or "").replace(
    "BOARDS", ", ".join(one.title for one in BENCHMARKS.values() if one.prediction)
)
