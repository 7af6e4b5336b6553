"""Commands that make data: build."""

from __future__ import annotations

from pathlib import Path

import click

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE_OUT = click.Path(dir_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _parts(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    from radimagenet_vqa_tasks.build.plan import PARTS

    names = [name.strip() for name in value.split(",") if name.strip()]
    for name in names:
        if name not in PARTS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in names)


@click.command()
@click.argument("source", metavar="RADIMAGENET", type=_FOLDER)
@click.option(
    "-o", "--output", type=_FOLDER, help="The folder to write; new, or an unfinished one of the same command."
)
@click.option("--csv", "tables", multiple=True, type=_FILE, help="A table of the images; more than one may be given.")
@click.option(
    "--parts", default="alignment,instruct,benchmark", show_default=True, callback=_parts, help="What to write."
)
@click.option("--images", type=click.IntRange(min=1), help="Images of the benchmark part.  [default: 1000]")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides every draw, with an image's path.")
@click.option("--taxonomy", type=_FILE, help="Regions and labels of your own, as in the bundled taxonomy.yaml.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="Who writes.")
@click.option("--workers", type=click.IntRange(min=1), help="Local processes.  [default: one a core]")
@click.option("--check", is_flag=True, help="Look at a data set, released or built, instead: counts and leakage.")
@click.option("--report", type=_FILE_OUT, help="With --check: where to write the names behind the counts, as JSON.")
@click.option("--check-images", is_flag=True, help="Decode every image once; without it they are copied as bytes.")
@click.option("--drop-duplicates", is_flag=True, help="Leave out images that are there before, or in the benchmark.")
def build(
    source: Path,
    output: Path | None,
    tables: tuple[Path, ...],
    parts: tuple[str, ...],
    images: int | None,
    seed: int,
    taxonomy: Path | None,
    engine: str,
    workers: int | None,
    check: bool,
    report: Path | None,
    check_images: bool,
    drop_duplicates: bool,
) -> None:
    """Build captions, training questions and a benchmark from labelled CT and MRI images.

    RADIMAGENET is laid out as CT|MR/<body part>/<pathology>/*.png, with its tables beside it, or any folder with --csv:
    a table of the columns path,modality,region,pathology and, if you have them, split and patient. The result has the
    columns of RadImageNet-VQA and loads with the `datasets` library. A build that was stopped goes on when the same
    command is given again. With --check, RADIMAGENET is a data set in that form, which is held against the paper's
    numbers and searched for pictures that are in it twice.

    \b
    Examples:
      radvqa build ~/radimagenet -o ~/radvqa-built
      radvqa build ~/scans --csv labels.csv -o ~/built --parts benchmark --images 500 --seed 7
      radvqa build --check ~/RadImageNet-VQA --report leakage.json
      radvqa run --data ~/radvqa-built --model qwen2_5_vl --model_args pretrained=... --tasks radvqa
    """
    from radimagenet_vqa_tasks.build.dataset import Request
    from radimagenet_vqa_tasks.build.dataset import build as run_build

    if check:
        _check(source, report, workers)
        return
    if output is None:
        raise click.UsageError("where to write is missing: give a folder with -o.")
    request = Request(
        root=source,
        out=output,
        tables=tables,
        parts=parts,
        images=images,
        seed=seed,
        taxonomy=taxonomy,
        engine=engine,
        workers=workers,
        check_images=check_images,
        drop_duplicates=drop_duplicates,
    )
    done = run_build(request)
    for note in done.notes:
        click.echo(f"note: {note}")
    counts = (f"{split} {count:,} images" for split, count in done.images.items() if count)
    click.echo(f"{done.out}: {', '.join(counts)}")


def _check(folder: Path, report: Path | None, workers: int | None) -> None:
    from radimagenet_vqa_tasks.build.released import check

    findings = check(folder, report, workers)
    for finding in findings:
        click.echo(finding)
    if any(finding.is_fault for finding in findings):
        raise click.exceptions.Exit(1)
