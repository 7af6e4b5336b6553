"""The paper's Table 2 for some runs, with what a reader needs to trust a number: interval, n and unread answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy, average
from radimagenet_vqa_tasks.utils.cells import CELLS

Records = Sequence[Mapping[str, Any]]


def by_cell(records: Records) -> dict[str, list[Mapping[str, Any]]]:
    """The records of each of the nine cells, in Table 2's order."""
    cells: dict[str, list[Mapping[str, Any]]] = {name: [] for name in CELLS}
    for record in records:
        cells[record["cell"]].append(record)
    return cells


def scores(records: Records) -> tuple[list[float], list[str]]:
    """Strict scores and clusters of the judged records."""
    judged = [record for record in records if record["outcome"] != "unjudged"]
    return [float(record["outcome"] == "correct") for record in judged], [record["cluster"] for record in judged]


def estimates(records: Records) -> dict[str, Estimate]:
    """The estimate of each cell, and of their mean under "Avg"."""
    cells = {name: scores(of_cell) for name, of_cell in by_cell(records).items()}
    return {name: accuracy(*pair) for name, pair in cells.items()} | {"Avg": average(cells)}


def table_2(runs: Mapping[str, Records], title: str) -> Table:
    """One row a cell, one column a run."""
    table = Table(title=title, title_justify="left", title_style="bold", caption=_caption(runs), caption_justify="left")
    table.add_column("accuracy, %")
    for name in runs:
        table.add_column(name, justify="right")
    columns = [estimates(records) for records in runs.values()]
    for name, cell in CELLS.items():
        last = name == list(CELLS)[-1]
        table.add_row(f"{cell.subject} {cell.title}", *(show(column[name]) for column in columns), end_section=last)
    table.add_row(
        "Avg (mean of the nine)", *(show(column["Avg"]) for column in columns), style="bold", end_section=True
    )
    table.add_row("questions", *(str(len(records)) for records in runs.values()))
    table.add_row("unparsed", *(_share(records, "unparsed") for records in runs.values()))
    table.add_row("unjudged", *(_share(records, "unjudged") for records in runs.values()))
    return table


def show(estimate: Estimate) -> str:
    """A share in per cent with its interval."""
    if estimate.value != estimate.value:
        return "-"
    return f"{100 * estimate.value:5.1f} [{100 * estimate.low:5.1f}, {100 * estimate.high:5.1f}]"


def _share(records: Records, outcome: str) -> str:
    count = sum(record["outcome"] == outcome for record in records)
    return f"{count} ({100 * count / len(records):.1f} %)" if records else "-"


def _caption(runs: Mapping[str, Records]) -> str:
    judges = sorted({record["judge"] for records in runs.values() for record in records if record["judge"]})
    return (
        "In brackets: 95 % intervals, clustered on images. "
        f"Open answers were judged by: {', '.join(judges) or 'nobody'}."
    )
