"""What an accuracy is worth beside answers that need no image; sensitivity and specificity of closed answers."""

from __future__ import annotations

import math

import pytest
from runs_support import arm, changed, record, records
from scipy import stats

from radimagenet_vqa_tasks.analysis.baselines import BaselineRow, baseline_rows, baseline_sheets, p_of_share
from radimagenet_vqa_tasks.analysis.discrimination import discrimination_rows, discrimination_sheet, discriminations
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.scoring.record import Record

STRICT = Scheme()
CLOSED = "abnormality_closed"


def answers(says: str, images: int = 100, normal: int = 28) -> list[Record]:
    """Always the same answer to "is it abnormal?", of whose right answers 28 in a hundred are no."""
    found = []
    for image in range(images):
        target = "no" if image < normal else "yes"
        found.append(record(image, CLOSED, says == target, target=target, extracted=says, abnormal=target == "yes"))
    return found


def rows(found: list[Record]) -> dict[tuple[str, str], BaselineRow]:
    """The rows of one run by cell and baseline."""
    return {(row.cell, row.baseline): row for row in baseline_rows([arm(found=found)], STRICT)}


def test_always_abnormal_is_above_chance_and_shows_nothing() -> None:
    """72 of 100 are more than a coin gets, and exactly what "yes" and the commonest answer get."""
    found = rows(answers("yes"))
    assert {name: row.level for (_, name), row in found.items()} == pytest.approx(
        {"chance": 0.5, "always yes": 0.72, "always no": 0.28, "commonest answer": 0.72}
    )
    said = {name: row.verdict for (_, name), row in found.items()}
    assert said == {
        "chance": "above",
        "always yes": "not told apart",
        "always no": "above",
        "commonest answer": "not told apart",
    }


def test_the_test_against_chance_is_binomial() -> None:
    """One question an image: the exact two-sided p, twice the smaller tail."""
    scores = [1.0] * 35 + [0.0] * 65
    tail = stats.binom.sf(34, 100, 0.25)
    assert p_of_share({"": (scores, range(100))}, 0.25) == pytest.approx(2 * tail, rel=0.05)
    assert p_of_share({"": (scores, range(100))}, 0.35) == 1
    assert math.isnan(p_of_share({"": ([1.0] * 5, range(5))}, 0.25))


def test_questions_of_one_image_count_as_few() -> None:
    """The same scores in ten images of ten questions are weaker evidence."""
    scores = [1.0] * 40 + [0.0] * 60
    alone, together = (
        p_of_share({"": (scores, owners)}, 0.25) for owners in (range(100), [n // 10 for n in range(100)])
    )
    assert alone < 0.01 < together


def test_each_cell_has_the_baselines_that_say_something_of_it() -> None:
    """Always yes is no answer to a multiple-choice question; Avg is tested where every cell is."""
    found = rows(records(20, lambda image, cell: image % 2 == 0))
    assert {name for cell, name in found if cell == "anatomy_mc"} == {"chance", "commonest answer"}
    assert {name for cell, name in found if cell == AVG} == {"chance", "commonest answer"}


def test_all_runs_are_one_family() -> None:
    """A second run doubles the tests, and the corrected p of the first with them."""
    one = arm("a", answers("yes"))
    alone, both = baseline_rows([one], STRICT), baseline_rows([one, arm("b", answers("no"))], STRICT)
    first = next(row for row in both if row.run == "a" and row.baseline == "always no")
    assert first.p_holm > next(row for row in alone if row.baseline == "always no").p_holm


def test_sensitivity_and_specificity_of_a_constant_answer() -> None:
    """Always "abnormal" finds every finding and no normal image: balanced accuracy 50 %, and p is 1."""
    [found] = discriminations(answers("yes"), STRICT)
    assert (found.subject, found.positive) == ("abnormality", "abnormal")
    assert (found.sensitivity.value, found.specificity.value, found.balanced.value) == (1, 0, 0.5)
    assert (found.said.value, found.true, found.p) == (1, 0.72, 1)
    assert found.balanced.low < 0.5 < found.balanced.high


def test_sensitivity_and_specificity_by_hand() -> None:
    """Of 72 positive 54 are found, of 28 negative 21 are denied: 75 % both, better than a coin."""
    found = answers("yes")
    for n, one in enumerate(found):
        right = n % 4 != 0
        said = one.target if right else {"yes": "no", "no": "yes"}[one.target]
        found[n] = changed(one, outcome="correct" if right else "incorrect", extracted=said)
    [row] = discrimination_rows([arm(found=found)], STRICT)
    assert (row.sensitivity, row.specificity, row.balanced) == (0.75, 0.75, 0.75)
    assert row.said == pytest.approx((54 + 7) / 100)
    assert (row.positives, row.negatives) == (72, 28) and row.p_holm < 0.001


def test_closed_plus_and_minus_are_one_subject() -> None:
    """The right answers of Closed+ are yes, of Closed- no: only together they tell sensitivity from specificity."""
    found = records(10, lambda image, cell: cell.endswith("_pos"), cells=["anatomy_closed_pos", "anatomy_closed_neg"])
    [anatomy] = discriminations(found, STRICT)
    assert (anatomy.sensitivity.value, anatomy.specificity.value) == (1, 0)
    [alone] = discriminations(records(10, cells=["anatomy_closed_pos"]), STRICT)
    assert math.isnan(alone.balanced.value) and math.isnan(alone.p) and alone.specificity.n == 0


def test_unreadable_answers_are_wrong_and_not_counted_as_said() -> None:
    """An unparsed answer finds nothing; how often "yes" is said is a share of the readable ones."""
    found = [changed(one, outcome="unparsed", extracted=None) for one in answers("yes")[:50]] + answers("yes")[50:]
    [row] = discriminations(found, STRICT)
    assert row.sensitivity.value == pytest.approx(50 / 72) and row.said.n == 50


def test_sheets_say_what_was_tested() -> None:
    """Each run has its table, with the number of tests; a run without closed questions has no second one."""
    arms = [arm("a", answers("yes")), arm("b", answers("no"))]
    sheets = baseline_sheets(arms, STRICT)
    assert [sheet.title.partition(":")[0] for sheet in sheets] == ["a", "b"]
    assert "all 8 of these runs" in sheets[0].notes[0]
    assert sheets[0].rows[0][-1] == "not told from always yes, commonest answer"
    assert discrimination_sheet([arm(found=records(8, cells=["anatomy_mc"]))], STRICT) is None
