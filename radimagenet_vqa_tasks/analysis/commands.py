"""What `radvqa table`, `compare` and `summary` do: read the runs, make the sheets, print them.

Numbers go to standard output, in the wanted form; what was left out while reading goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from radimagenet_vqa_tasks.analysis import table as tables
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.grounding_line import lines_sheet
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.pooled import pooled_sheet
from radimagenet_vqa_tasks.analysis.runs import Run, read_runs
from radimagenet_vqa_tasks.analysis.sheet import Format, Sheet, render, show
from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.errors import DataError, RunError
from radimagenet_vqa_tasks.escape import plain

if TYPE_CHECKING:
    from radimagenet_vqa_tasks.analysis.decisions import Margins


@dataclass(frozen=True)
class Extras:
    """What `radvqa table` shows beside the tables.

    Attributes:
        by, cells: the facets to break down by, and the cells to break down; all, if empty.
        pathologies: of those with so many questions the ten read best and worst; None for no such table.
        judge_errors: a file of the judge's errors that open cells are corrected for; None for no such table.
        baselines: whether accuracies are set beside answers that need no image.
        contrasts: whether cells that differ in one thing are held against each other.
        consistency: whether answers about the same image are held against each other.
        figures: the folder that figures are written to; None for none.
    """

    by: Sequence[str] = ()
    cells: Sequence[str] = ()
    pathologies: int | None = None
    baselines: bool = False
    judge_errors: Path | None = None
    contrasts: bool = False
    consistency: bool = False
    figures: Path | None = None


def table(names: Sequence[str], scheme: Scheme, form: Format, extras: Extras) -> None:
    """Print the tables of these runs, one a benchmark, and what else is asked for. Raises RunError."""
    runs = read_noted(names)
    arms = [arm for run in runs for arm in run.arms]
    paper_layout = form in ("md", "latex")
    sheets = [tables.main_sheet(group, scheme, paper_layout=paper_layout) for group in tables.by_family(arms)]
    if totals := pooled_sheet(arms, scheme):
        sheets.append(totals)
    sheets += [sheet for facet in extras.by for sheet in tables.facet_sheets(arms, facet, scheme, extras.cells)]
    if extras.pathologies is not None:
        from radimagenet_vqa_tasks.analysis.pathologies import pathology_sheets

        sheets += pathology_sheets(arms, scheme, extras.pathologies, extras.cells or ("pathology_mc",))
    if extras.baselines:
        sheets += _baseline_sheets(arms, scheme)
    if extras.contrasts:
        from radimagenet_vqa_tasks.analysis.contrasts import contrast_sheets

        sheets += [sheet for group in tables.by_family(arms) for sheet in contrast_sheets(group, scheme)]
    if extras.judge_errors:
        from radimagenet_vqa_tasks.analysis.judge_error import corrected_sheet, read_errors

        sheets.append(corrected_sheet(arms, read_errors(extras.judge_errors)))
    if extras.consistency:
        from radimagenet_vqa_tasks.analysis.consistency import consistency_sheets

        sheets += consistency_sheets(arms, scheme)
    if described := [arm for run in runs for arm in run.captions]:
        from radimagenet_vqa_tasks.analysis.captions import caption_sheets

        sheets += caption_sheets(described)
    if looks := lines_sheet(arms, scheme):
        # Words come first for people, and last where the columns of the first table are the file's.
        sheets.insert(len(sheets) if form in ("csv", "json") else 0, looks)
    print_sheets(sheets, form, tables.SCHEMA)
    if extras.figures:
        _write_figures(arms, scheme, extras.figures)


def _baseline_sheets(arms: Sequence[Arm], scheme: Scheme) -> list[Sheet]:
    from radimagenet_vqa_tasks.analysis.baselines import baseline_sheets
    from radimagenet_vqa_tasks.analysis.discrimination import discrimination_sheet

    families = tables.by_family(arms)
    closed = [sheet for group in families if (sheet := discrimination_sheet(group, scheme))]
    return [*(sheet for group in families for sheet in baseline_sheets(group, scheme)), *closed]


def _write_figures(arms: Sequence[Arm], scheme: Scheme, folder: Path) -> None:
    from radimagenet_vqa_tasks.analysis.figures import draw, write

    try:
        paths = write(draw(arms, scheme=scheme), folder)
    except OSError as error:
        raise RunError(f"no figures can be written to {plain(folder, None)}: {error.strerror or error}.") from error
    Console(stderr=True, highlight=False).print(
        Text(f"{len(paths)} files, each figure as SVG and PNG, in {plain(folder, None)}."), soft_wrap=True
    )


def summary(names: Sequence[str]) -> None:
    """Print everything that there is to say of these runs as one JSON document. Raises RunError."""
    from radimagenet_vqa_tasks.analysis.summary import as_json

    print(as_json(read_noted(names)))


def compare(
    names: Sequence[str],
    scheme: Scheme,
    form: Format,
    by: Sequence[str],
    *,
    text_only: bool,
    force: bool,
    margins: tuple[float, float],
    simultaneous: bool,
) -> None:
    """Print the runs' differences from the first; margins are points, of a cell and of Avg.

    Raises RunError where they do not compare.
    """
    from radimagenet_vqa_tasks.analysis.compare import SCHEMA, compare_sheets
    from radimagenet_vqa_tasks.analysis.decisions import Margins

    limits = Margins(margins[0] / 100, margins[1] / 100)
    runs = read_noted(names)
    text_only = text_only or not any(arm.with_image for run in runs for arm in run.arms)
    sheets: list[Sheet] = []
    for family in _shared_families(runs):
        arms = [run.arm(family, "textonly" if text_only else "image") for run in runs]
        sheets += compare_sheets(arms, scheme, by=by, force=force, margins=limits, simultaneous=simultaneous)
    print_sheets(sheets, form, SCHEMA)


def _shared_families(runs: Sequence[Run]) -> list[Benchmark]:
    """The benchmarks that all runs have answers to, in the first one's order. Raises RunError if there are none."""
    shared = [family for family in runs[0].families if all(family in run.families for run in runs)]
    if not shared:
        said = "; ".join(f"{plain(run.name)}: {', '.join(one.title for one in run.families)}" for run in runs)
        raise RunError(f"these runs have no benchmark in common ({said}): there is nothing to compare")
    return shared


