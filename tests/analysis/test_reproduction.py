"""A run against printed numbers: both meanings of "the same", and what the row comes to."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from radimagenet_vqa_tasks.analysis.decisions import Margins
from radimagenet_vqa_tasks.analysis.measure import AVG
from radimagenet_vqa_tasks.analysis.printed import Images, printed_gap
from radimagenet_vqa_tasks.analysis.reproduction import CellVerdict, PrintedShare, reproduced, row_verdict

MARGINS = Margins()


def cell(right: int, n: int = 1000) -> tuple[list[float], list[int]]:
    """Scores of a cell with one question an image."""
    return [1.0] * right + [0.0] * (n - right), list(range(n))


def row(right: int, printed: float, images: Images, n: int = 1000, **fields: float) -> dict[str, CellVerdict]:
    """The verdicts on nine equal cells and Avg."""
    names = [str(one) for one in range(9)]
    values = {name: PrintedShare(printed, n) for name in names} | {AVG: PrintedShare(printed, 9 * n)}
    return reproduced({name: cell(right, n) for name in names}, values, images, MARGINS, {}, **fields)


def test_on_other_images_both_values_are_samples() -> None:
    """60 % against 55 % of 1,000 each: the test of two shares, and Newcombe's interval by hand from Wilson's."""
    one = printed_gap({"": cell(600)}, 0.55, 1000, "other images")
    z = (0.05 - 0.0005) / math.sqrt(0.575 * 0.425 * 2 / 1000)
    assert one.p == pytest.approx(2 * stats.norm.sf(z), rel=1e-2)
    ours, theirs = (stats.binomtest(k, 1000).proportion_ci(method="wilson") for k in (600, 550))
    low = 0.05 - math.hypot(0.6 - ours.low, theirs.high - 0.55) - 0.0005
    high = 0.05 + math.hypot(ours.high - 0.6, 0.55 - theirs.low) + 0.0005
    assert (one.low, one.high) == pytest.approx((low, high), abs=2e-3)


def test_on_the_same_images_only_what_a_repeat_changes_is_chance() -> None:
    """2 points on 1,000 images are 20 answers; that many more one way than the other, of 50 that change: z = 2.8."""
    one = printed_gap({"": cell(520)}, 0.5, 1000, "same images")
    assert one.p == pytest.approx(2 * stats.norm.sf(0.0195 / math.sqrt(0.05 / 1000)), rel=1e-6)
    assert one.high - one.low < 0.5 * (printed_gap({"": cell(520)}, 0.5, 1000, "other images").high - one.low)
    more = printed_gap({"": cell(520)}, 0.5, 1000, "same images", flips=0.2)
    assert more.p > one.p and more.high > one.high


def test_no_gap_is_no_proof_of_sameness_on_other_images() -> None:
    """The very number that was printed: the same on the same images, and not to be told on others."""
    assert {one.outcome for one in row(500, 0.5, "other images").values()} == {"cannot tell"}
    on_same = row(500, 0.5, "same images", flips=0.02)
    assert {one.outcome for one in on_same.values()} == {"same within the margin"}
    assert row_verdict(on_same).startswith("is reproduced")
    assert row_verdict(row(500, 0.5, "other images")).startswith(
        "is neither reproduced nor refuted: cannot tell (needs"
    )


def test_a_sure_difference_within_the_margin_is_the_same() -> None:
    """A point off in 100,000 questions a cell is surely there, and within two."""
    found = row(51_000, 0.5, "same images", n=100_000)
    assert found["0"].outcome == "same within the margin"
    assert found["0"].decision and found["0"].decision.p_holm < 0.001


@pytest.mark.parametrize(("images", "right"), [("same images", 550), ("other images", 600)])
def test_many_points_refute_a_row(images: Images, right: int) -> None:
    """Every cell far off: Avg differs either way, though here nine questions about an image are worth but one."""
    assert row_verdict(row(right, 0.5, images)).startswith("is not reproduced: Avg differs")


def test_one_cell_refutes_a_row_whose_avg_holds() -> None:
    """The tests of a row are corrected together, so that a cell that differs is no accident."""
    found = row(500, 0.5, "same images", flips=0.02) | {"3": CellVerdict("differs")}
    assert row_verdict(found).startswith("is not reproduced: 1 of 9 cells differ")


def test_what_cannot_be_compared_is_not_decided() -> None:
    """An obstacle is said in the verdict's place, and takes no part in the correction."""
    printed = {"0": PrintedShare(0.5, 1000), AVG: PrintedShare(0.5, 1000)}
    found = reproduced({"0": cell(500)}, printed, "same images", MARGINS, {"0": "sample", AVG: "sample"})
    assert {str(one) for one in found.values()} == {"not comparable: sample"}
    assert row_verdict(found) == "cannot be reproduced or refuted by this run (1 not comparable)"


@pytest.mark.parametrize("images", ["same images", "other images"])
@pytest.mark.parametrize("right", [0, 1, 20])
def test_extreme_shares_have_intervals_with_a_width(images: Images, right: int) -> None:
    """None right of 20 and none printed, or all: no width of 0, and no crash."""
    for printed in (0.0, 1.0):
        one = printed_gap({"": cell(right, 20)}, printed, 20, images)
        assert -1 <= one.low < one.high <= 1 and 0 <= one.p <= 1
    assert math.isnan(printed_gap({}, 0.5, 10, images).value)
