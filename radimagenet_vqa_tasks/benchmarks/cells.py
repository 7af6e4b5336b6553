"""The benchmarks that the pack has (families), and the kinds of question each of them asks (cells).

A cell is one column of a benchmark's table and one task; its name is the task's without "radvqa_", so it is unique
among all families. A new benchmark begins here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# "phrase": one right word or phrase that is neither yes, no nor a letter, read without a judge.
Format = Literal["open", "closed", "mc", "phrase"]


@dataclass(frozen=True)
class Cell:
    """One column of a benchmark's table.

    Attributes:
        subject: what it asks about; columns of one subject stand together.
        format: of its questions; a cell of several formats has that of most of them.
        title: the column's head under its subject.
    """

    name: str
    subject: str
    format: Format
    title: str


@dataclass(frozen=True)
class Family:
    """One benchmark.

    Attributes:
        title: its name for people.
        cells: by name, in the order of its table.
        facets: what its results can be broken down by; every record of the family has each.
        averaged: whether the unweighted mean of the cells is a number that means something.
        one_data_set: whether all cells ask about the same rows, so that one fingerprint covers them.
    """

    name: str
    title: str
    cells: Mapping[str, Cell]
    facets: tuple[str, ...]
    averaged: bool = True
    one_data_set: bool = True


def _family(
    name: str, title: str, facets: tuple[str, ...], *cells: Cell, averaged: bool = True, one_data_set: bool = True
) -> Family:
    return Family(name, title, {cell.name: cell for cell in cells}, facets, averaged, one_data_set)


_RADVQA_FACETS = ("subject", "template", "location", "modality", "pathology", "abnormal")
_SLAKE_FACETS = ("organ", "modality", "content_type", "base_type")

FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        _family(
            "radvqa",
            "RadImageNet-VQA",
            _RADVQA_FACETS,
            Cell("anatomy_open", "anatomy", "open", "Open"),
            Cell("anatomy_closed_pos", "anatomy", "closed", "Closed+"),
            Cell("anatomy_closed_neg", "anatomy", "closed", "Closed-"),
            Cell("anatomy_mc", "anatomy", "mc", "MC"),
            Cell("abnormality_closed", "abnormality", "closed", "Closed"),
            Cell("pathology_open", "pathology", "open", "Open"),
            Cell("pathology_closed_pos", "pathology", "closed", "Closed+"),
            Cell("pathology_closed_neg", "pathology", "closed", "Closed-"),
            Cell("pathology_mc", "pathology", "mc", "MC"),
        ),
        # The paper's Table 4: in what share of the questions "no pathology seen" is an option.
        _family(
            "radvqa_distractors",
            "RadImageNet-VQA, distractor ablation",
            _RADVQA_FACETS,
            Cell("pathology_mc_nps000", "no pathology seen", "mc", "0 %"),
            Cell("pathology_mc_nps030", "no pathology seen", "mc", "30 %"),
            Cell("pathology_mc_nps100", "no pathology seen", "mc", "100 %"),
            averaged=False,
        ),
        _family(
            "vqarad",
            "VQA-RAD",
            (),
            Cell("vqarad_open", "", "open", "Open"),
            Cell("vqarad_closed", "", "closed", "Closed"),
        ),
        _family(
            "slake",
            "SLAKE (English)",
            _SLAKE_FACETS,
            Cell("slake_open", "", "open", "Open"),
            Cell("slake_closed", "", "closed", "Closed"),
        ),
        _family(
            "slake_zh",
            "SLAKE (Chinese)",
            _SLAKE_FACETS,
            Cell("slake_zh_open", "", "open", "Open"),
            Cell("slake_zh_closed", "", "phrase", "Closed"),
        ),
        _family(
            "mmmu_med",
            "MMMU-Med-val",
            ("subject", "subfield", "topic_difficulty"),
            Cell("mmmu_med_mc_basic_medical_science", "", "mc", "Basic Medical Science"),
            Cell("mmmu_med_mc_clinical_medicine", "", "mc", "Clinical Medicine"),
            Cell("mmmu_med_mc_diagnostics", "", "mc", "Diagnostics and Laboratory Medicine"),
            Cell("mmmu_med_mc_pharmacy", "", "mc", "Pharmacy"),
            Cell("mmmu_med_mc_public_health", "", "mc", "Public Health"),
            one_data_set=False,
        ),
    )
}

CELLS: Mapping[str, Cell] = FAMILIES["radvqa"].cells
"""The nine cells of the paper's Table 2."""

FAMILY_OF: Mapping[str, Family] = {cell: family for family in FAMILIES.values() for cell in family.cells}
"""Every cell's family."""


def cell_called(name: str) -> Cell:
    """The cell of any family by its name. Raises KeyError."""
    return FAMILY_OF[name].cells[name]
