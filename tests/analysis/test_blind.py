"""Answers with and without the image, paired."""

from __future__ import annotations

import pytest
from runs_support import arm, changed, record, records

from radimagenet_vqa_tasks.analysis.blind import blind_sheets
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.errors import RunError


def test_shares_and_gain_by_hand() -> None:
    """Ten images: 0-5 right with the image, 4-7 without: two both ways, four only with, two only without, two never."""
    seeing = arm("m", records(10, lambda image, cell: image < 6))
    blind = arm("m", records(10, lambda image, cell: 4 <= image < 8, arm="textonly"))
    rows = {row["cell"]: row for row in blind_sheets(seeing, blind, Scheme())[0].data}
    for cell in ("anatomy_mc", AVG):
        row = rows[cell]
        assert (row["both"], row["only_with"], row["only_without"], row["neither"]) == pytest.approx(
            (0.2, 0.4, 0.2, 0.2)
        )
        assert (row["with_image"], row["without_image"], row["gain"]) == pytest.approx((0.6, 0.4, 0.2))
    assert rows["anatomy_mc"]["p"] == pytest.approx(2 * 22 / 64)  # at most 2 of 6: (1 + 6 + 15) / 64
    assert rows["anatomy_mc"]["chance"] == 0.25


def test_default_answers_show_on_normal_images() -> None:
    """A model that always picks "no pathology seen" is right on the normal images, wrong on the others (Figure 10)."""
    blind = [
        record(image, "pathology_mc", image % 2 == 1, arm="textonly", extracted="C", target="C" if image % 2 else "A")
        for image in range(10)
    ]
    seeing = [changed(one, arm="image") for one in blind]
    _, split, default, _ = blind_sheets(arm("m", seeing), arm("m", blind), Scheme())
    assert {row["group"]: row["without_image"] for row in split.data} == {"normal": 1.0, "abnormal": 0.0}
    assert {row["group"]: (row["chose_no_pathology"], row["chance"], row["n"]) for row in default.data} == {
        "normal": (1.0, 0.25, 5),
        "abnormal": (1.0, 0.25, 5),
    }


def test_the_default_answer_is_right_as_often_as_images_are_normal() -> None:
    """By what was chosen: the default on six images, four of them normal; a pathology on three; one unread."""
    blind = [
        record(
            image,
            "pathology_mc",
            image < 4 or image == 6,
            arm="textonly",
            abnormal=image >= 4,
            extracted="C" if image < 6 else None if image == 9 else "A",
        )
        for image in range(10)
    ]
    seeing = [changed(one, arm="image") for one in blind]
    predicted = blind_sheets(arm("m", seeing), arm("m", blind), Scheme())[-1]
    assert [(row["chosen"], row["n"], row["normal_images"]) for row in predicted.data] == [
        ("no pathology seen", 6, 4),
        ("a pathology", 3, 0),
        ("nothing readable", 1, 0),
    ]
    assert [row["accuracy"] for row in predicted.data] == pytest.approx([4 / 6, 1 / 3, 0])


def test_arms_in_the_wrong_order_or_of_other_data_are_refused() -> None:
    """Two seeing arms are no blind comparison, and other data or another judge are refused as between runs."""
    seeing, blind = arm("m", records(3)), arm("m", records(3, arm="textonly"))
    with pytest.raises(RunError, match="with the images with one without"):
        blind_sheets(blind, seeing, Scheme())
    other = arm("m", records(3, arm="textonly", fingerprint="f" * 16))
    with pytest.raises(RunError, match="other data"):
        blind_sheets(seeing, other, Scheme())
    assert "NOT COMPARABLE" in blind_sheets(seeing, other, Scheme(), force=True)[0].notes[0]
