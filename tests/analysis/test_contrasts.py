"""Cells that ask the same but for one thing: pairs, differences, the paper's own, and people."""

from __future__ import annotations

import pytest
from runs_support import arm, changed, record

from radimagenet_vqa_tasks.analysis.contrasts import (
    as_published,
    contrast_rows,
    contrast_sheets,
    partners,
    people_rows,
    printed_rows,
)
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.scoring.record import Record

CTBENCH = BENCHMARKS["ctbench"]
BOX, SLICES = CTBENCH.contrasts


def answers(cell: str, rights: str, first: int = 0) -> list[Record]:
    """A question a lesion: "1" for each that is right."""
    return [
        changed(
            record(0, "anatomy_mc", right == "1"),
            cell=f"ctbench_{cell}",
            cluster=f"l{n}",
            key=f"{cell}{n}",
            facets={"kind": "", "box": True, "bbox_type": ""},
        )
        for n, right in enumerate(rights, first)
    ]


def test_the_box_is_measured_in_pairs() -> None:
    """9 of 10 with it and 5 of 10 without on the same lesions: +40 points; a lesion asked about once is left out."""
    found = [*answers("img2size_bbox", "1111111110" + "1"), *answers("img2size_nobox", "1111100000")]
    [row] = contrast_rows([arm("mine", found)], BOX, Scheme())
    assert (row.pair, row.first_accuracy, row.second_accuracy) == ("Img2size", 0.9, 0.5)
    assert row.difference == pytest.approx(0.4) and row.low < 0.4 < row.high
    assert (row.n, row.images, row.alone) == (10, 10, 1)
    # Four lesions changed, all to the better: 2 / 2 ** 4, alone in its table.
    assert (row.p, row.p_holm, row.test) == (0.125, 0.125, "McNemar, exact")


def test_mean_needs_every_pair_of_cells() -> None:
    """The mean of all contrasts is there only where all cells were asked."""
    cells = [cell for pair in BOX.pairs.values() for cell in pair]
    found = [one for cell in cells for one in answers(cell.removeprefix("ctbench_"), "10" if "nobox" in cell else "11")]
    rows = contrast_rows([arm("mine", found)], BOX, Scheme())
    assert [row.pair for row in rows] == [*BOX.pairs, "Avg"]
    assert (rows[-1].difference, rows[-1].n) == (0.5, 12)
    assert [row.pair for row in contrast_rows([arm("mine", found[:4])], BOX, Scheme())] == ["Img2txt"]


def test_partners_ask_the_same_of_the_same_lesion() -> None:
    """The same options come first, then the same right words, then any question about the lesion."""
    first, second = answers("img2txt_bbox", "111"), answers("img2txt_nobox", "111")
    for one in (*first, *second):
        one.cluster = "l"
    first[0].choices, first[0].target = ("x", "y"), "B"
    second[2].choices, second[2].target = ("y", "x"), "A"
    found = {one.key: other.key for one, other in partners(first, second)}
    assert found == {
        "img2txt_bbox0": "img2txt_nobox2",
        "img2txt_bbox1": "img2txt_nobox0",
        "img2txt_bbox2": "img2txt_nobox1",
    }


def test_published_differences_are_of_table_6() -> None:
    """GPT-4V reads attributes of one slice with 44.0 % with the box and 37.0 % without."""
    assert CTBENCH.printed and CTBENCH.published
    rows = printed_rows(CTBENCH.published, CTBENCH.printed, BOX)
    [gap] = [row.difference for row in rows if (row.published_row, row.pair) == ("GPT-4V", "Img2attrib")]
    assert gap == pytest.approx(0.07)
    assert {len([row for row in rows if row.published_row == name]) for name in ("GPT-4V", "Gemini")} == {6}
    assert printed_rows(CTBENCH.published, CTBENCH.printed, SLICES)


def test_people_are_shown_with_the_few_questions_that_they_answered() -> None:
    """Table 7's 80 % of 10 beside 90 % of 10; the paper's interval of 0.9 is 1.96 * sqrt(0.09 / 10) either way."""
    assert CTBENCH.printed and CTBENCH.published
    found = arm("mine", answers("img2txt_bbox", "1111111110"))
    ours, person = [
        row for row in people_rows(found, CTBENCH.published, CTBENCH.printed, Scheme()) if row.cell.endswith("txt_bbox")
    ][:2]
    assert (ours.accuracy, ours.n, ours.person) == (0.9, 10, "")
    assert (ours.published_low, ours.published_high) == (pytest.approx(0.714, abs=5e-4), 1.0)
    assert (person.accuracy, person.n) == (0.8, 10)
    assert person.low < 0.5 and person.high > 0.95
    assert as_published(Estimate(1.0, 0.7, 1.0, 10, 10)).low == 1.0


def test_sheets_are_those_that_say_something() -> None:
    """Both contrasts, both of the paper, and people; of a benchmark without contrasts none."""
    found = [*answers("img2txt_bbox", "10"), *answers("img2txt_nobox", "11"), *answers("ct2txt_bbox", "11")]
    titles = [sheet.title for sheet in contrast_sheets([arm("mine", found)], Scheme())]
    assert titles == [
        "What the box adds (Figure 2): accuracy, %",
        "One slice against nine (Figure 3): accuracy, %",
        "What the box adds (Figure 2), as published: points",
        "One slice against nine (Figure 3), as published: points",
        "mine beside people",
    ]
    assert contrast_sheets([arm("mine")], Scheme()) == []