def compare_published(
    names: Sequence[str], model: str, form: Format, margins: tuple[float, float], flips: float
) -> None:
    """Print each run against a published row: `model`'s, or without it the one that has the run's name.

    Margins are points, of a cell and of Avg; flips are per cent.
    """
    from radimagenet_vqa_tasks.analysis.decisions import Margins
    from radimagenet_vqa_tasks.analysis.published import SCHEMA

    limits = Margins(margins[0] / 100, margins[1] / 100)
    sheets = [sheet for run in read_noted(names) for sheet in _published(run, model, limits, flips / 100)]
    print_sheets(sheets, form, SCHEMA)


def _published(run: Run, model: str, margins: Margins, flips: float) -> list[Sheet]:
    """One table for each benchmark of the run whose paper has such a row. Raises DataError where none has."""
    from radimagenet_vqa_tasks.analysis.published import published_sheet
    from radimagenet_vqa_tasks.analysis.published_cells import cells_sheet

    found, refused = [], []
    for family in [one for one in run.families if one is MAIN or one.printed] or [MAIN]:
        sheet = published_sheet if family is MAIN else cells_sheet
        try:
            found.append(sheet(run.arm(family), model, margins, flips))
        except DataError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    return found


def compare_readers(names: Sequence[str], file: Path, form: Format) -> None:
    """Print how often people and runs are right on the same questions, and how far they agree. Raises RunError."""
    from radimagenet_vqa_tasks.analysis.readers import SCHEMA, read_answers, readers_sheets

    answers, runs = read_answers(file), read_noted(names)
    families = {family: [run.arm(family) for run in runs] for family in _shared_families(runs)}
    asked = {record.key for arms in families.values() for record in arms[0].records}
    for given in answers.values():
        for id_, (_, place) in given.items():
            if id_ not in asked:
                raise RunError(f"{place}: no question of {plain(runs[0].name)} has the id {plain(id_)}.")
    print_sheets([sheet for arms in families.values() for sheet in readers_sheets(arms, answers)], form, SCHEMA)


def compare_blind(names: Sequence[str], text_only: str, scheme: Scheme, form: Format, *, force: bool) -> None:
    """Print what the image adds; the arm without it is that of the run `text_only`, or of each run itself."""
    from radimagenet_vqa_tasks.analysis.blind import SCHEMA, blind_sheets

    sheets: list[Sheet] = []
    for run in read_noted(names):
        blind = _one(read_noted([text_only])) if text_only else run
        for family in _shared_families([run, blind]):
            seeing, unseeing = run.arm(family), blind.arm(family, "textonly")
            sheets += blind_sheets(seeing, unseeing, scheme, force=force)
    print_sheets(sheets, form, SCHEMA)


def read_noted(names: Sequence[str]) -> list[Run]:
    """The runs in these folders; what there is to know of how they were read goes to the error output."""
    runs = read_runs(names)
    errors = Console(stderr=True, highlight=False)
    for run in runs:
        for note in run.notes:
            errors.print(Text(f"Note: {plain(note, None)}."), soft_wrap=True)
    return runs


def _one(runs: Sequence[Run]) -> Run:
    if len(runs) != 1:
        found = ", ".join(plain(run.name) for run in runs)
        raise RunError(f"one run is needed here, and there are {len(runs)}: {found}. Name the folder of one.")
    return runs[0]


def print_sheets(sheets: Sequence[Sheet], form: Format, schema: str) -> None:
    """Print tables in one of their forms; `schema` names what the rows of the JSON form mean."""
    if form == "text" and sys.stdout.isatty():
        show(sheets, Console(highlight=False))
    else:
        # Names of files can hold what a terminal's encoding has no character for.
        text = render(sheets, form, schema)
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding))
