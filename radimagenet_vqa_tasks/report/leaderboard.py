"""Many runs on one screen: a row each, the best first, with the ranks that it may have; every cell is further down."""

from __future__ import annotations

import math
from collections.abc import Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme, measure
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet

RANK, UNPARSED = "rank in Avg", "unparsed"
ORDER = "The best first. Every cell of every run: Tables, the first of them."


def leaderboard(arms: Sequence[Arm], scheme: Scheme, table: Sheet) -> Sheet:
    """The runs of a table with a row for each of these arms, in the order of their means.

    Beside a run with the images stands what it gets without them. A benchmark without a mean keeps the table as it is.
    """
    if AVG not in table.columns:
        return table
    values = [measure(arm.records, scheme)[AVG].estimate.value for arm in arms]
    kept = [name for name in (AVG, RANK, UNPARSED) if name in table.columns]
    fields = {name: [row[list(table.columns).index(name)] for row in table.rows] for name in kept}
    blind = {arm.name: index for index, arm in enumerate(arms) if arm.arm == "textonly"}
    shown = [index for index, arm in enumerate(arms) if arm.with_image] or list(range(len(arms)))
    shown.sort(key=lambda index: 1 if math.isnan(values[index]) else -values[index])

    def without(index: int) -> Item | str:
        other = blind.get(arms[index].name)
        return "-" if other is None or other == index else _text(fields[AVG][other])

    paired = any(arms[index].name in blind and arms[index].with_image for index in shown)
    rows = [
        [Item(arms[index].label), *(fields[name][index] for name in kept), *([without(index)] if paired else [])]
        for index in shown
    ]
    columns = ["run", *kept, *(["Avg without images"] if paired else [])]
    return Sheet(table.title, columns, rows, [*table.notes, ORDER], table.data)


def _text(field: Item | str) -> Item:
    """A mean without its mark: it is not ranked among those beside it."""
    return Item(field.text) if isinstance(field, Item) else Item(field)
