"""A run against a published row: does it reproduce it, and if not, is it the parser or the model?

The paper scored by its own tool, so its value belongs beside ours under the paper's protocol; that it also lies in the
strict interval shows that the parser does not matter there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.asked import unlike_task
from radimagenet_vqa_tasks.analysis.compare import DEFAULT_MARGINS, percent, signed
from radimagenet_vqa_tasks.analysis.decisions import Margins
from radimagenet_vqa_tasks.analysis.measure import AVG, Measured, Scheme, Scored, measure
from radimagenet_vqa_tasks.analysis.numbers import PublishedRow, fields
from radimagenet_vqa_tasks.analysis.parser_gap import ParserGap, parser_gaps
from radimagenet_vqa_tasks.analysis.printed import FLIPS
from radimagenet_vqa_tasks.analysis.reproduction import CellVerdict, PrintedShare, reproduced, row_verdict
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, shown, together
from radimagenet_vqa_tasks.analysis.unclaimed import unclaimed
from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.judge.verdict import is_papers_judge
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.published.disagreements import notes_for

SCHEMA = "radvqa.published/1"
FINE_TUNED = " (fine-tuned)"

METHOD = (
    "Ours by the strict protocol and by the paper's, with 95 % intervals, each for its own line; difference and "
    "verdicts are by the paper's. same images: would a repeat give that number? Chance is only what a repeat changes, "
    "taken for {flips:g} % of the answers (--flips). other images: would both models be the same on new images? Then "
    "both values are samples. same within the margin: two one-sided tests with a margin of {cell:g} points, of "
    "{average:g} for Avg; differs: another number by a test, and not shown to be within the margin; cannot tell: "
    "neither. The ten tests of a column are corrected together (Holm)."
)
ERRORS = (
    "Of 100 rows of an equal model at most 5 are called not reproduced, and of 100 whose Avg is the margin off at most "
    "5 reproduced, if a repeat changes no more answers than is assumed (simulated, docs/statistics.md)."
)


def targets() -> dict[str, dict[str, float]]:
    """The published rows that a run can be set against, in per cent: zero-shot ones, and fine-tuned ones so named."""
    tuned = {
        f"{name}{FINE_TUNED}": {cell: value for cell, value in row.items() if not cell.endswith("_gain")}
        for name, row in tables.rows("radimagenet_vqa", "7").items()
    }
    return tables.table_2() | tuned


def has_published_row(arm: Arm) -> bool:
    """Whether a published row has the run's name."""
    if arm.benchmark is not MAIN or not arm.with_image:
        return False
    with suppress(DataError):
        return bool(tables.find_row(arm.name, targets()))
    return False


@dataclass(frozen=True)
class Against:
    """A run beside a published row, cell by cell, and Avg.

    Attributes:
        row: the row's name.
        strict, paper: ours by the two protocols.
        same, other: the verdicts by the paper's protocol, on the same images and on other ones.
        rows: all numbers of a cell in one.
    """

    row: str
    strict: Mapping[str, Measured]
    paper: Mapping[str, Measured]
    same: Mapping[str, CellVerdict]
    other: Mapping[str, CellVerdict]
    rows: Sequence[PublishedRow]


def against(arm: Arm, model: str = "", margins: Margins = DEFAULT_MARGINS, flips: float = FLIPS) -> Against:
    """Ours against a published row; without `model`, the row that has the run's name.

    `flips` is the share of answers that a repeat on the same images may change. Raises DataError, naming candidates,
    where no row is meant.
    """
    rows = targets()
    name = tables.find_row(model or arm.name, rows, guess=bool(model))
    erratum = tables.errata().get(name)
    as_printed = {cell: value / 100 for cell, value in rows[name].items()}
    theirs = as_printed | ({AVG: erratum.recomputed / 100} if erratum else {})
    schemes = Scheme(), Scheme("paper")
    strict, paper = (measure(arm.records, scheme) for scheme in schemes)
    gaps = parser_gaps(Scheme().by_cell(arm.records), theirs)
    printed = {cell: PrintedShare(theirs[cell], _size(cell)) for cell in (*CELLS, AVG)}
    obstacles = {cell: _obstacle(arm, cell, strict[cell]) for cell in printed}
    by_strict, by_paper = (_scored(arm, scheme) for scheme in schemes)
    strictly = reproduced(by_strict, printed, "same images", margins, obstacles, flips)
    same = reproduced(by_paper, printed, "same images", margins, obstacles, flips)
    same = {cell: _explained(one, strictly[cell], gaps[cell]) for cell, one in same.items()}
    other = reproduced(by_paper, printed, "other images", margins, obstacles)
    found = [
        _published_row(
            arm, name, strict[cell], paper[cell], as_printed[cell], theirs[cell], same[cell], other[cell], gaps[cell]
        )
        for cell in printed
    ]
    return Against(name, strict, paper, same, other, found)


def _size(cell: str) -> int:
    """The questions that a printed value rests on."""
    return sum(one.size or 0 for one in CELLS.values()) if cell == AVG else CELLS[cell].size or 0


def _scored(arm: Arm, scheme: Scheme) -> dict[str, Scored]:
    return {cell: scheme.scored(records) for cell, records in scheme.by_cell(arm.records).items()}


