"""Which tables belong into a report: for each benchmark the main one, then what it breaks down into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.blind import blind_sheets
from radimagenet_vqa_tasks.analysis.captions import caption_sheets
from radimagenet_vqa_tasks.analysis.compare import compare_sheets, obstacles
from radimagenet_vqa_tasks.analysis.consistency import consistency_sheets
from radimagenet_vqa_tasks.analysis.contrasts import contrast_sheets
from radimagenet_vqa_tasks.analysis.grounding import runs_of
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.pathologies import pathology_sheets
from radimagenet_vqa_tasks.analysis.published import published_sheet
from radimagenet_vqa_tasks.analysis.published_cells import cells_sheet, has_printed_row
from radimagenet_vqa_tasks.analysis.sheet import Sheet
from radimagenet_vqa_tasks.analysis.table import (
    arm_notes,
    by_family,
    facet_sheets,
    main_sheet,
    together,
)
from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.errors import RadVQAError
from radimagenet_vqa_tasks.report.findings import Finding, findings
from radimagenet_vqa_tasks.report.grounding import has_more_arms, run_sheets
from radimagenet_vqa_tasks.report.leaderboard import leaderboard
from radimagenet_vqa_tasks.scoring.record import ARMS

SIDE_BY_SIDE = 4  # arms that are a column each, beside the findings; more are a row each, in a leaderboard
AT_LEAST = 10  # questions of a pathology that is ranked

# The subject is in the cells' names; templates and pathologies are too many for one table.
_NOT_BROKEN_DOWN_BY = frozenset({"subject", "template", "pathology"})


@dataclass
class Part:
    """Some tables under one heading, and a sentence for each that could not be made."""

    title: str
    sheets: list[Sheet] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, make: Callable[[], Sequence[Sheet]], what: str = "") -> None:
        """Add what `make` gives; if it refuses, say why."""
        try:
            self.sheets += make()
        except RadVQAError as error:
            self.missing.append(f"{what}: {error}" if what else str(error))


@dataclass(frozen=True)
class Section:
    """One benchmark: what must be known of its runs, what they show, the main table, and the others.

    `is_wide` where the main table needs the whole width.
    """

    family: Benchmark
    labels: list[str]
    findings: list[Finding]
    main: Sheet
    parts: list[Part]
    is_wide: bool = False


def sections(arms: Sequence[Arm], scheme: Scheme) -> list[Section]:
    """Each benchmark's tables, in the order of the arms."""
    return [_section(of_family, scheme) for of_family in by_family(arms)]


def _section(arms: Sequence[Arm], scheme: Scheme) -> Section:
    family = arms[0].benchmark
    makers = (_looks, _other_protocol, _published, _blind, _compared, _contrasted, _consistent, _broken_down)
    parts = [make(arms, scheme) for make in makers]
    labels = together({arm.label: arm_notes(arm, scheme) for arm in arms})
    many = len(arms) > SIDE_BY_SIDE
    table = main_sheet(arms, scheme, paper_layout=many)
    main = leaderboard(arms, scheme, table) if many else table
    if main is not table:
        parts.insert(0, Part("Every cell of every run", [table]))
    parts = [part for part in parts if part.sheets or part.missing]
    return Section(family, labels, findings(arms, scheme), main, parts, many and main is table)


def caption_sections(arms: Sequence[Arm]) -> list[Section]:
    """Each benchmark of captions: its values, and what differs."""
    found = []
    for of_family in by_family(arms):
        values, *rest = caption_sheets(of_family)
        parts = [Part("Differences in pairs, and published values", rest)] if rest else []
        found.append(Section(of_family[0].benchmark, [], [], values, parts, is_wide=True))
    return found


def _contrasted(arms: Sequence[Arm], scheme: Scheme) -> Part:
    return Part("Cells that differ in one thing", contrast_sheets(arms, scheme))


def _looks(arms: Sequence[Arm], scheme: Scheme) -> Part:
    part = Part("Whether it looks at the image: all arms")
    for of_run in filter(has_more_arms, runs_of(arms)):
        part.add(partial(run_sheets, of_run, scheme), of_run["image"].label)
    return part


def _other_protocol(arms: Sequence[Arm], scheme: Scheme) -> Part:
    if scheme.protocol == "strict":
        return Part("The same responses by the paper's protocol", [main_sheet(arms, Scheme("paper"))])
    return Part("The same responses by the strict protocol", [main_sheet(arms, Scheme())])


def _published(arms: Sequence[Arm], scheme: Scheme) -> Part:
    part = Part("Against the published table")
    for arm in arms:
        if arm.with_image and not (arm.is_sample or arm.is_built):
            if arm.benchmark is MAIN:
                part.add(partial(_against_published, arm), arm.label)
            elif has_printed_row(arm):
                part.add(partial(_against_cells, arm), arm.label)
    return part


def _against_published(arm: Arm) -> list[Sheet]:
    return [published_sheet(arm)]


def _against_cells(arm: Arm) -> list[Sheet]:
    return [cells_sheet(arm)]


def _blind(arms: Sequence[Arm], scheme: Scheme) -> Part:
    part = Part("With and without the image")
    for seeing in arms:
        for blind in arms:
            if seeing.with_image and blind.arm == "textonly" and seeing.name == blind.name:
                part.add(partial(blind_sheets, seeing, blind, scheme))
    return part


def _compared(arms: Sequence[Arm], scheme: Scheme) -> Part:
    part = Part("Runs against the first, and their agreement")
    for name in ARMS:
        same = [arm for arm in arms if arm.arm == name]
        if not same:
            continue
        base, *others = same
        reasons = [(other, obstacles(base, other)) for other in others]
        part.missing += [
            f"{other.label} does not compare with {base.label}: {'; '.join(why)}" for other, why in reasons if why
        ]
        if alike := [other for other, why in reasons if not why]:
            part.add(partial(compare_sheets, [base, *alike], scheme))
    return part


def _consistent(arms: Sequence[Arm], scheme: Scheme) -> Part:
    part = Part("Consistency over the questions about one image")
    if arms[0].benchmark.together:
        part.add(partial(consistency_sheets, arms, scheme))
    return part


def _broken_down(arms: Sequence[Arm], scheme: Scheme) -> Part:
    part = Part("Broken down")
    facets = arms[0].benchmark.facets
    for facet in facets:
        if facet not in _NOT_BROKEN_DOWN_BY:
            part.add(partial(facet_sheets, arms, facet, scheme), facet)
    if "pathology" in facets and "pathology_mc" in arms[0].cells:
        ranked = pathology_sheets(arms, scheme, AT_LEAST)
        part.sheets += [sheet for sheet in ranked if len(sheet.rows) > 1]
    return part
