"""Totals in which every question counts the same, beside the mean of the cells.

The paper's tool reports VQA-RAD and SLAKE like this, and SLAKE with its two languages in one pool. Where all cells have
as many questions as each other the two numbers are one, and nothing is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.measure import AVG, Measured, Scheme, measure, share_of
from radimagenet_vqa_tasks.analysis.numbers import fields
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import NOTHING
from radimagenet_vqa_tasks.analysis.table import INTERVALS, accuracy_row, arm_notes, of_scheme, shown, together
from radimagenet_vqa_tasks.scoring.record import Record

POOLED = "pooled"


def pooled(records: Sequence[Record], scheme: Scheme) -> Measured:
    """The accuracy over all questions, each counting the same; NaN where one of the cells has no number."""
    cells = {record.cell for record in records}
    scored = {record.cell for record in records if scheme.score(record) is not None}
    return share_of(POOLED, records, scheme, None if cells == scored else NOTHING)


def pooled_sheet(arms: Sequence[Arm], scheme: Scheme) -> Sheet | None:
    """The totals of the benchmarks whose cells differ in size; None where there are none."""
    pools = [pool for pool in _pools(arms) if len(pool) > 1 or _differ_in_size(pool[0])]
    if not pools:
        return None
    rows, data = [], []
    for pool in pools:
        total = pooled([record for arm in pool for record in arm.records], scheme)
        mean = shown(measure(pool[0].records, scheme)[AVG]) if len(pool) == 1 else Item("-")
        title = pool[0].benchmark.title if len(pool) == 1 else pool[0].benchmark.pool
        rows.append([Item(title), Item(pool[0].label), mean, shown(total), Item(f"{total.asked:,}")])
        data += fields(accuracy_row(arm, scheme, total, POOLED, title) for arm in pool[:1])
    heads = ["benchmark", "run", "mean of the cells", "pooled", "questions"]
    notes = [
        f"{INTERVALS} Pooled: every question counts the same, as in the totals of the paper's tool; the mean of the "
        "cells counts a small cell as much as a large one.",
        *together({arm.label: arm_notes(arm, scheme) for pool in pools for arm in pool}),
    ]
    return Sheet(f"Totals: accuracy, %{of_scheme(scheme)}", heads, rows, notes, data)


def _pools(arms: Sequence[Arm]) -> list[list[Arm]]:
    """Each arm alone, and then one run's arms that are pooled, such as SLAKE's languages."""
    together: dict[object, list[Arm]] = {}
    for arm in arms:
        together.setdefault((arm.name, arm.arm, arm.major, arm.benchmark.pool or arm.benchmark.name), []).append(arm)
    return [[arm] for arm in arms] + [pool for pool in together.values() if len({*map(_name, pool)}) == len(pool) > 1]


def _name(arm: Arm) -> str:
    return arm.benchmark.name


def _differ_in_size(arm: Arm) -> bool:
    sizes = [sum(record.cell == cell for record in arm.records) for cell in arm.cells]
    return len(set(sizes)) > 1 and all(sizes)
