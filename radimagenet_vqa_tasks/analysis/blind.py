"""The same questions with and without the image: what a model sees, and what it only guesses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from radimagenet_vqa_tasks.analysis.answers import offers_default, option_of
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.chance import chance_level
from radimagenet_vqa_tasks.analysis.compare import Paired, differences, obstacles, p_shown, pair, percent, signed
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme, grouped
from radimagenet_vqa_tasks.analysis.numbers import BlindRow, fields
from radimagenet_vqa_tasks.analysis.paired import Difference, holm
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import accuracy
from radimagenet_vqa_tasks.analysis.table import INTERVALS, arm_notes, interval, name_of, shown, together
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

SCHEMA = "radvqa.blind/1"


def blind_sheets(seeing: Arm, blind: Arm, scheme: Scheme, *, force: bool = False) -> list[Sheet]:
    """What the image adds, cell by cell; and how the answers without it depend on normal and abnormal.

    Raises RunError, with the reasons, where the two arms do not compare, unless forced.
    """
    if not seeing.with_image or blind.arm != "textonly":
        raise RunError("--blind compares a run with the images with one without them, in this order")
    reasons = obstacles(blind, seeing)
    if reasons and not force:
        raise RunError(
            f"{plain(seeing.label)} and {plain(blind.label)} do not compare: {'; '.join(reasons)}. --force compares "
            "what they share."
        )
    paired = pair(blind, seeing, scheme)
    gains = _gain_sheet(paired, scheme, reasons)
    if "abnormal" not in blind.benchmark.facets:
        return [gains]
    return [gains, _normal_sheet(blind, scheme), *_default_sheets(blind, scheme)]


def blind_rows(paired: Paired, scheme: Scheme) -> list[BlindRow]:
    """What the image adds in each cell and in Avg; `paired` is the arm without the image and the one with it."""
    found = differences(paired, scheme)
    p_values = dict(zip(found, holm([one.p for one in found.values()]), strict=True))
    return [_blind_row(paired, name, one, p_values[name], scheme) for name, one in found.items()]


def _blind_row(paired: Paired, cell: str, one: Difference, p: float, scheme: Scheme) -> BlindRow:
    both, only_with, only_without, neither = _shares(paired, cell, scheme)
    return BlindRow(
        family=paired.second.benchmark.name,
        run=paired.second.name,
        cell=cell,
        with_image=both + only_with,
        without_image=both + only_without,
        gain=one.value,
        low=one.low,
        high=one.high,
        p=one.p,
        p_holm=p,
        test=one.test,
        chance=chance_level([first for first, _ in paired.cells.get(cell, ())]),
        both=both,
        only_with=only_with,
        only_without=only_without,
        neither=neither,
        n=one.n,
        images=one.clusters,
        protocol=scheme.protocol,
        closed_by=scheme.closed_by,
    )


def _gain_sheet(paired: Paired, scheme: Scheme, reasons: Sequence[str]) -> Sheet:
    data = blind_rows(paired, scheme)
    rows: list[list[Item | str]] = [
        [
            *(name_of(row.cell, paired.cells), percent(row.with_image), percent(row.without_image)),
            *(signed(row.gain, row.low, row.high), p_shown(row.p_holm), percent(row.chance)),
            *(percent(share) for share in (row.both, row.only_with, row.only_without, row.neither)),
            str(row.n),
        ]
        for row in data
    ]
    heads = ["%", "with", "without", "gain", "p (Holm)", "chance", "both", "only with", "only without", "neither", "n"]
    notes = [f"NOT COMPARABLE, forced: {reason}." for reason in reasons]
    notes += [
        "Paired by question. gain: Bonett-Price intervals, clustered on images. p: corrected after Holm over this "
        "table, Avg included. chance: uniform guessing among what there is to choose from. both ... neither: shares of "
        "questions right with the image and without it, only with, only without, neither way.",
        "Right both ways need not mean that the image was ignored, but the image did not decide it.",
    ]
    if paired.missing:
        notes.append(f"{paired.missing:,} questions have no verdict on one side or both and are left out.")
    notes += together({arm.label: arm_notes(arm, scheme) for arm in (paired.second, paired.first)})
    title = f"{paired.second.name}: with and without the image"
    return Sheet(title, heads, rows, notes, fields(data), frozenset({len(paired.cells) - 1}))


def _shares(paired: Paired, name: str, scheme: Scheme) -> tuple[float, float, float, float]:
    """Shares of questions right both ways, only with the image, only without, neither; of Avg, means over the cells."""
    if name == AVG:
        cells = [_shares(paired, cell, scheme) for cell in paired.cells]
        both, only_with, only_without, neither = (sum(column) / len(cells) for column in zip(*cells, strict=True))
        return both, only_with, only_without, neither
    seen, unseen, _ = paired.pairs(name, scheme)
    n = len(seen) or math.nan
    counts = {(a, b): 0 for a in (0.0, 1.0) for b in (0.0, 1.0)}
    for scores in zip(seen, unseen, strict=True):
        counts[scores] += 1
    return counts[1.0, 1.0] / n, counts[1.0, 0.0] / n, counts[0.0, 1.0] / n, counts[0.0, 0.0] / n


def _normal_sheet(blind: Arm, scheme: Scheme) -> Sheet:
    """Accuracy without the image on normal and abnormal images: a default answer is right on one kind only."""
    rows: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for name in blind.cells:
        groups = grouped(blind.records, "abnormal", scheme, (name,))
        fields = [shown(groups[kind]) if kind in groups else Item("-") for kind in ("normal", "abnormal")]
        counts = [str(groups[kind].estimate.n) if kind in groups else "0" for kind in ("normal", "abnormal")]
        if groups:
            rows.append([name_of(name), *fields, " + ".join(counts)])
        for kind, one in groups.items():
            estimate = one.estimate
            data.append(
                {
                    "run": blind.name,
                    "cell": name,
                    "group": kind,
                    "without_image": estimate.value,
                    "low": estimate.low,
                    "high": estimate.high,
                    "n": estimate.n,
                }
            )
    title = f"{blind.name}: accuracy without the image on normal and abnormal images, %"
    return Sheet(title, ["", "normal", "abnormal", "n"], rows, [INTERVALS], data)


def _default_sheets(blind: Arm, scheme: Scheme) -> list[Sheet]:
    """What "no pathology seen" does unseen, of the questions that offer it; nothing if none does.

    How often it is chosen, and how often answers are right that choose it and that choose something else (Figure 10).
    """
    offered = [record for record in blind.records if record.cell == "pathology_mc" and offers_default(record)]
    if not offered:
        return []
    return [
        _chosen_sheet(
            blind,
            offered,
            f'{blind.name}: how often "{NO_PATHOLOGY}" is chosen without the image, % of the questions that offer it',
        ),
        _predicted_sheet(blind, offered, scheme, f"{blind.name}: accuracy without the image by what is chosen, %"),
    ]


def _chosen_sheet(blind: Arm, offered: Sequence[Record], title: str) -> Sheet:
    rows: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for kind, wanted in (("normal", False), ("abnormal", True)):
        records = [record for record in offered if record.facets.get("abnormal") is wanted]
        chosen = [float(option_of(record) == NO_PATHOLOGY) for record in records]
        estimate = accuracy(chosen, [record.cluster for record in records])
        chance = chance_level(records)
        field = Item(percent(estimate.value), interval(estimate) if records else "")
        rows.append([kind, field, percent(chance), str(len(records))])
        data.append(
            {
                "run": blind.name,
                "group": kind,
                "chose_no_pathology": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "chance": chance,
                "n": len(records),
            }
        )
    return Sheet(title, ["images", "chosen", "chance", "n"], rows, [INTERVALS], data)


def _predicted_sheet(blind: Arm, offered: Sequence[Record], scheme: Scheme, title: str) -> Sheet:
    rows: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for kind, holds in _PREDICTED.items():
        records = [record for record in offered if holds(option_of(record))]
        estimate = accuracy(*scheme.scored(records))
        normal = sum(record.facets.get("abnormal") is False for record in records)
        rows.append(
            [
                kind,
                Item(percent(estimate.value), interval(estimate) if records else ""),
                percent(normal / len(records)) if records else "-",
                str(len(records)),
            ]
        )
        data.append(
            {
                "run": blind.name,
                "chosen": kind,
                "accuracy": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "normal_images": normal,
                "n": len(records),
                "protocol": scheme.protocol,
            }
        )
    note = "normal images: how many of them show nothing abnormal, which is what choosing the default makes accuracy."
    return Sheet(title, ["chosen", "accuracy", "normal images", "n"], rows, [INTERVALS, note], data)


_PREDICTED: Mapping[str, Callable[[str | None], bool]] = {
    NO_PATHOLOGY: lambda choice: choice == NO_PATHOLOGY,
    "a pathology": lambda choice: choice not in (NO_PATHOLOGY, None),
    "nothing readable": lambda choice: choice is None,
}
