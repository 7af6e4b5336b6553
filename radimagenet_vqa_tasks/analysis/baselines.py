"""What accuracy is worth: tests against guessing and against answers that need no image.

A model that always says "abnormal" is right on 71.9 % of RadImageNet-VQA's images, so an accuracy of 72 % there shows
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from msgspec import Meta

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.chance import Level, commonest_answer, uniform
from radimagenet_vqa_tasks.analysis.clusters import Cells, influences
from radimagenet_vqa_tasks.analysis.decisions import ALPHA
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.analysis.numbers import (
    ArmShown,
    ByRules,
    Cell,
    Change,
    ClosedCells,
    Family,
    HighChange,
    Images,
    LowChange,
    N,
    NumberRow,
    P,
    RunName,
    Share,
    WithImage,
    fields,
)
from radimagenet_vqa_tasks.analysis.paired import FEWEST, Pairs, average_difference, holm
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import average
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, of_scheme
from radimagenet_vqa_tasks.scoring.record import Record

Baseline = Literal["chance", "always yes", "always no", "commonest answer"]
BASELINES: tuple[Baseline, ...] = get_args(Baseline)


class BaselineRow(NumberRow, frozen=True, kw_only=True):
    """One accuracy beside what answers without the image are worth."""

    run: RunName
    arm: ArmShown
    with_image: WithImage
    family: Family
    cell: Cell
    baseline: Annotated[Baseline, Meta(description="what the accuracy is tested against")]
    accuracy: Annotated[Share, Meta(description="of the run")]
    level: Annotated[Share, Meta(description="what the baseline gets right of the same questions")]
    gain: Annotated[Change, Meta(description="accuracy minus level")]
    low: LowChange
    high: HighChange
    p: P
    p_holm: Annotated[Share, Meta(description="corrected over all that the table tests; null for too few images")]
    verdict: Annotated[
        Literal["above", "below", "not told apart", "too few"], Meta(description="what is decided, after correction")
    ]
    n: N
    images: Images
    protocol: ByRules
    closed_by: ClosedCells


@dataclass(frozen=True)
class Beside:
    """One accuracy beside a baseline.

    Attributes:
        level: what the baseline gets right of the same questions.
        gain: the accuracy minus that, with a 95 % interval.
        p: two-sided and uncorrected; NaN where there are too few images for a test.
    """

    cell: str
    baseline: Baseline
    accuracy: float
    level: float
    gain: float
    low: float
    high: float
    p: float
    n: int
    clusters: int


def beside_baselines(arm: Arm, scheme: Scheme) -> list[Beside]:
    """Every cell, and Avg, beside each baseline that says something of it."""
    scored = [record for record in arm.records if scheme.score(record) is not None]
    cells = {name: records for name, records in scheme.by_cell(scored).items() if records}
    whole = arm.benchmark.averaged and len(cells) == len(arm.benchmark.cells)
    found: list[Beside] = []
    for baseline, level in _levels(arm.records).items():
        known = {name: of for name, of in cells.items() if all(level(record) is not None for record in of)}
        found += [_beside(name, baseline, {name: records}, level, scheme) for name, records in known.items()]
        if whole and len(known) == len(cells):
            found.append(_beside(AVG, baseline, cells, level, scheme))
    order = [*cells, AVG]
    return sorted(found, key=lambda one: order.index(one.cell))


def _levels(records: Sequence[Record]) -> dict[Baseline, Level]:
    return dict(zip(BASELINES, (uniform, _always("yes"), _always("no"), commonest_answer(records)), strict=True))


def _always(answer: str) -> Level:
    return lambda record: float(record.target == answer) if record.format == "closed" else None


def _beside(
    cell: str, baseline: Baseline, cells: Mapping[str, Sequence[Record]], level: Level, scheme: Scheme
) -> Beside:
    pairs: dict[str, Pairs] = {
        name: (
            [scheme.score(record) or 0.0 for record in records],
            [level(record) or 0.0 for record in records],
            [record.cluster for record in records],
        )
        for name, records in cells.items()
    }
    scored = {name: (scores, owners) for name, (scores, _, owners) in pairs.items()}
    estimate = average(scored)
    base = sum(sum(levels) / len(levels) for _, levels, _ in pairs.values()) / len(pairs)
    gain = estimate.value - base
    if baseline == "chance":
        low, high, p = estimate.low - base, estimate.high - base, p_of_share(scored, base)
    else:
        one = average_difference(pairs)
        low, high, p = one.low, one.high, one.p
    return Beside(cell, baseline, estimate.value, base, gain, low, high, p, estimate.n, estimate.clusters)


def p_of_share(cells: Cells, share: float) -> float:
    """Two-sided p of the mean of the cells' accuracies against a known share; NaN for too few clusters.

    Twice the smaller binomial tail at the effective number of questions, which need not be whole: exact for one cell
    with one question a cluster.
    """
    from scipy.special import betainc

    found = influences(cells)
    if found.clusters < FEWEST:
        return math.nan
    if not 0 < share < 1:
        return 1.0 if found.mean == share else 0.0
    size = found.effective_size(found.mean * (1 - found.mean))
    right, wrong = found.mean * size, (1 - found.mean) * size
    above = float(betainc(right, wrong + 1, share)) if right > 0 else 1.0
    below = float(betainc(wrong, right + 1, 1 - share)) if wrong > 0 else 1.0
    return min(1.0, 2 * min(above, below))


def baseline_rows(arms: Sequence[Arm], scheme: Scheme) -> list[BaselineRow]:
    """All of these arms as one family: corrected after Holm over everything in it."""
    found = [(arm, one) for arm in arms for one in beside_baselines(arm, scheme)]
    corrected = holm([one.p for _, one in found])
    return [_row(arm, one, p, scheme) for (arm, one), p in zip(found, corrected, strict=True)]


def _row(arm: Arm, one: Beside, p_holm: float, scheme: Scheme) -> BaselineRow:
    return BaselineRow(
        run=arm.name,
        arm=arm.arm,
        with_image=arm.with_image,
        family=arm.benchmark.name,
        cell=one.cell,
        baseline=one.baseline,
        accuracy=one.accuracy,
        level=one.level,
        gain=one.gain,
        low=one.low,
        high=one.high,
        p=one.p,
        p_holm=p_holm,
        verdict=_verdict(one, p_holm),
        n=one.n,
        images=one.clusters,
        protocol=scheme.protocol,
        closed_by=scheme.closed_by,
    )


def _verdict(one: Beside, p_holm: float) -> Literal["above", "below", "not told apart", "too few"]:
    if math.isnan(p_holm):
        return "too few"
    if p_holm >= ALPHA:
        return "not told apart"
    return "above" if one.gain > 0 else "below"


def baseline_sheets(arms: Sequence[Arm], scheme: Scheme) -> list[Sheet]:
    """One benchmark's runs: what each baseline gets right, and which of them a run is above; one table a run."""
    rows = baseline_rows(arms, scheme)
    tests = sum(not math.isnan(row.p_holm) for row in rows)
    method = (
        "Per cent right. chance: drawn evenly from what there is to choose from. commonest answer: to questions of "
        "that subject and format, counted on half of the images and used on the other. Tests: against chance the "
        "binomial one at the effective sample size, else answers are paired as in `radvqa compare`; corrected after "
        f"Holm over all {tests} of these runs."
    )
    return [
        _sheet(arm, [row for row in rows if (row.run, row.arm) == (arm.name, arm.arm)], method, scheme) for arm in arms
    ]


