"""A run against a published row: does it reproduce it, and if not, is it the parser or the model?

The paper scored by its own tool, so its value belongs beside ours under the paper's protocol; that it also lies in the
strict interval shows that the parser does not matter there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.compare import percent
from radimagenet_vqa_tasks.analysis.measure import AVG, Measured, Scheme, measure
from radimagenet_vqa_tasks.analysis.numbers import PublishedRow, fields
from radimagenet_vqa_tasks.analysis.parser_gap import ParserGap, parser_gaps
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, shown, together
from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.judge.verdict import is_papers_judge
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.published.disagreements import notes_for

SCHEMA = "radvqa.published/1"
FINE_TUNED = " (fine-tuned)"

Outcome = Literal["agrees", "differs", "parser explains the difference", "not comparable"]
ROUNDING = 0.0005  # half of the last printed digit, as a share


@dataclass(frozen=True)
class Verdict:
    """What a cell, or the row, comes to; and why."""

    outcome: Outcome
    why: str = ""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.why}" if self.why else self.outcome


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
        rows: all numbers of a cell in one.
    """

    row: str
    strict: Mapping[str, Measured]
    paper: Mapping[str, Measured]
    verdicts: Mapping[str, Verdict]
    rows: Sequence[PublishedRow]


def against(arm: Arm, model: str = "") -> Against:
    """Ours against a published row; without `model`, the row that has the run's name.

    Raises DataError, naming candidates, where no row is meant.
    """
    rows = targets()
    name = tables.find_row(model or arm.name, rows, guess=bool(model))
    erratum = tables.errata().get(name)
    printed = {cell: value / 100 for cell, value in rows[name].items()}
    theirs = printed | ({AVG: erratum.recomputed / 100} if erratum else {})
    strict, paper = measure(arm.records, Scheme()), measure(arm.records, Scheme("paper"))
    gaps = parser_gaps(Scheme().by_cell(arm.records), theirs)
    verdicts = {cell: verdict(arm, cell, theirs[cell], strict, paper, gaps[cell]) for cell in (*CELLS, AVG)}
    found = [
        _published_row(
            arm, name, cell, strict[cell], paper[cell], printed[cell], theirs[cell], verdicts[cell], gaps[cell]
        )
        for cell in verdicts
    ]
    return Against(name, strict, paper, verdicts, found)


def published_sheet(arm: Arm, model: str = "") -> Sheet:
    """`against` as a table. Raises DataError, naming candidates, where no row is meant."""
    found = against(arm, model)
    erratum = tables.errata().get(found.row)
    lines = [
        _row(one.cell, found.strict[one.cell], found.paper[one.cell], one.published, found.verdicts[one.cell])
        for one in found.rows
    ]
    notes = [f"The row: {row_verdict(found.verdicts)}."]
    if erratum:
        notes.append(
            f"Known erratum: the paper prints Avg {erratum.printed:.1f} for {found.row}, "
            f"but the mean of its nine cells is {erratum.recomputed:.1f}, which is used here."
        )
    notes += [
        "Ours by the strict protocol and by the paper's, with 95 % intervals; the difference is by the paper's. "
        "inside: which of our intervals holds the published value. "
        "agrees: the published value lies in the interval of the paper's protocol; parser explains the difference: and "
        "not in the strict one, and on the same answers the protocols differ significantly (corrected over the table) "
        "by most of what is between. About one cell in twenty seems to differ although it agrees.",
        f"Published: {tables.SOURCES['radimagenet_vqa'].partition(', ')[0]}.",
        *(f"Of the published row: {note}" for note in _notes(found.row)),
        *together({arm.label: arm_notes(arm, Scheme())}),
    ]
    heads = ["accuracy, %", "strict", "paper's protocol", "published", "difference", "inside", "verdict"]
    return Sheet(
        f"{arm.label} against the published {found.row}",
        heads,
        lines,
        notes,
        fields(found.rows),
        frozenset({len(CELLS) - 1}),
    )


def _notes(row: str) -> tuple[str, ...]:
    """What is known to be wrong with the row's printed numbers."""
    bare = row.removesuffix(FINE_TUNED)
    return notes_for("radimagenet_vqa", "2" if row == bare else "7", bare)


def verdict(
    arm: Arm,
    cell: str,
    published: float,
    strict: Mapping[str, Measured],
    paper: Mapping[str, Measured],
    gap: ParserGap,
) -> Verdict:
    """One cell's, or Avg's, verdict. The parser explains a difference only where `gap` says that it does."""
    if why := _obstacle(arm, cell, strict[cell]):
        return Verdict("not comparable", why)
    in_strict, in_paper = (_inside(published, one[cell].estimate) for one in (strict, paper))
    if in_paper:
        if in_strict:
            return Verdict("agrees")
        return Verdict("parser explains the difference") if gap.explains else Verdict("agrees", str(gap))
    return Verdict("differs", "by the paper's protocol; agrees only by ours" if in_strict else "")


def row_verdict(verdicts: Mapping[str, Verdict]) -> str:
    """What the nine cells and Avg come to together."""
    counts = Counter(verdicts[cell].outcome for cell in CELLS)
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    if verdicts[AVG].outcome == "not comparable":
        return f"cannot be reproduced or refuted by this run ({said})"
    if verdicts[AVG].outcome == "differs":
        return f"is not reproduced: Avg differs ({said})"
    if counts["differs"] > 1:
        return f"is not reproduced: Avg agrees, but cells differ ({said})"
    return f"is reproduced ({said})"


def _obstacle(arm: Arm, cell: str, measured: Measured) -> str:
    """Why this cell of the run cannot be set against the paper's; empty where it can."""
    if not arm.with_image:
        return "text only"
    if arm.is_sample:
        return "sample"
    if arm.is_built:
        return "built data"
    cells = CELLS if cell == AVG else (cell,)
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


def _inside(value: float, estimate: Estimate) -> bool:
    return estimate.low - ROUNDING <= value <= estimate.high + ROUNDING


def _row(cell: str, strict: Measured, paper: Measured, published: float, found: Verdict) -> Sequence[Item | str]:
    gap = paper.estimate.value - published
    said = "-" if math.isnan(gap) else f"{100 * gap:+.1f}"
    inside = _inside(published, strict.estimate), _inside(published, paper.estimate)
    return [name_of(cell, CELLS), shown(strict), shown(paper), percent(published), said, _WITHIN[inside], str(found)]


_WITHIN = {(True, True): "both", (False, True): "paper's", (True, False): "strict", (False, False): "neither"}


def _published_row(
    arm: Arm,
    row: str,
    cell: str,
    strict: Measured,
    paper: Measured,
    printed: float,
    used: float,
    found: Verdict,
    gap: ParserGap,
) -> PublishedRow:
    return PublishedRow(
        run=arm.label,
        published_row=row,
        cell=cell,
        strict=strict.estimate.value,
        strict_low=strict.estimate.low,
        strict_high=strict.estimate.high,
        paper_protocol=paper.estimate.value,
        paper_protocol_low=paper.estimate.low,
        paper_protocol_high=paper.estimate.high,
        n=paper.estimate.n,
        published=used,
        published_as_printed=printed,
        difference=paper.estimate.value - used,
        parser_effect=gap.effect.value,
        parser_effect_low=gap.effect.low,
        parser_effect_high=gap.effect.high,
        parser_p=gap.p,
        parser_explains=gap.explains,
        in_strict_interval=_inside(used, strict.estimate),
        in_paper_protocol_interval=_inside(used, paper.estimate),
        verdict=found.outcome,
        why=found.why,
        judge=", ".join(arm.judges),
    )
