"""The nine kinds of question that RadImageNet-VQA asks about an image: the columns of the paper's Table 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Format = Literal["open", "closed", "mc"]


@dataclass(frozen=True)
class Cell:
    """One of the nine columns of the paper's Table 2."""

    name: str
    subject: str
    format: Format
    title: str


CELLS: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        Cell("anatomy_open", "anatomy", "open", "Open"),
        Cell("anatomy_closed_pos", "anatomy", "closed", "Closed+"),
        Cell("anatomy_closed_neg", "anatomy", "closed", "Closed-"),
        Cell("anatomy_mc", "anatomy", "mc", "MC"),
        Cell("abnormality_closed", "abnormality", "closed", "Closed"),
        Cell("pathology_open", "pathology", "open", "Open"),
        Cell("pathology_closed_pos", "pathology", "closed", "Closed+"),
        Cell("pathology_closed_neg", "pathology", "closed", "Closed-"),
        Cell("pathology_mc", "pathology", "mc", "MC"),
    )
}
