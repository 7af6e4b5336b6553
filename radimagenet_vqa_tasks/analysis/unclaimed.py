"""What of a run has no number by the paper's protocol, in words.

An open answer's number is the paper's under the paper's judge alone; of some cells the tool's scoring is not known.
"""

from __future__ import annotations

from collections.abc import Iterable

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.benchmarks.benchmark import DROPPING
from radimagenet_vqa_tasks.judge.verdict import PAPERS_JUDGE, is_papers_judge


def unclaimed(arm: Arm) -> list[str]:
    """Notes on the cells that have no number by the paper's protocol; empty where all have one."""
    unknown = [name for name in _asked(arm) if not arm.cells[name].paper]
    judged = [record for record in arm.records if record.format == "open" and record.judge]
    judged = [record for record in judged if not is_papers_judge(record.judge)]
    others = sorted({str(record.judge) for record in judged})
    open_cells = [name for name in _asked(arm, {record.cell for record in judged}) if name not in unknown]
    notes = []
    if unknown:
        notes.append(f"no number by the paper's protocol in {', '.join(unknown)}: how it scores them is not known.")
    if open_cells:
        notes.append(
            f"no number by the paper's protocol in {', '.join(open_cells)}, so none over all cells: judged by "
            f"{', '.join(others)}, and the paper's judge is {PAPERS_JUDGE}."
        )
    return notes


def wrong_in_paper(arm: Arm) -> list[str]:
    """How many answers without a verdict the paper's protocol counts all the same."""
    count = sum(record.outcome == "missing" and record.in_paper is not None for record in arm.records)
    return [f"{count:,} answers without a verdict count as wrong, as in the paper's tool."] if count else []


def dropped_in_paper(arm: Arm) -> list[str]:
    """How many questions the paper's tool leaves out of its denominator."""
    dropping = [name for name, cell in arm.cells.items() if cell.paper in DROPPING]
    count = sum(record.cell in dropping and record.in_paper is None for record in arm.records)
    return [f"{count:,} questions without a reply are left out, as by the paper's tool."] if count else []


def _asked(arm: Arm, among: Iterable[str] | None = None) -> list[str]:
    """The cells that the run has answers in, in the table's order."""
    there = {record.cell for record in arm.records} if among is None else set(among)
    return [name for name in arm.cells if name in there]
