"""A run against a printed row of a benchmark whose paper gives accuracies and no protocol (`Benchmark.printed`).

`published.py` has the main benchmark's, with its two protocols. Where the paper's numbers are of other questions than
the public ones, agreement is no repetition of the row, and the table says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.compare import DEFAULT_MARGINS, percent, signed
from radimagenet_vqa_tasks.analysis.decisions import Margins
from radimagenet_vqa_tasks.analysis.measure import AVG, Measured, Scheme, measure
from radimagenet_vqa_tasks.analysis.numbers import PrintedRow, fields
from radimagenet_vqa_tasks.analysis.pooled import POOLED, pooled
from radimagenet_vqa_tasks.analysis.printed import FLIPS, Images
from radimagenet_vqa_tasks.analysis.reproduction import CellVerdict, PrintedShare, reproduced, row_verdict
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, shown, together
from radimagenet_vqa_tasks.benchmarks.benchmark import PrintedRows
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.published.disagreements import notes_for

METHOD = (
    "{source} It prints {mean:.2f} as the mean; here the means are made of the printed cells, plain and weighted by "
    "their questions. same within the margin: two one-sided tests with a margin of {cell:g} points, of {average:g} for "
    "Avg; differs: another number by a test, and not shown to be within the margin; cannot tell: neither. All tests "
    "are corrected together (Holm)."
)
OTHERS = "The published numbers are of {}: both are samples of one kind of question, and the row cannot be repeated."


@dataclass(frozen=True)
class CellsAgainst:
    """A run beside a printed row: ours and theirs by cell, Avg and pooled, the verdicts, and all of it as rows."""

    row: str
    images: Images
    ours: Mapping[str, Measured]
    theirs: Mapping[str, PrintedShare]
    verdicts: Mapping[str, CellVerdict]
    rows: Sequence[PrintedRow]


def has_printed_row(arm: Arm) -> bool:
    """Whether the benchmark's paper prints a row that has the run's name."""
    paper, source = arm.benchmark.published, arm.benchmark.printed
    if not paper or not source or not arm.with_image:
        return False
    with suppress(DataError):
        return bool(tables.find_row(arm.name, _rows_with_all_cells(paper, source)))
    return False


def cells_against(arm: Arm, model: str = "", margins: Margins = DEFAULT_MARGINS, flips: float = FLIPS) -> CellsAgainst:
    """Ours against a printed row; without `model`, the row that has the run's name.

    Raises DataError, naming candidates, where no row is meant.
    """
    paper, source = _printed_of(arm)
    name = tables.find_row(model or arm.name, _rows_with_all_cells(paper, source), guess=bool(model))
    theirs, ours = _theirs(paper, source, name), measure(arm.records, Scheme())
    images: Images = "other images" if source.questions else "same images"
    scored = {cell: Scheme().scored(records) for cell, records in Scheme().by_cell(arm.records).items()}
    obstacles = {cell: _obstacle(arm, ours[cell]) for cell in (*source.columns, AVG)}
    verdicts = reproduced(scored, {cell: theirs[cell] for cell in obstacles}, images, margins, obstacles, flips)
    rows = [_row(arm, name, ours[cell], theirs[cell], verdicts[cell]) for cell in verdicts]
    return CellsAgainst(name, images, {**ours, POOLED: pooled(arm.records, Scheme())}, theirs, verdicts, rows)


def cells_sheet(arm: Arm, model: str = "", margins: Margins = DEFAULT_MARGINS, flips: float = FLIPS) -> Sheet:
    """`cells_against` as a table. Raises DataError, naming candidates, where no row is meant."""
    paper, source = _printed_of(arm)
    found = cells_against(arm, model, margins, flips)
    lines = [_line(arm, row, found) for row in found.rows]
    weighted = found.theirs[POOLED]
    shares = shown(found.ours[POOLED]), Item(percent(weighted.value))
    lines.append([Item("weighted by questions"), *shares, *map(Item, (f"{weighted.n:,}", "", ""))])
    lines += [_unread(arm, paper, source, found.row)] if source.unread else []
    heads = ["accuracy, %", "ours", "published", "n there", "difference", found.images]
    rules = frozenset({len(source.columns) - 1, len(source.columns) + 1})
    title = f"{arm.label} against the published {found.row}"
    return Sheet(title, heads, lines, _notes(arm, found, margins), fields(found.rows), rules)


def _printed_of(arm: Arm) -> tuple[str, PrintedRows]:
    paper, source = arm.benchmark.published, arm.benchmark.printed
    assert paper and source
    return paper, source


def _rows_with_all_cells(paper: str, source: PrintedRows) -> list[str]:
    """Of some rows a paper's text leaves the averages alone."""
    return [
        row for row, found in tables.rows(paper, source.table).items() if found.keys() >= {*source.columns.values()}
    ]


