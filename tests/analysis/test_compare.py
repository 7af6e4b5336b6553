"""Runs against each other: what is computed, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from runs_support import arm, changed, record, records, set_fields

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.compare import compare_sheets, differences, obstacles, pair
from radimagenet_vqa_tasks.analysis.decisions import Margins
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import as_dict


def text_of(sheet: Any, name: str) -> list[str]:
    """The fields of the row that begins with `name`."""
    [row] = [row for row in sheet.rows if row[0].text == name]
    return [field.text for field in row[1:]]


def test_second_minus_first_paired_by_key() -> None:
    """The difference is what the second run adds, whatever the order of the logs."""
    base = arm("base", records(10, lambda image, cell: image < 4))
    tuned = arm("tuned", records(10, lambda image, cell: image < 7)[::-1])
    found = differences(pair(base, tuned, Scheme()), Scheme())
    assert [found[name].value for name in (*CELLS, AVG)] == pytest.approx([0.3] * 10)
    assert (found["anatomy_mc"].wins, found["anatomy_mc"].losses) == (3, 0)
    # Three discordant, all one way: 2 * (1/2)^3.
    assert found["anatomy_mc"].p == pytest.approx(0.25)
    assert (found["anatomy_mc"].test, found[AVG].test) == ("McNemar, exact", "sign flips, exact")


def test_holm_goes_over_all_that_is_decided() -> None:
    """One clear cell among 18, and two Avgs: the smallest of 20 p values counts twenty times."""
    base = arm("base", records(20, lambda image, cell: False))
    one = arm("one", records(20, lambda image, cell: cell == "anatomy_mc"))
    same = arm("same", records(20, lambda image, cell: False))
    [first, second, _] = compare_sheets([base, one, same], Scheme())
    assert text_of(first, "anatomy MC")[-5:] == ["<0.001", "20", "20", "0", "second better"]
    rows = {row["cell"]: row for row in first.data}
    assert rows["anatomy_mc"]["p_holm"] == pytest.approx(20 * 2 * 0.5**20)
    assert rows[AVG]["p_holm"] == rows["anatomy_mc"]["p_holm"]  # each image has one win in nine cells
    assert text_of(second, "anatomy MC")[-1].startswith("cannot tell (needs about ")
    assert "(20 tests:" in " ".join(first.notes)


def test_groups_are_in_the_same_family() -> None:
    """Ten tests and nine groups of one cell each: 19 p values are corrected together."""
    first = arm("a", records(20, lambda image, cell: cell != "anatomy_mc" or image < 12))
    [sheet, groups, _] = compare_sheets([first, arm("b", records(20))], Scheme(), by=["template"])
    rows = {row["group"]: row for row in groups.data}
    assert (rows["anatomy_mc"]["test"], rows["anatomy_mc"]["cell"]) == ("McNemar, exact", "anatomy_mc")
    assert rows["anatomy_mc"]["p"] == pytest.approx(2 / 2**8)  # eight differ, all one way
    assert rows["anatomy_mc"]["p_holm"] == pytest.approx(19 * 2 / 2**8)
    assert "(19 tests:" in " ".join(sheet.notes)


def test_simultaneous_intervals_are_wider_and_said() -> None:
    """At ten tests the level is 99.5 %: the interval is 2.807 / 1.960 times as wide."""
    arms = [arm("a", records(400, lambda image, cell: image % 2 == 0)), arm("b", records(400))]
    alone, together = (compare_sheets(arms, Scheme(), simultaneous=kind)[0] for kind in (False, True))
    widths = [float(str(sheet.data[0]["high"])) - float(str(sheet.data[0]["low"])) for sheet in (alone, together)]
    assert widths[1] / widths[0] == pytest.approx(2.807 / 1.960, abs=0.002)
    assert together.data[0]["level"] == pytest.approx(0.995)
    assert "hold for all lines together" in " ".join(together.notes)
    assert "not for all lines together" in " ".join(alone.notes)


def test_sameness_is_shown_and_not_assumed() -> None:
    """2,000 identical answers are the same within two points; forty identical ones cannot tell."""
    cells = ["anatomy_mc", "anatomy_open"]
    for images, verdict in ((2000, "same within the margin"), (40, "cannot tell")):
        arms = [arm(name, records(images, lambda image, cell: image % 2 == 0, cells)) for name in "ab"]
        sheet = compare_sheets(arms, Scheme())[0]
        assert {row["verdict"] for row in sheet.data if row["n"] == images} == {verdict}
    wide = compare_sheets(arms, Scheme(), margins=Margins(0.3, 0.3))[0]
    assert wide.data[0]["verdict"] == "same within the margin"


@pytest.mark.parametrize(
    ("other_than", "said"),
    [
        ({"fingerprint": "f" * 16}, "they answered other data (fingerprints 0123456789abcdef and ffffffffffffffff)"),
        ({"version": "2-A"}, "they ran other versions of the tasks (1-A and 2-A)"),
        ({"judge": "gpt-5"}, "their open answers have other judges (rule and gpt-5)"),
    ],
)
def test_what_would_mislead_is_refused(other_than: dict[str, Any], said: str) -> None:
    """Other data, another version and another judge are each a reason, and --force says it in the table."""
    other = [changed(one, **{**other_than, **({} if one.format == "open" else {"judge": None})}) for one in records(5)]
    arms = [arm("a", records(5)), arm("b", other)]
    with pytest.raises(RunError) as error:
        compare_sheets(arms, Scheme())
    assert said in str(error.value) and "--force" in str(error.value)
    assert f"NOT COMPARABLE, forced: {said}" in " ".join(compare_sheets(arms, Scheme(), force=True)[0].notes)


def test_minor_versions_compare() -> None:
    """X of a version N-X does not change scores."""
    assert obstacles(arm("a", records(2)), arm("b", records(2, version="1-B"))) == []


def test_part_of_the_questions_is_refused_or_shared() -> None:
    """A run on fewer questions is refused with the counts; forced, only shared questions count, on both sides."""
    whole = arm("whole", records(10, lambda image, cell: image < 2))
    part = arm("part", records(4, lambda image, cell: image < 2))
    with pytest.raises(RunError, match="only 36 questions are in both \\(54 only in the first, 0 only in the second"):
        compare_sheets([whole, part], Scheme())
    sheet = compare_sheets([whole, part], Scheme(), force=True)[0]
    assert text_of(sheet, "anatomy MC")[:3] == ["50.0", "50.0", "+0.0"]


def test_nothing_in_common_is_an_error_even_when_forced() -> None:
    """There is no difference between runs that share no question."""
    other = [changed(one, key=f"x{one.key}") for one in records(3)]
    with pytest.raises(RunError, match="not one question is in both"):
        compare_sheets([arm("a", records(3)), arm("b", other)], Scheme(), force=True)


def test_missing_questions_are_left_out_of_both_sides() -> None:
    """A question without a verdict on one side says nothing of the difference; how many is said."""
    found, others = (records(6, judge="mistral-large-2411") for _ in range(2))
    set_fields(found[0], outcome="missing", in_paper=False)
    sheet = compare_sheets([arm("a", found), arm("b", others)], Scheme())[0]
    assert text_of(sheet, "anatomy Open")[-4] == "5"
    assert "1 questions have no verdict" in " ".join(sheet.notes)
    assert text_of(compare_sheets([arm("a", found), arm("b", others)], Scheme("paper"))[0], "anatomy Open")[-4] == "6"


def test_closed_by_answer_is_tested_clustered() -> None:
    """By answer, an image can have two Closed- questions: they are not independent, and McNemar's test is not used."""
    found = records(12, lambda image, cell: image % 2 == 0)
    for one in found:
        if one.cell == "pathology_closed_pos":
            one.target = "no"
    scheme = Scheme(closed_by="answer")
    compared = differences(pair(arm("a", found), arm("b", found), scheme), scheme)
    assert (compared["pathology_closed_neg"].n, compared["pathology_closed_neg"].clusters) == (24, 12)
    assert compared["pathology_closed_neg"].test == "sign flips, exact"
    assert math.isnan(compared[AVG].value)  # no question is left in pathology Closed+


