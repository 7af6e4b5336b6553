"""Everything that the commands print of some runs, as one JSON document with a schema: for notebooks and dashboards.

The document is flat. Each of its lists is a table whose rows stand alone and have the same fields, those of the JSON
form of the command that prints them. `summary.schema.json` beside this file describes it; docs/summary_schema.md too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.blind import blind_sheets
from radimagenet_vqa_tasks.analysis.compare import compare_sheets, obstacles
from radimagenet_vqa_tasks.analysis.consistency import FAMILY, consistency_sheets
from radimagenet_vqa_tasks.analysis.measure import ClosedBy, Protocol, Scheme
from radimagenet_vqa_tasks.analysis.published import published_sheet
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.analysis.table import FORMAT, arm_notes, by_family, facet_sheets, main_sheet
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.scoring.record import ARMS

SCHEMA = "radvqa.summary/1"

Row = Mapping[str, object]

STRICT = Scheme()
PROTOCOLS = tuple(Scheme(protocol) for protocol in get_args(Protocol))
SCHEMES = tuple(Scheme(protocol, by) for protocol in get_args(Protocol) for by in get_args(ClosedBy))


def summary(runs: Sequence[Run]) -> dict[str, object]:
    """The document; numbers that do not exist are None. Any text in it is as it came from the logs: escape it."""
    arms = [arm for run in runs for arm in run.arms]
    families = by_family(arms)
    compared, agreement, refused = _compared(families)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "runs": [{"run": run.name, "notes": list(run.notes)} for run in runs],
        "arms": [_arm(arm) for arm in arms],
        "cells": _nulled(row for group in families for scheme in SCHEMES for row in main_sheet(group, scheme).data),
        "facets": _nulled(row for group in families for row in _facets(group)),
        "consistency": _nulled(_consistency(arms)),
        "blind": _nulled(row for group in families for row in _blind(group)),
        "differences": _nulled(compared),
        "agreement": _nulled(agreement),
        "not_compared": refused,
        "published": _nulled(row for arm in arms for row in _published(arm)),
    }


def as_json(runs: Sequence[Run]) -> str:
    """The document as JSON in pure ASCII, so that nothing in it acts on a terminal."""
    return json.dumps(summary(runs), indent=1, ensure_ascii=True, allow_nan=False)


def _arm(arm: Arm) -> Row:
    return {
        "run": arm.name,
        "with_image": arm.with_image,
        "family": arm.benchmark.name,
        "benchmark": arm.benchmark.title,
        "fingerprint": arm.fingerprint,
        "version": arm.version,
        "sample": arm.is_sample,
        "judges": list(arm.judges),
        "partial": arm.partial,
        "questions": len(arm.records),
        "images": len({record.cluster for record in arm.records}),
        "notes": arm_notes(arm, STRICT),
    }


def _facets(arms: Sequence[Arm]) -> list[Row]:
    """Every facet of which the records say something, by both protocols."""
    known = [
        facet
        for facet in (*arms[0].benchmark.facets, FORMAT)
        if any(record.facet(facet) is not None for arm in arms for record in arm.records)
    ]
    sheets = (sheet for facet in known for scheme in PROTOCOLS for sheet in facet_sheets(arms, facet, scheme))
    return [row for sheet in sheets for row in sheet.data]


def _consistency(arms: Sequence[Arm]) -> list[Row]:
    asked = [arm for arm in arms if arm.benchmark.name == FAMILY]
    return [row for sheet in consistency_sheets(asked, STRICT) for row in sheet.data] if asked else []


def _blind(arms: Sequence[Arm]) -> list[Row]:
    """What the image adds, for every run that has answered the same questions both ways."""
    pairs = [(one, other) for one in arms for other in arms if one.with_image and other.arm == "textonly"]
    same = [(seeing, blind) for seeing, blind in pairs if seeing.name == blind.name and not obstacles(blind, seeing)]
    gains = (blind_sheets(seeing, blind, scheme)[0] for seeing, blind in same for scheme in PROTOCOLS)
    return [{"family": arms[0].benchmark.name, **row} for gain in gains for row in gain.data]


def _compared(families: Iterable[Sequence[Arm]]) -> tuple[list[Row], list[Row], list[Row]]:
    """Differences from the first run, agreement, and which runs do not compare with it and why."""
    compared: list[Row] = []
    agreement: list[Row] = []
    refused: list[Row] = []
    for group in families:
        for name in ARMS:
            arms = [arm for arm in group if arm.arm == name]
            why = {index: obstacles(arms[0], arm) for index, arm in enumerate(arms) if index}
            family = {"family": group[0].benchmark.name, "with_image": name == "image"}
            refused += [
                {**family, "first": arms[0].label, "second": arms[index].label, "why": reasons}
                for index, reasons in why.items()
                if reasons
            ]
            alike = [arms[index] for index in why if not why[index]]
            if alike:
                for scheme in PROTOCOLS:
                    *differences, kappas = compare_sheets([arms[0], *alike], scheme)
                    compared += [{**family, **row} for sheet in differences for row in sheet.data]
                agreement += [{**family, **row} for row in kappas.data]
    return compared, agreement, refused


def _published(arm: Arm) -> Sequence[Row]:
    """The row of the paper's Table 2 that has the run's name; nothing where none has."""
    if arm.benchmark.name != FAMILY or not arm.with_image:
        return ()
    try:
        return published_sheet(arm).data
    except DataError:
        return ()


def _nulled(rows: Iterable[Row]) -> list[dict[str, object]]:
    return [
        {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in rows
    ]