def _notes(arm: Arm, found: CellsAgainst, margins: Margins) -> list[str]:
    paper, source = _printed_of(arm)
    printed_in = f"Published: {tables.SOURCES[paper].partition(', ')[0]}, table {source.table}."
    mean = tables.rows(paper, source.table)[found.row].get(source.mean, float("nan"))
    return [
        f"The row: {row_verdict(found.verdicts)}.",
        *([OTHERS.format(source.questions)] if source.questions else []),
        METHOD.format(source=printed_in, mean=mean, cell=100 * margins.cell, average=100 * margins.average),
        *(f"Of the published row: {note}" for note in notes_for(paper, source.table, found.row)),
        *together({arm.label: arm_notes(arm, Scheme())}),
    ]


def _theirs(paper: str, source: PrintedRows, row: str) -> dict[str, PrintedShare]:
    """The printed cells by ours, and their two means."""
    printed = _printed(paper, source, row)
    found = {cell: _share(printed[column]) for cell, column in source.columns.items()}
    shares, total = list(found.values()), sum(one.n for one in found.values())
    plain = sum(one.value for one in shares) / len(shares)
    weighted = sum(one.value * one.n for one in shares) / total if total else float("nan")
    return {**found, AVG: PrintedShare(plain, total), POOLED: PrintedShare(weighted, total)}


def _printed(paper: str, source: PrintedRows, row: str) -> Mapping[str, tables.Printed]:
    return {one.cell: one for one in tables.load(paper) if one.table == source.table and one.row == row}


def _share(printed: tables.Printed) -> PrintedShare:
    return PrintedShare(float("nan") if printed.value is None else printed.value / 100, printed.n or 0)


def _obstacle(arm: Arm, ours: Measured) -> str:
    """Why a cell cannot be set against the paper's; empty where it can."""
    obstacles = {
        "not the questions' own images": not arm.with_image,
        "sample": arm.is_sample,
        f"{ours.missing:,} missing": bool(ours.missing),
        "partial run": bool(arm.partial),
    }
    return next((why for why, holds in obstacles.items() if holds), "")


def _row(arm: Arm, name: str, ours: Measured, theirs: PrintedShare, verdict: CellVerdict) -> PrintedRow:
    return PrintedRow(
        run=arm.label,
        family=arm.benchmark.name,
        published_row=name,
        cell=ours.cell,
        accuracy=ours.estimate.value,
        low=ours.estimate.low,
        high=ours.estimate.high,
        n=ours.estimate.n,
        published=theirs.value,
        published_n=theirs.n,
        difference=verdict.gap.value,
        difference_low=verdict.low,
        difference_high=verdict.high,
        p_holm=verdict.p_holm,
        margin=verdict.margin,
        needed=verdict.needed,
        verdict=verdict.outcome,
        why=verdict.why,
        notes=_known(arm, name, ours.cell),
    )


def _known(arm: Arm, row: str, cell: str) -> list[str]:
    """What is known to be wrong with a printed number."""
    paper, source = _printed_of(arm)
    return list(notes_for(paper, source.table, row, {**source.columns, AVG: source.mean}[cell]))


def _line(arm: Arm, row: PrintedRow, found: CellsAgainst) -> list[Item]:
    verdict, difference = found.verdicts[row.cell], signed(row.difference, row.difference_low, row.difference_high)
    if verdict.decision is None:
        difference = Item(difference.text)
    texts = percent(row.published), f"{row.published_n:,}"
    name = name_of(row.cell, arm.cells)
    return [Item(name), shown(found.ours[row.cell]), *map(Item, texts), difference, Item(str(verdict))]


def _unread(arm: Arm, paper: str, source: PrintedRows, name: str) -> list[Item]:
    """Replies from which no letter could be read: the paper's failed extractions."""
    unread = sum(record.outcome in ("unparsed", "declined") for record in arm.records) / max(1, len(arm.records))
    theirs = _printed(paper, source, name)[source.unread]
    said = f"{100 * unread:.2f}", "-" if theirs.value is None else f"{theirs.value:.2f}", f"{theirs.n or 0:,}"
    return [Item(text) for text in ("no letter read, % of replies", *said, "", "")]