def _explained(by_paper: CellVerdict, strictly: CellVerdict, gap: ParserGap) -> CellVerdict:
    """The verdict by the paper's protocol, with a word on the parser where our strict reading comes to another one."""
    if (by_paper.outcome == "differs") == (strictly.outcome == "differs"):
        return by_paper
    if by_paper.outcome == "differs":
        return replace(by_paper, why=f"by the paper's protocol; strictly read: {strictly.outcome}")
    if gap.explains:
        return replace(by_paper, why="strictly read it differs, which the parser explains")
    return replace(by_paper, why=f"strictly read it differs; {gap}")


def published_sheet(arm: Arm, model: str = "", margins: Margins = DEFAULT_MARGINS, flips: float = FLIPS) -> Sheet:
    """`against` as a table. Raises DataError, naming candidates, where no row is meant."""
    found = against(arm, model, margins, flips)
    erratum = tables.errata().get(found.row)
    notes = [
        f"The row, on the same images: {row_verdict(found.same)}.",
        f"The row, on other images of the same kind: {row_verdict(found.other)}.",
        ERRORS,
    ]
    if erratum:
        notes.append(
            f"Known erratum: the paper prints Avg {erratum.printed:.1f} for {found.row}, "
            f"but the mean of its nine cells is {erratum.recomputed:.1f}, which is used here."
        )
    notes += [
        METHOD.format(cell=100 * margins.cell, average=100 * margins.average, flips=100 * flips),
        f"Published: {tables.SOURCES['radimagenet_vqa'].partition(', ')[0]}.",
        *(f"Of the published row: {note}" for note in _notes(found.row)),
        *together({arm.label: [*arm_notes(arm, Scheme()), *unclaimed(arm)]}),
    ]
    heads = ["accuracy, %", "strict", "paper's protocol", "published", "difference", "same images", "other images"]
    return Sheet(
        f"{arm.label} against the published {found.row}",
        heads,
        [_row(one, found) for one in found.rows],
        notes,
        fields(found.rows),
        frozenset({len(CELLS) - 1}),
    )


def _notes(row: str, cell: str | None = None) -> tuple[str, ...]:
    """What is known to be wrong with the row's printed numbers, or with one of them."""
    bare = row.removesuffix(FINE_TUNED)
    return notes_for("radimagenet_vqa", "2" if row == bare else "7", bare, cell)


def _obstacle(arm: Arm, cell: str, measured: Measured) -> str:
    """Why this cell of the run cannot be set against the paper's; empty where it can."""
    if not arm.with_image:
        return "text only"
    if arm.is_sample:
        return "sample"
    if arm.is_built:
        return "built data"
    cells = tuple(CELLS) if cell == AVG else (cell,)
    if why := unlike_task(arm, cells):
        return f"asked otherwise, {why}"
    asked = Counter(record.cell for record in arm.records)
    missing = [name for name in cells if asked[name] < (CELLS[name].size or 0)]
    if missing:
        return f"partial run, {asked[missing[0]]:,} of {CELLS[missing[0]].size:,}"
    if measured.missing:
        return f"{measured.missing:,} missing"
    others = [judge for judge in arm.judges if not is_papers_judge(judge)]
    if others and (cell == AVG or CELLS[cell].format == "open"):
        return f"other judge, {', '.join(others)}"
    return ""


def _row(row: PublishedRow, found: Against) -> Sequence[Item | str]:
    cell = row.cell
    shares = shown(found.strict[cell]), shown(found.paper[cell])
    gap, verdicts = found.same[cell].gap, (found.same[cell], found.other[cell])
    said = signed(gap.value, gap.low, gap.high)
    if found.same[cell].decision is None:
        said = replace(said, detail="")
    return [name_of(cell, CELLS), *shares, percent(row.published), said, *map(str, verdicts)]


def _published_row(
    arm: Arm,
    row: str,
    strict: Measured,
    paper: Measured,
    printed: float,
    used: float,
    same: CellVerdict,
    other: CellVerdict,
    gap: ParserGap,
) -> PublishedRow:
    return PublishedRow(
        run=arm.label,
        published_row=row,
        cell=paper.cell,
        strict=strict.estimate.value,
        strict_low=strict.estimate.low,
        strict_high=strict.estimate.high,
        paper_protocol=paper.estimate.value,
        paper_protocol_low=paper.estimate.low,
        paper_protocol_high=paper.estimate.high,
        n=paper.estimate.n,
        published=used,
        published_as_printed=printed,
        difference=same.gap.value,
        low=same.low,
        high=same.high,
        p_holm=same.p_holm,
        margin=same.margin,
        needed=same.needed,
        other_low=other.low,
        other_high=other.high,
        other_p_holm=other.p_holm,
        other_needed=other.needed,
        parser_effect=gap.effect.value,
        parser_effect_low=gap.effect.low,
        parser_effect_high=gap.effect.high,
        parser_p=gap.p,
        parser_explains=gap.explains,
        verdict=same.outcome,
        verdict_on_other_images=other.outcome,
        why=same.why,
        notes=list(_notes(row, paper.cell)),
        judge=", ".join(arm.judges),
    )
