"""The pathologies that a run reads best and worst, once chance is taken out; the paper's Figure 9.

"No pathology seen" is the absence of one, and not among them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.decisions import ALPHA
from radimagenet_vqa_tasks.analysis.measure import Scheme, Scored, value_of
from radimagenet_vqa_tasks.analysis.numbers import (
    ArmShown,
    ByRules,
    Family,
    High,
    Images,
    Low,
    N,
    NumberRow,
    RunName,
    Share,
    WithImage,
    fields,
)
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.shrunken import Shrunken, shrink
from radimagenet_vqa_tasks.analysis.table import arm_notes, interval, name_of, of_scheme, require_cells, require_facet
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

FACET = "pathology"
CELLS = ("pathology_mc",)


class PathologyRow(NumberRow, frozen=True, kw_only=True):
    """One pathology of one run."""

    run: RunName
    arm: ArmShown
    with_image: WithImage
    family: Family
    pathology: Annotated[str, Meta(description="its name")]
    accuracy: Annotated[Share, Meta(description="share of right answers, as it is")]
    shrunken: Annotated[Share, Meta(description="drawn towards all pathologies by as much as their spread is chance")]
    low: Low
    high: High
    p_heterogeneity: Annotated[Share, Meta(description="of the test that all pathologies have one share")]
    n: N
    images: Images
    protocol: ByRules


@dataclass(frozen=True)
class Pathologies:
    """Those with enough questions.

    Attributes:
        raw: share of right answers of each, the best shrunken share first.
        shrunken: what is left of these; None where no pathology has enough questions.
        found: how many there are, with enough questions or not.
    """

    raw: dict[str, float]
    shrunken: Shrunken | None
    found: int

    @property
    def differ(self) -> bool:
        """Whether a test finds that they are not all read alike."""
        return self.shrunken is not None and self.shrunken.p < ALPHA

    @property
    def said(self) -> str:
        """The test of heterogeneity in a sentence."""
        if self.shrunken is None:
            return ""
        p = f"p = {self.shrunken.p:.3f}"
        if self.differ:
            return f"Pathologies differ ({p}, images dealt to them anew)."
        return f"No difference between pathologies is shown ({p}): their order may be chance alone."


def pathologies(arm: Arm, scheme: Scheme, at_least: int, cells: Collection[str] = CELLS) -> Pathologies:
    """The pathologies of one run that have so many scored questions in these cells (all, if none is named)."""
    groups: dict[str, list[Record]] = {}
    for record in arm.records:
        name = value_of(record, FACET)
        if name != NO_PATHOLOGY and (not cells or scheme.cell(record) in cells):
            groups.setdefault(name, []).append(record)
    scored: dict[str, Scored] = {name: scheme.scored(records) for name, records in groups.items()}
    enough = {name: one for name, one in scored.items() if len(one[0]) >= at_least}
    if not enough:
        return Pathologies({}, None, len(groups))
    shrunken = shrink(enough)
    order = sorted(enough, key=lambda name: (-shrunken.estimates[name].value, name))
    return Pathologies({name: sum(enough[name][0]) / len(enough[name][0]) for name in order}, shrunken, len(groups))


def pathology_sheets(
    arms: Sequence[Arm], scheme: Scheme, at_least: int, cells: Collection[str] = CELLS, listed: int = 10
) -> list[Sheet]:
    """Of each run the best and the worst pathologies. Raises RunError where no record says its pathology."""
    require_facet(arms, FACET)
    require_cells(cells)
    with_facet = (arm for arm in arms if FACET in arm.benchmark.facets)
    return [
        _sheet(arm, pathologies(arm, scheme, at_least, cells), scheme, at_least, cells, listed) for arm in with_facet
    ]


def _sheet(arm: Arm, found: Pathologies, scheme: Scheme, at_least: int, cells: Collection[str], listed: int) -> Sheet:
    rows = pathology_rows(arm, found, scheme)
    best, worst = rows[:listed], rows[listed:][-listed:]
    notes = [
        *([found.said] if found.said else []),
        f"{len(rows)} of {found.found} pathologies have at least {at_least} scored questions.",
        "shrunken: drawn towards the mean of all by as much as their spread is chance (beta-binomial), with the "
        "interval that holds the pathology's own accuracy with 95 %; the order goes by it.",
        *arm_notes(arm, scheme),
    ]
    of = ", ".join(name_of(cell) for cell in cells) or "mean of the cells that a group has"
    title = f"{arm.label}: pathologies read best and worst, accuracy, % ({of}){of_scheme(scheme)}"
    lines = [_line(kind, row, found) for kind, some in (("best", best), ("worst", worst)) for row in some]
    heads = ["", "pathology", "accuracy", "shrunken", "n"]
    return Sheet(title, heads, lines, notes, fields(rows), frozenset({len(best) - 1}), 2)


def _line(kind: str, row: PathologyRow, found: Pathologies) -> list[Item]:
    assert found.shrunken is not None
    bounds = interval(found.shrunken.estimates[row.pathology])
    shares = Item(f"{100 * row.accuracy:.1f}"), Item(f"{100 * row.shrunken:.1f}", bounds)
    return [Item(kind), Item(row.pathology), *shares, Item(f"{row.n:,}")]


def pathology_rows(arm: Arm, found: Pathologies, scheme: Scheme) -> list[PathologyRow]:
    """All of them, the best first."""
    if found.shrunken is None:
        return []
    return [
        PathologyRow(
            run=arm.name,
            arm=arm.arm,
            with_image=arm.with_image,
            family=arm.benchmark.name,
            pathology=name,
            accuracy=raw,
            shrunken=one.value,
            low=one.low,
            high=one.high,
            p_heterogeneity=found.shrunken.p,
            n=one.n,
            images=one.clusters,
            protocol=scheme.protocol,
        )
        for name, raw in found.raw.items()
        for one in [found.shrunken.estimates[name]]
    ]
