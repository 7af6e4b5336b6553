"""A run against the paper's row: verdicts of cells and of the row."""

from __future__ import annotations

from typing import Any

import pytest
from runs_support import arm, changed, records, set_fields

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.decisions import Margins
from radimagenet_vqa_tasks.analysis.measure import AVG
from radimagenet_vqa_tasks.analysis.published import published_sheet, targets
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.published.tables import table_2

MODEL = "Qwen2.5-VL-7B-Instruct"


def like(model: str, shift: float = 0, judge: str = "mistral-large-2411", images: int = 1000) -> list[dict[str, Any]]:
    """A run with the published accuracies, each shifted by so many points."""
    row = table_2()[model]
    found = records(images, lambda image, cell: image * 100 < (row[cell] + shift) * images, judge=judge)
    return [one if one.format == "open" else changed(one, judge=None) for one in found]


def verdicts(run: Arm, model: str = MODEL, column: str = "verdict", **how: Any) -> dict[str, str]:
    """What each cell, and Avg, comes to."""
    return {str(row["cell"]): str(row[column]) for row in published_sheet(run, model, **how).data}


def test_a_faithful_run_reproduces_the_row() -> None:
    """The published accuracies on 1,000 questions a cell under the paper's judge: the same, for a run's own images.

    Five per cent of answers may change in a repeat: a cell's difference is then known to about two points. On other
    images nothing is decided by so few.
    """
    run = arm("Qwen/Qwen2.5-VL-7B-Instruct", like(MODEL))
    assert set(verdicts(run, flips=0.01).values()) == {"same within the margin"}
    assert set(verdicts(run, flips=0.01, column="verdict_on_other_images").values()) == {"cannot tell"}
    sheet = published_sheet(run, flips=0.01)  # the row is found by the run's name
    assert sheet.title.endswith(f"published {MODEL}")
    assert sheet.notes[0].startswith("The row, on the same images: is reproduced: Avg is the same within the margin")
    assert "is neither reproduced nor refuted: cannot tell (needs" in sheet.notes[1]


def test_the_margin_is_an_option() -> None:
    """What is the same within ten points is not within a half."""
    run = arm("mine", like(MODEL))
    assert set(verdicts(run, margins=Margins(0.1, 0.05)).values()) == {"same within the margin"}
    assert set(verdicts(run, margins=Margins(0.005, 0.005)).values()) == {"cannot tell"}


def test_another_model_differs() -> None:
    """Nine points off in every cell differ in every cell."""
    run = arm("mine", like(MODEL, shift=-9))
    assert set(verdicts(run).values()) == {"differs"}
    assert "is not reproduced: Avg differs (9 differs)" in published_sheet(run, MODEL).notes[0]


def test_the_parser_explains_what_only_the_strict_protocol_changes() -> None:
    """Where the paper's protocol gives the paper's number and ours another, the difference is the parser's."""
    found = like(MODEL)
    for one in found:
        if one.cell == "anatomy_mc":
            one.outcome = "correct"
    rows = {str(row["cell"]): row for row in published_sheet(arm("mine", found), MODEL, flips=0.01).data}
    # 19.5 points in one cell are 2.2 in Avg.
    said = {cell for cell, row in rows.items() if row["why"] == "strictly read it differs, which the parser explains"}
    assert said == {"anatomy_mc", AVG}
    assert {row["verdict"] for row in rows.values()} == {"same within the margin"}


def test_agreeing_only_by_our_protocol_is_no_reproduction() -> None:
    """The paper's number was made by the paper's tool: ours beside it is a coincidence, and said to be."""
    found = like(MODEL)
    for one in found:
        if one.cell == "anatomy_mc":
            set_fields(one, in_paper=False)
    rows = published_sheet(arm("mine", found), MODEL, flips=0.01).data
    [row] = [row for row in rows if row["cell"] == "anatomy_mc"]
    assert (row["verdict"], row["why"]) == (
        "differs",
        "by the paper's protocol; strictly read: same within the margin",
    )


def test_open_cells_need_the_papers_judge() -> None:
    """Under the rule judge the two open cells, and Avg with them, are not comparable; the others are."""
    found = verdicts(arm("mine", like(MODEL, judge="rule")))
    assert {cell for cell, said in found.items() if said == "not comparable"} == {"anatomy_open", "pathology_open", AVG}
    assert "not comparable" not in {said for cell, said in found.items() if not cell.endswith("_open") and cell != AVG}


def test_a_part_a_sample_and_a_blind_run_are_not_comparable() -> None:
    """What is not the whole benchmark with its images is set beside the paper, but without a verdict."""
    for run, why in (
        (arm("mine", like(MODEL, images=40)), "partial run, 40 of 1,000"),
        (arm("mine", like(MODEL), is_sample=True), "sample"),
        (arm("mine", [changed(one, arm="textonly") for one in like(MODEL)]), "text only"),
    ):
        data = published_sheet(run, MODEL).data
        assert {(row["verdict"], row["why"]) for row in data} == {("not comparable", why)}
        assert "cannot be reproduced or refuted" in published_sheet(run, MODEL).notes[0]


def test_missing_answers_make_a_cell_incomparable() -> None:
    """A cell that lacks verdicts is no reproduction of one that has them all."""
    found = like(MODEL)
    found[0].outcome = "missing"
    assert verdicts(arm("mine", found))["anatomy_open"] == "not comparable"


def test_a_known_erratum_is_shown_with_both_values() -> None:
    """medgemma's printed Avg is not the mean of its cells: the mean is compared, and the printed value said."""
    sheet = published_sheet(arm("google/medgemma-4b-it", like("medgemma-4b-it")))
    assert "prints Avg 51.5 for medgemma-4b-it, but the mean of its nine cells is 62.3" in " ".join(sheet.notes)
    [avg] = [row for row in sheet.data if row["cell"] == AVG]
    assert (avg["published"], avg["published_as_printed"]) == pytest.approx((0.623, 0.515), abs=5e-4)
    assert avg["difference"] == pytest.approx(0, abs=1e-3)


def test_fine_tuned_rows_can_be_named() -> None:
    """Table 7's rows are targets too, under names of their own."""
    assert published_sheet(arm("mine", like(MODEL)), "lingshu-7b fine-tuned").title.endswith("Lingshu-7B (fine-tuned)")
    assert all(set(row) == {*CELLS, AVG} for row in targets().values())


def test_an_unknown_name_is_answered_with_candidates() -> None:
    """A run whose name is none of the paper's says which rows there are."""
    with pytest.raises(DataError, match="no published row is called 'mine'"):
        published_sheet(arm("mine", like(MODEL)))
