"""Everything that the commands print of some runs, as one JSON document with a schema: for notebooks and dashboards.

The document is flat: each of its lists is a table of `analysis.numbers`. `summary.schema.json` beside this file is
generated from those types; docs/summary_schema.md describes the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.analysis.agreement import kappa_rows
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.baselines import BaselineRow, baseline_rows
from radimagenet_vqa_tasks.analysis.blind import blind_rows
from radimagenet_vqa_tasks.analysis.captions import caption_differences, caption_rows
from radimagenet_vqa_tasks.analysis.compare import compared, obstacles, pair
from radimagenet_vqa_tasks.analysis.consistency import consistency_rows, has_images_together
from radimagenet_vqa_tasks.analysis.contrasts import contrast_rows
from radimagenet_vqa_tasks.analysis.discrimination import DiscriminationRow, discrimination_rows
from radimagenet_vqa_tasks.analysis.grounding import Grounding, grounding, runs_of
from radimagenet_vqa_tasks.analysis.grounding_line import in_words_rows
from radimagenet_vqa_tasks.analysis.grounding_rows import (
    FollowsRow,
    GainRow,
    InWordsRow,
    MirageRow,
    SameRow,
    follows_rows,
    gain_rows,
    mirage_rows,
    same_rows,
)
from radimagenet_vqa_tasks.analysis.measure import ClosedBy, Protocol, Scheme
from radimagenet_vqa_tasks.analysis.numbers import (
    AccuracyRow,
    ArmRow,
    BlindRow,
    CaptionDifferenceRow,
    CaptionRow,
    ContrastRow,
    DifferenceRow,
    KappaRow,
    PrintedRow,
    PublishedRow,
    RateRow,
    RefusalRow,
    RunRow,
)
from radimagenet_vqa_tasks.analysis.published import against, has_published_row
from radimagenet_vqa_tasks.analysis.published_cells import cells_against, has_printed_row
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.analysis.table import FORMAT, accuracy_rows, arm_notes, by_family, facet_rows
from radimagenet_vqa_tasks.scoring.record import ARMS


class Summary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `radvqa summary` prints: all rows of some runs. Null is a number that does not exist."""

    schema: Literal["radvqa.summary/1"]
    version: Annotated[str, Meta(description="of the package that wrote the document")]
    runs: Annotated[list[RunRow], Meta(description="the runs, in the order given")]
    arms: Annotated[list[ArmRow], Meta(description="what was answered")]
    cells: Annotated[
        list[AccuracyRow],
        Meta(description="every cell and Avg, by both protocols and both groupings of Closed+ and Closed-"),
    ]
    facets: Annotated[list[AccuracyRow], Meta(description="the same by every facet, by both protocols")]
    baselines: Annotated[list[BaselineRow], Meta(description="cells and Avg beside answers that need no image, strict")]
    discrimination: Annotated[list[DiscriminationRow], Meta(description="closed questions, by both protocols")]
    consistency: Annotated[list[RateRow], Meta(description="of the benchmarks with several questions an image, strict")]
    blind: Annotated[
        list[BlindRow],
        Meta(description="for every run that answered the same questions with and without the images"),
    ]
    gains: Annotated[
        list[GainRow], Meta(description="what the own image adds to every other arm of a run, by both protocols")
    ]
    follows: Annotated[list[FollowsRow], Meta(description="what answers follow where another image is shown")]
    mirages: Annotated[list[MirageRow], Meta(description="answers in the arms in which there is nothing to see")]
    same_answers: Annotated[list[SameRow], Meta(description="answers that another arm does not change")]
    in_words: Annotated[list[InWordsRow], Meta(description="the same in a line of words, strict")]
    contrasts: Annotated[
        list[ContrastRow], Meta(description="cells that ask the same but for one thing, in pairs, by both protocols")
    ]
    captions: Annotated[list[CaptionRow], Meta(description="captions by every metric")]
    caption_differences: Annotated[
        list[CaptionDifferenceRow],
        Meta(description="what a contrast changes in them, and how runs differ from the first"),
    ]
    differences: Annotated[
        list[DifferenceRow],
        Meta(description="every run that compares with the first of its benchmark, by both protocols"),
    ]
    agreement: Annotated[list[KappaRow], Meta(description="of those runs")]
    not_compared: Annotated[list[RefusalRow], Meta(description="the others")]
    published: Annotated[list[PublishedRow], Meta(description="runs that have a row's name")]
    printed: Annotated[list[PrintedRow], Meta(description="the same of papers that print accuracies and no protocol")]


STRICT = Scheme()
PROTOCOLS = tuple(Scheme(protocol) for protocol in get_args(Protocol))
SCHEMES = tuple(Scheme(protocol, by) for protocol in get_args(Protocol) for by in get_args(ClosedBy))