def _sheet(arm: Arm, rows: Sequence[BaselineRow], method: str, scheme: Scheme) -> Sheet:
    cells: dict[str, dict[Baseline, BaselineRow]] = {}
    for row in rows:
        cells.setdefault(row.cell, {})[row.baseline] = row
    notes = [method, *arm_notes(arm, scheme)]
    title = f"{arm.label}: accuracy beside answers that need no image, %{of_scheme(scheme)}"
    lines = [_line(name_of(cell, arm.cells), of_cell) for cell, of_cell in cells.items()]
    return Sheet(title, ["", "accuracy", *BASELINES, "verdict"], lines, notes, fields(rows))


def _line(name: str, rows: Mapping[Baseline, BaselineRow]) -> list[Item | str]:
    first = next(iter(rows.values()))
    levels = [f"{100 * rows[one].level:.1f}" if one in rows else "-" for one in BASELINES]
    return [name, f"{100 * first.accuracy:.1f}", *levels, _said(rows)]


def _said(rows: Mapping[Baseline, BaselineRow]) -> str:
    """The verdicts of one line in words."""
    by_verdict: dict[str, list[Baseline]] = {}
    for name, row in rows.items():
        by_verdict.setdefault(row.verdict, []).append(name)
    if list(by_verdict) == ["above"]:
        return "above all"
    order = [("below", "below"), ("not told apart", "not told from"), ("too few", "too few for")]
    return "; ".join(f"{said} {', '.join(by_verdict[verdict])}" for verdict, said in order if verdict in by_verdict)
