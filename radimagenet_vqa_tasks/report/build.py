"""`radvqa report`: from the logs of some runs to one HTML file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.analysis.sheet import Sheet
from radimagenet_vqa_tasks.analysis.table import by_family
from radimagenet_vqa_tasks.data.sources import Copies
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.report.answers import columns_of
from radimagenet_vqa_tasks.report.page import PER_BLOCK, Content, Picture, html
from radimagenet_vqa_tasks.report.payload import packed
from radimagenet_vqa_tasks.report.sections import caption_sections, sections
from radimagenet_vqa_tasks.report.thumbnails import Pictures, pictures_of
from radimagenet_vqa_tasks.report.view import view

LIMIT = 14_800_000  # bytes of the page: below 15 MB, so that it can be mailed and opens at once
IMAGES_FIRST = 4_000_000  # of them, which images may need before long responses are kept whole

NOT_WANTED = "This report was made without images."
NOT_HAD = "This report has no images; the summary says why."


@dataclass(frozen=True)
class Report:
    """What was written: the page's size in bytes, and what a reader must know of how it was made."""

    path: Path
    size: int
    notes: list[str]


def report(
    names: Sequence[str | Path],
    output: Path,
    *,
    copies: Copies | None = None,
    with_images: bool = True,
    scheme: Scheme | None = None,
) -> Report:
    """Write the page of these runs to `output`, whole or not at all.

    Args:
        names: folders of sample logs, or logs; "NAME=PATH" gives a name.
        copies: local copies of data sets, from which the images are taken.

    Raises RunError where there is nothing to show, or the file cannot be written.
    """
    runs = read_runs(names)
    arms = [arm for run in runs for arm in run.arms]
    captions = [arm for run in runs for arm in run.captions]
    if not arms:
        raise RunError("these runs hold captions alone, which are neither right nor wrong: `radvqa table` shows them.")
    pictures = pictures_of(arms, copies or {}) if with_images else Pictures(notes=[NOT_WANTED])
    notes = [f"{plain(note, None)}." for run in runs for note in run.notes]
    notes += [plain(note, None) for note in pictures.notes]
    text = _page(arms, captions, pictures, notes, scheme or Scheme())
    _write(output, text)
    return Report(output, len(text), notes)


def _page(arms: Sequence[Arm], captions: Sequence[Arm], pictures: Pictures, notes: list[str], scheme: Scheme) -> bytes:
    """The page, its questions and images within what the rest leaves of LIMIT."""
    content = Content(
        title=", ".join(dict.fromkeys(arm.benchmark.title for arm in arms)),
        runs=view(_runs_sheet(arms)),
        notes=notes,
        sections=[*sections(arms, scheme), *caption_sections(captions)],
        figures=_figures(arms),
    )
    room = LIMIT - len(html(content))
    absent = "" if pictures.images else NOT_WANTED if NOT_WANTED in pictures.notes else NOT_HAD
    settings = {"perBlock": PER_BLOCK, "withImages": bool(pictures.images), "noImages": absent}
    data = packed(columns_of(arms), pictures.of, settings, room - (IMAGES_FIRST if pictures.images else 0))
    images = pictures.jpegs(room - len(data)) if pictures.images else []
    if len(images) < len(pictures.images):
        notes.append(f"The last {len(pictures.images) - len(images):,} images did not fit into this file.")
    return html(content, data, images)


def _runs_sheet(arms: Sequence[Arm]) -> Sheet:
    """What the numbers rest on, one row an arm."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(arm.label for arm in arms), start=1)}
    heads = ["run", "benchmark", "images", "questions", "judge", "task version", "data"]
    rows = [
        [
            f"{numbers[arm.label]} {arm.label}",
            f"{arm.benchmark.title}{', embedded sample' if arm.is_sample else ', built data' if arm.is_built else ''}",
            "shown" if arm.with_image else "not shown",
            f"{len(arm.records):,}",
            ", ".join(arm.judges) or "none",
            arm.version or "unknown",
            arm.fingerprint or "unknown",
        ]
        for arm in arms
    ]
    return Sheet("Runs", heads, rows, names=3)


def _figures(arms: Sequence[Arm]) -> list[Picture]:
    """The figures; their captions do not say again what the summary says of all runs."""
    from radimagenet_vqa_tasks.analysis.figures import conditions, draw

    said = {sentence for of_family in by_family(arms) for sentence in conditions(of_family)}
    return [Picture(plain(one.title, None), _without(plain(one.caption, None), said), one.svg) for one in draw(arms)]


def _without(caption: str, said: Iterable[str]) -> str:
    for sentence in said:
        caption = caption.replace(f" {sentence}", "")
    return caption


def _write(output: Path, text: bytes) -> None:
    new = output.with_name(f".{output.name}.{os.getpid()}.new")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(text)
        new.replace(output)
    except OSError as error:
        raise RunError(
            f"the report could not be written to {plain(output, None)}: {error.strerror or error}. Name another file "
            "with -o."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
