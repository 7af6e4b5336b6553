"""Commands that make data and train on them: build, export, recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from radimagenet_vqa_tasks.cli.options import Option

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


@click.command("volumes")
@click.argument("source", metavar="FOLDER", type=_FOLDER)
@click.option(
    "-o",
    "--output_path",
    "output",
    cls=Option,
    old=["--output"],
    required=True,
    type=_FOLDER,
    help="The folder to write, as for `radvqa build`.",
)
@click.option("--label_map", type=_FILE, help="What the numbers of the masks mean: YAML, number: name.")
@click.option("--modality", type=click.Choice(["ct", "mri"]), help="Default: what the image files' names say.")
@click.option("--every", type=click.IntRange(min=1), default=1, show_default=True, help="Take every so many'th slice.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides every draw, with a slice's name.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: one a core]")
def volumes(
    source: Path,
    output: Path,
    label_map: Path | None,
    modality: str | None,
    every: int,
    seed: int,
    workers: int | None,
) -> None:
    """Build captions and training questions from labelled volumes.

    FOLDER has one folder a case, as KiTS, AbdomenAtlas or TotalSegmentator have it: a NIfTI image (imaging, ct or mri)
    and one mask for all labels, or a folder `segmentations` with one mask a structure. Axial slices that show a
    structure become images; all slices of a case are in one split.

    \b
    Examples:
      radvqa build volumes ~/kits21 -o ~/kits-built
      radvqa build volumes ~/AbdomenAtlas -o ~/atlas-built --every 5
      radvqa build volumes ~/mine -o ~/mine-built --label_map labels.yaml --modality mri
    """
    from radimagenet_vqa_tasks.build.volume_data import Request, build_volumes

    counts = build_volumes(Request(source, output, label_map, modality, every, seed, workers))
    click.echo(f"{output}: " + ", ".join(f"{split} {count:,} cases" for split, count in counts.items() if count))


class _Build(click.Command):
    """`build`, which hands over to another command where its first word is that command's name."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> click.Context:
        if args[:1] == [volumes.name]:
            return volumes.make_context(f"{info_name} {volumes.name}", args[1:], *rest, **more)
        return super().make_context(info_name, args, *rest, **more)


@click.command(cls=_Build)
@click.argument("source", metavar="RADIMAGENET", type=_FOLDER)
@click.option(
    "-o",
    "--output_path",
    "output",
    cls=Option,
    old=["--output"],
    type=_FOLDER,
    help="The folder to write; new, or an unfinished one of the same command.",
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
@click.option("--check_images", is_flag=True, help="Decode every image once; without it they are copied as bytes.")
@click.option("--drop_duplicates", is_flag=True, help="Leave out images that are there before, or in the benchmark.")
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
      radvqa build volumes --help                  from NIfTI volumes and their masks
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


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--format",
    "trainer",
    required=True,
    type=click.Choice(["llamafactory", "swift", "trl", "llava"]),
    help="Whose form the rows are to have.",
)
@click.option(
    "-o",
    "--output_path",
    "output",
    cls=Option,
    old=["--output"],
    required=True,
    type=_FOLDER,
    help="The folder to write; new or empty.",
)
@click.option(
    "--images", type=click.Choice(["files", "embedded"]), help="Where images go.  [default: files; trl: embedded]"
)
@click.option(
    "--held_out",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A copy of a benchmark of which nothing may be trained on; more than one may be given.",
)
@click.option(
    "--alternate", type=click.IntRange(min=1), metavar="ROWS", help="Also one file of all sets in blocks of so many."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the order of --alternate.")
def export(
    data: tuple[Path, ...],
    trainer: str,
    output: Path,
    images: str | None,
    held_out: tuple[Path, ...],
    alternate: int | None,
    seed: int,
) -> None:
    """Write training rows in a trainer's own form, with its registry file.

    DATA is a folder with built data, a copy of RadImageNet-VQA (its alignment and instruct parts), of VQA-RAD or of
    SLAKE; more than one may be given. Test data are refused: by name, by composition, by the hashes of their images.

    \b
    Examples:
      radvqa export ~/radvqa-built --format llamafactory -o ~/train
      radvqa export ~/radvqa-built ~/vqa-rad ~/SLAKE --format swift -o ~/train --alternate 16
      radvqa export ~/RadImageNet-VQA --format trl -o ~/train --held_out ~/vqa-rad
    """
    from radimagenet_vqa_tasks.build.export import Request
    from radimagenet_vqa_tasks.build.export import export as run_export

    done = run_export(Request(data, output, trainer, images, held_out, alternate, seed))
    for name, count in done.rows.items():
        click.echo(f"{name}: {count:,} rows")
    click.echo(f"written to {done.out}")


@click.command()
@click.option("--trainer", required=True, type=click.Choice(["llamafactory", "swift"]), help="Who is to train.")
@click.option("--model", required=True, help="The model to start from: a name on the hub, or a folder.")
@click.option(
    "-o",
    "--output_path",
    "output",
    cls=Option,
    old=["--output"],
    required=True,
    type=_FOLDER,
    help="The folder to write; new or empty.",
)
@click.option("--data", required=True, type=_FOLDER, help="The folder that `radvqa export` wrote.")
@click.option("--gpus", type=click.IntRange(min=1), default=4, show_default=True, help="GPUs of each node.")
@click.option("--nodes", type=click.IntRange(min=1), default=1, show_default=True, help="Machines.")
@click.option(
    "--batch_size",
    "batch",
    cls=Option,
    old=["--batch"],
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Rows of a global batch.",
)
@click.option(
    "--sampling",
    type=click.Choice(["mixed", "alternating"]),
    default="mixed",
    show_default=True,
    help="All data sets shuffled together, or each batch from one of them (export with --alternate).",
)
@click.option("--template", help="LLaMA-Factory's conversation format, for models that are not known here.")
def recipe(
    trainer: str,
    model: str,
    output: Path,
    data: Path,
    gpus: int,
    nodes: int,
    batch: int,
    sampling: str,
    template: str | None,
) -> None:
    """Write the files of the paper's two training stages for an existing trainer.

    Alignment trains the vision tower and the projector for one epoch, instruction tuning everything for two. The README
    beside the files says where they depart from the paper, and why.

    \b
    Examples:
      radvqa recipe --trainer llamafactory --model Qwen/Qwen2.5-VL-7B-Instruct --data ~/train -o ~/recipe
      radvqa recipe --trainer swift --model lingshu-medical-mllm/Lingshu-7B --data ~/train -o ~/recipe --nodes 2
    """
    from radimagenet_vqa_tasks.build.recipe import Request, write_recipe

    for file in write_recipe(Request(trainer, model, output, data, gpus, nodes, batch, sampling, template)):
        click.echo(file)
