"""Whether the parser explains a gap: the test of the two protocols, and how much of the gap it covers."""

from __future__ import annotations

import math

import pytest
from runs_support import arm, changed, records

from radimagenet_vqa_tasks.analysis.measure import AVG
from radimagenet_vqa_tasks.analysis.parser_gap import ParserGap, parser_gaps
from radimagenet_vqa_tasks.analysis.published import published_sheet
from radimagenet_vqa_tasks.published.tables import table_2
from radimagenet_vqa_tasks.scoring.record import Record

CELL = "anatomy_mc"


def answers(strict: int, flipped: int, images: int = 1000) -> list[Record]:
    """A cell with so many right answers, of which the paper's protocol has so many wrong."""
    found = records(images, lambda image, cell: image < strict, cells=[CELL])
    return [changed(one, in_paper=flipped <= image < strict) for image, one in enumerate(found)]


def gap_of(found: list[Record], published: float) -> ParserGap:
    """The one cell's verdict."""
    return parser_gaps({CELL: found}, {CELL: published})[CELL]


def test_a_large_effect_that_covers_the_gap_explains_it() -> None:
    """20 points of effect before a gap of 19: explained, and nothing of it is chance."""
    found = gap_of(answers(800, 200), 0.61)
    assert (found.effect.value, found.effect.losses, found.gap) == (pytest.approx(-0.2), 200, pytest.approx(-0.19))
    assert found.explains and found.p < 1e-9
    assert str(found) == "the protocols' -20.0 covers most of the -19.0"


def test_a_significant_but_small_effect_explains_nothing() -> None:
    """1 point of a gap of 5 is real and is not the explanation."""
    found = gap_of(answers(800, 10), 0.75)
    assert found.p < 0.05 and not found.covers and not found.explains
    assert str(found) == "the protocols' -1.0 does not cover most of the -5.0"


def test_two_answers_of_a_thousand_explain_nothing() -> None:
    """0.2 points are two answers, p = 0.5, however much of a small gap they cover."""
    found = gap_of(answers(800, 2), 0.797)
    assert found.covers and found.p == pytest.approx(0.5) and not found.explains
    assert "may be chance" in str(found)


def test_an_effect_the_other_way_or_beyond_explains_nothing() -> None:
    """An effect away from the published value, or three times as far, does not lead there."""
    assert not gap_of(answers(800, 100), 0.9).explains
    assert not gap_of(answers(800, 300), 0.7).covers
    assert gap_of(answers(800, 140), 0.7).covers


def test_effects_are_clustered_on_images() -> None:
    """Ten answers about one image are not ten: the same flips in a few clusters are no evidence."""
    found = [changed(one, cluster=f"image{index // 100}") for index, one in enumerate(answers(800, 8))]
    assert gap_of(answers(800, 8), 0.792).explains
    assert not gap_of(found, 0.792).explains


def test_the_tests_of_a_table_are_corrected_together() -> None:
    """One p of 0.03 among two is no longer 0.03."""
    cells = {CELL: answers(800, 6), "pathology_mc": [changed(one, cell="pathology_mc") for one in answers(800, 0)]}
    alone = parser_gaps(cells, {CELL: 0.79})[CELL]
    both = parser_gaps(cells, {CELL: 0.79, "pathology_mc": 0.8})[CELL]
    assert alone.p == pytest.approx(2 * 0.5**6) and both.p == pytest.approx(2 * alone.p)


def test_avg_is_the_mean_of_all_cells() -> None:
    """Half of the one cell's effect and gap, where two cells count."""
    cells = {CELL: answers(800, 200), "pathology_mc": [changed(one, cell="pathology_mc") for one in answers(800, 0)]}
    found = parser_gaps(cells, {AVG: 0.7})[AVG]
    assert (found.effect.value, found.gap) == (pytest.approx(-0.1), pytest.approx(-0.1))
    assert found.explains


def test_nothing_to_compare_explains_nothing() -> None:
    """Without a paper protocol, without a verdict, or without answers there is no effect."""
    for found in ([], [changed(one, outcome="missing", in_paper=None) for one in answers(10, 0, 10)]):
        gap = gap_of(found, 0.5)
        assert math.isnan(gap.effect.value) and not gap.explains
        assert str(gap) == "the protocols cannot be compared"


def test_a_small_effect_is_said_beside_the_verdict() -> None:
    """Strictly read the published value is just too far, by the paper's rules not: no parser is to blame."""
    model = "Qwen2.5-VL-7B-Instruct"
    row = table_2()[model]
    found = records(1000, lambda image, cell: image < 10 * row[cell] + (22 if cell == CELL else 0))
    run = [
        changed(one, judge="mistral-large-2411", in_paper=one.outcome == "correct" and not (one.cell == CELL and n < 4))
        for n, one in ((int(one.cluster.removeprefix("image")), one) for one in found)
    ]
    sheet = published_sheet(arm(model, run))
    [cell] = [one for one in sheet.data if one["cell"] == CELL]
    assert cell["verdict"] == "cannot tell"
    assert "strictly read it differs; the protocols differ by -0.4" in str(cell["why"])
    assert cell["parser_explains"] is False and cell["parser_effect"] == pytest.approx(-0.004)
