"""Text-only answers on normal and abnormal images: whether a default answer explains them (the paper's Figure 10)."""

from __future__ import annotations

from collections.abc import Mapping

from radimagenet_vqa_tasks.analysis import chance
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.compare import percent
from radimagenet_vqa_tasks.analysis.figures import Figure
from radimagenet_vqa_tasks.analysis.figures.figure import remarks
from radimagenet_vqa_tasks.analysis.measure import Scheme, grouped
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import NOTHING
from radimagenet_vqa_tasks.analysis.table import INTERVALS, shown
from radimagenet_vqa_tasks.study.marks import Marks, marks_figure

KINDS = ("normal", "abnormal")


def cells_of(arm: Arm) -> list[str]:
    """The multiple-choice questions that ask for a pathology."""
    return [name for name, cell in arm.cells.items() if (cell.subject, cell.format) == ("pathology", "mc")]


def figure_10_sheet(blind: Mapping[str, Arm], scheme: Scheme) -> Sheet:
    """One row a run, and what chance and the default answer get."""
    fields: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for name, arm in blind.items():
        groups = grouped(arm.records, "abnormal", scheme, cells_of(arm))
        fields.append([name, *(shown(groups[kind]) if kind in groups else "-" for kind in KINDS)])
        for kind, one in groups.items():
            found = one.estimate
            data.append(
                {
                    "run": name,
                    "group": kind,
                    "accuracy": found.value,
                    "low": found.low,
                    "high": found.high,
                    "n": found.n,
                }
            )
    fields.append([chance.UNIFORM, *map(percent, _chance(blind))])
    fields.append([chance.NORMAL, "100.0", "0.0"])
    notes = [INTERVALS, "Who always takes the normal answer is right on the normal images and on no other."]
    title = "Figure 10: pathology multiple-choice questions without the images, on normal and abnormal images"
    heads = ["accuracy, %", *(f"{kind} images" for kind in KINDS)]
    return Sheet(title, heads, fields, notes, data, frozenset({len(blind) - 1}))


def _chance(blind: Mapping[str, Arm]) -> list[float]:
    """What uniform guessing gets on normal and on abnormal images."""
    records = [record for arm in blind.values() for record in arm.records if record.cell in cells_of(arm)]
    groups = [[one for one in records if one.facets.get("abnormal") is wanted] for wanted in (False, True)]
    return list(map(chance.chance_level, groups))


def figure_10(blind: Mapping[str, Arm], scheme: Scheme) -> Figure:
    """The same as a figure."""
    marks = []
    for index, (name, arm) in enumerate(blind.items()):
        groups = grouped(arm.records, "abnormal", scheme, cells_of(arm))
        estimates = [groups[kind].estimate if kind in groups else NOTHING for kind in KINDS]
        marks.append(Marks(name, estimates, index, filled=False))
    caption = "Pathology multiple-choice questions without the images, with 95 % intervals clustered on images."
    return marks_figure(
        "figure-10",
        "Text-only accuracy on normal and abnormal images",
        caption + remarks(list(blind.values()), judged=False),
        [f"{kind} images" for kind in KINDS],
        marks,
        {chance.UNIFORM: _chance(blind), chance.NORMAL: [1.0, 0.0]},
    )
