"""Captions of some runs: each metric's mean with a cluster-bootstrap interval, and differences in pairs.

A caption that was declined, or is none, counts as 0 in every metric; one that is missing is left out. What is shown of
a box, or of two runs, is the difference on the same images or lesions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.clusters import NOISE
from radimagenet_vqa_tasks.analysis.contrasts import partners
from radimagenet_vqa_tasks.analysis.numbers import CaptionDifferenceRow, CaptionRow, fields
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.table import name_of
from radimagenet_vqa_tasks.benchmarks.benchmark import PrintedRows
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.scoring.captions import METRICS
from radimagenet_vqa_tasks.scoring.record import Record

RESAMPLES, SEED = 2_000, 20_260_214
FEWEST = 6  # clusters; with fewer, resampling says nothing
TITLES = {
    "bleu1": "BLEU-1",
    "meteor": "METEOR",
    "rouge1": "ROUGE-1",
    "bertscore": "BERTScore",
    "minilm": "MiniLM cosine",
}

Floats = NDArray[np.float64]


def bootstrap(values: Sequence[float], clusters: Sequence[str]) -> tuple[float, float, float]:
    """The mean and its 95 % percentile interval, whole clusters resampled; none for fewer than six, or where all agree.

    The same values have the same interval on any machine.
    """
    if not values:
        return math.nan, math.nan, math.nan
    totals: dict[str, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        totals.setdefault(cluster, [0.0, 0.0])
        totals[cluster][0] += value
        totals[cluster][1] += 1
    sums, sizes = np.array(list(totals.values())).T
    mean = float(sums.sum() / sizes.sum())
    # Where nothing varies, resampling knows nothing of the doubt that there is.
    if len(totals) < FEWEST or float(np.ptp(sums / sizes)) < NOISE:
        return mean, math.nan, math.nan
    drawn = np.random.default_rng(SEED).integers(0, len(totals), size=(RESAMPLES, len(totals)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return mean, float(low), float(high)


def caption_rows(arm: Arm) -> list[CaptionRow]:
    """Every metric of every cell that the run has."""
    rows = []
    for cell, records in _by_cell(arm).items():
        measured = [one for one in records if one.scores]
        for metric in METRICS:
            values = [one.scores.get(metric, 0.0) for one in measured]
            mean, low, high = bootstrap(values, [one.cluster for one in measured])
            rows.append(
                CaptionRow(
                    run=arm.label,
                    family=arm.benchmark.name,
                    cell=cell,
                    metric=metric,
                    value=mean,
                    low=low,
                    high=high,
                    n=len(values),
                    images=len({one.cluster for one in measured}),
                    without_caption=sum(one.outcome in ("declined", "unparsed") for one in records),
                    missing=len(records) - len(measured),
                    measured_by=", ".join(sorted({one.judge for one in records if one.judge})),
                )
            )
    return rows


def difference_rows(title: str, first: Sequence[Record], second: Sequence[Record]) -> list[CaptionDifferenceRow]:
    """First minus second in every metric, on the pairs of captions that both have."""
    pairs = [(one, other) for one, other in partners(first, second) if one.scores and other.scores]
    rows = []
    for metric in METRICS:
        values = [one.scores.get(metric, 0.0) - other.scores.get(metric, 0.0) for one, other in pairs]
        mean, low, high = bootstrap(values, [one.cluster for one, _ in pairs])
        rows.append(CaptionDifferenceRow(pair=title, metric=metric, difference=mean, low=low, high=high, n=len(pairs)))
    return rows


def caption_sheets(arms: Sequence[Arm]) -> list[Sheet]:
    """The values, and where there is something to set against each other the differences."""
    rows = [row for arm in arms for row in caption_rows(arm)]
    notes = [
        f"95 % intervals: {RESAMPLES:,} bootstrap samples of whole lesions or images. Captions that were declined, or "
        "are none, count as 0; missing ones are left out.",
        *(f"Measured by {name}." for name in dict.fromkeys(row.measured_by for row in rows) if name),
    ]
    names = {(row.run, row.cell): arm.cells for arm in arms for row in rows if row.run == arm.label}
    lines = []
    for run, cell in names:
        of_cell = {row.metric: row for row in rows if (row.run, row.cell) == (run, cell)}
        first = of_cell[METRICS[0]]
        values = [_item(of_cell[metric].value, of_cell[metric].low, of_cell[metric].high) for metric in METRICS]
        counts = (first.n, first.without_caption, first.missing)
        lines.append([Item(run), Item(name_of(cell, names[run, cell])), *values, *(Item(f"{one:,}") for one in counts)])
    heads = ["run", "images", *TITLES.values(), "n", "no caption", "missing"]
    sheets = [Sheet("Captions", heads, lines, notes, fields(rows), names=2)]
    if differences := caption_differences(arms):
        sheets.append(_difference_sheet(differences))
    for benchmark in dict.fromkeys(arm.benchmark for arm in arms):
        if benchmark.published and benchmark.printed:
            sheets.append(_printed_sheet(benchmark.published, benchmark.printed))
    return sheets


def _printed_sheet(paper: str, source: PrintedRows) -> Sheet:
    """The values that a paper prints, a row a model."""
    names = list(source.columns)
    lines: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for model, values in tables.rows(paper, source.table).items():
        shown = [f"{values[column]:.4f}" if column in values else "-" for column in source.columns.values()]
        lines.append([model, *shown])
        data += [
            {"published_row": model, "cell_and_metric": name, "value": values.get(column, math.nan)}
            for name, column in source.columns.items()
        ]
    notes = [
        f"Table {source.table} of {tables.SOURCES[paper].partition(', ')[0]}; its libraries' versions are not known."
    ]
    return Sheet("Captions, as published", ["model", *names], lines, notes, data)


def caption_differences(arms: Sequence[Arm]) -> list[CaptionDifferenceRow]:
    """What each contrast changes in every run, and how each run differs from the first of its kind."""
    rows = []
    for arm in arms:
        cells = _by_cell(arm)
        for contrast in arm.benchmark.contrasts:
            for first, second in contrast.pairs.values():
                if cells.get(first) and cells.get(second):
                    title = f"{arm.label}: {contrast.first} - {contrast.second}"
                    rows += difference_rows(title, cells[first], cells[second])
    for arm in arms[1:]:
        same = (arm.arm, arm.fingerprint, arm.benchmark) == (arms[0].arm, arms[0].fingerprint, arms[0].benchmark)
        for cell, records in _by_cell(arm).items():
            if same and (others := _by_cell(arms[0]).get(cell)):
                title = f"{arm.label} - {arms[0].label}, {name_of(cell, arm.cells)}"
                rows += difference_rows(title, records, others)
    return rows


def _difference_sheet(rows: Sequence[CaptionDifferenceRow]) -> Sheet:
    lines = []
    for pair in dict.fromkeys(row.pair for row in rows):
        of_pair = [row for row in rows if row.pair == pair]
        values = [_item(row.difference, row.low, row.high, "+") for row in of_pair]
        lines.append([Item(pair), *values, Item(f"{of_pair[0].n:,}")])
    notes = ["In pairs of captions of the same lesion or image; an interval that holds 0 shows no difference."]
    return Sheet("Captions: differences", ["first - second", *TITLES.values(), "pairs"], lines, notes, fields(rows))


def _item(value: float, low: float, high: float, sign: str = "") -> Item:
    if math.isnan(value):
        return Item("-")
    interval = "[no interval]" if math.isnan(low) else f"[{low:{sign}.3f}, {high:{sign}.3f}]"
    return Item(f"{value:{sign}.4f}", interval)


def _by_cell(arm: Arm) -> Mapping[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for cell in arm.cells:
        if records := [one for one in arm.records if one.cell == cell]:
            found[cell] = records
    return found