def summary(runs: Sequence[Run]) -> Summary:
    """The document. Any text in it is as it came from the logs: escape it."""
    arms = [arm for run in runs for arm in run.arms]
    described = [arm for run in runs for arm in run.captions]
    families = by_family(arms)
    differences, agreement, refused = _compared(families)
    looked = _grounded(arms, STRICT)
    return Summary(
        schema="radvqa.summary/1",
        version=__version__,
        runs=[RunRow(run=run.name, notes=list(run.notes)) for run in runs],
        arms=[_arm(arm) for arm in arms],
        cells=[row for group in families for scheme in SCHEMES for row in accuracy_rows(group, scheme)],
        facets=[row for group in families for row in _facets(group)],
        baselines=[row for group in families for row in baseline_rows(group, STRICT)],
        discrimination=[row for group in families for one in PROTOCOLS for row in discrimination_rows(group, one)],
        consistency=[row for arm in arms if has_images_together(arm) for row in consistency_rows(arm, STRICT)],
        blind=[row for group in families for row in _blind(group)],
        gains=[row for one in PROTOCOLS for found in _grounded(arms, one) for row in gain_rows(found, one)],
        follows=[row for found in looked for row in follows_rows(found)],
        mirages=[row for found in looked for row in mirage_rows(found)],
        same_answers=[row for found in looked for row in same_rows(found)],
        in_words=in_words_rows(arms, STRICT),
        contrasts=[
            row
            for group in families
            for contrast in group[0].benchmark.contrasts
            for one in PROTOCOLS
            for row in contrast_rows(group, contrast, one)
        ],
        captions=[row for arm in described for row in caption_rows(arm)],
        caption_differences=caption_differences(described),
        differences=differences,
        agreement=agreement,
        not_compared=refused,
        published=[row for arm in arms if has_published_row(arm) for row in against(arm).rows],
        printed=[row for arm in arms if has_printed_row(arm) for row in cells_against(arm).rows],
    )


def as_json(runs: Sequence[Run]) -> str:
    """The document in pure ASCII, so that nothing in it acts on a terminal; numbers that do not exist are null."""
    # msgspec writes NaN as null; the standard library escapes what is not ASCII.
    return json.dumps(json.loads(msgspec.json.encode(summary(runs))), indent=1, ensure_ascii=True, allow_nan=False)


def schema() -> dict[str, object]:
    """The JSON Schema of the document, from the types of its rows."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What radvqa summary prints",
        **{name: _or_null(part) for name, part in msgspec.json.schema(Summary).items()},
    }


def _or_null(part: Any) -> Any:
    """Any number may be NaN, which is null in JSON; the types do not say so."""
    if isinstance(part, list):
        return [_or_null(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: ["number", "null"] if (name, one) == ("type", "number") else _or_null(one) for name, one in part.items()
    }


def _arm(arm: Arm) -> ArmRow:
    return ArmRow(
        run=arm.name,
        arm=arm.arm,
        with_image=arm.with_image,
        family=arm.benchmark.name,
        benchmark=arm.benchmark.title,
        fingerprint=arm.fingerprint,
        version=arm.version,
        sample=arm.is_sample,
        judges=list(arm.judges),
        partial=arm.partial,
        questions=len(arm.records),
        images=len({record.image for record in arm.records}),
        notes=arm_notes(arm, STRICT),
    )


def _facets(arms: Sequence[Arm]) -> list[AccuracyRow]:
    """Every facet of which the records say something, by both protocols."""
    known = [
        facet
        for facet in (*arms[0].benchmark.facets, FORMAT)
        if any(record.facet(facet) is not None for arm in arms for record in arm.records)
    ]
    return [row for facet in known for scheme in PROTOCOLS for row in facet_rows(arms, facet, scheme)]


def _blind(arms: Sequence[Arm]) -> list[BlindRow]:
    """What the image adds, for every run that has answered the same questions both ways."""
    pairs = [(one, other) for one in arms for other in arms if one.with_image and other.arm == "textonly"]
    same = [(seeing, blind) for seeing, blind in pairs if seeing.name == blind.name and not obstacles(blind, seeing)]
    return [
        row
        for seeing, blind in same
        for one in _scoring((seeing, blind))
        for row in blind_rows(pair(blind, seeing, one), one)
    ]


def _grounded(arms: Sequence[Arm], scheme: Scheme) -> list[Grounding]:
    """Whether each run looks that has arms which compare."""
    alike = (of_run for of_run in runs_of(arms) if not any(obstacles(arm, of_run["image"]) for arm in of_run.values()))
    return [grounding(of_run, scheme) for of_run in alike]


def _scoring(arms: Iterable[Arm]) -> list[Scheme]:
    """The protocols that score any of these answers: not every benchmark's paper has one."""
    records = [record for arm in arms for record in arm.records]
    return [one for one in PROTOCOLS if any(one.score(record) is not None for record in records)]


def _compared(families: Iterable[Sequence[Arm]]) -> tuple[list[DifferenceRow], list[KappaRow], list[RefusalRow]]:
    """Differences from the first run, agreement, and which runs do not compare with it and why."""
    differences: list[DifferenceRow] = []
    agreement: list[KappaRow] = []
    refused: list[RefusalRow] = []
    for group in families:
        for name in ARMS:
            arms = [arm for arm in group if arm.arm == name]
            why = {index: obstacles(arms[0], arm) for index, arm in enumerate(arms) if index}
            refused += [_refusal(arms[0], arms[index], reasons) for index, reasons in why.items() if reasons]
            alike = [arms[index] for index in why if not why[index]]
            if alike:
                together = [arms[0], *alike]
                differences += [row for one in _scoring(together) for row in compared(together, one).rows(one)]
                agreement += kappa_rows(together)
    return differences, agreement, refused


def _refusal(first: Arm, second: Arm, why: list[str]) -> RefusalRow:
    return RefusalRow(
        family=first.benchmark.name, with_image=first.with_image, first=first.label, second=second.label, why=why
    )