def test_agreement_is_of_answers_and_not_of_being_right() -> None:
    """Two runs that give the same wrong answers agree perfectly; open answers do not enter."""

    def half(image: int, cell: str) -> bool:
        return image % 2 == 0

    sheet = compare_sheets([arm("a", records(8, half)), arm("b", records(8, half))], Scheme())[-1]
    assert [[field.text for field in row] for row in sheet.rows] == [["a", "1.00", "1.00"], ["b", "1.00", "1.00"]]
    assert sheet.data[1]["n"] == 8 * 7


def test_one_run_is_not_enough() -> None:
    """The message says what else can be compared."""
    with pytest.raises(RunError, match="--published, or --blind"):
        compare_sheets([arm()], Scheme())


def test_arms_are_not_changed() -> None:
    """Comparing leaves the records as they are."""
    one: Arm = arm("a", records(2))
    before = [as_dict(record) for record in one.records]
    compare_sheets([one, arm("b", records(2))], Scheme())
    assert before == [as_dict(record) for record in one.records]


def test_a_part_of_several_data_sets_is_a_part_and_not_other_data() -> None:
    """Where every cell is a data set of its own, a run on some of them has the same data in those."""
    every = [record(0, cell, fingerprint=f"{index:016}") for index, cell in enumerate(BENCHMARKS["mmmu_med"].cells)]
    whole, part = arm(found=every), arm(found=every[:2])
    assert obstacles(whole, part) == ["only 2 questions are in both (3 only in the first, 0 only in the second)"]
    [other] = obstacles(part, arm(found=[changed(every[0], fingerprint="f" * 16), every[1]]))
    assert "other data" in other


def test_differences_by_a_facet_are_means_of_its_cells() -> None:
    """Twelve images: the second run is better on the brain only, with 4 of 4 against 0 of 4 in each of nine cells."""
    first = arm("a", records(12, lambda image, cell: image % 3 != 0))
    second = arm("b", records(12))
    [_, sheet, _] = compare_sheets([first, second], Scheme(), by=["location"])
    assert "by location" in sheet.title
    assert {row["group"]: row["difference"] for row in sheet.data} == {"brain": 1, "knee": 0, "lung": 0}
    assert {(row["cell"], row["n"], row["images"], row["by"]) for row in sheet.data} == {(AVG, 36, 4, "location")}


def test_agreement_has_intervals_and_is_the_same_both_ways() -> None:
    """The matrix is symmetric, and an interval stands beside what is neither full nor impossible agreement."""
    first = arm("a", records(40, lambda image, cell: image % 2 == 0))
    second = arm("b", records(40, lambda image, cell: image % 4 == 0))
    found = {(row["first"], row["second"]): row for row in compare_sheets([first, second], Scheme())[-1].data}
    assert found["a", "b"]["kappa"] == found["b", "a"]["kappa"]
    assert found["a", "b"]["low"] < found["a", "b"]["kappa"] < found["a", "b"]["high"]
    assert found["a", "b"]["images"] == 40
