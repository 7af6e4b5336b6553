"""Table 2 and its breakdowns: the numbers, what they rest on, and what is said of them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from rich.console import Console
from runs_support import DATA, arm, changed, record, records, set_fields

from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme, grouped, measure
from radimagenet_vqa_tasks.analysis.pathologies import pathology_sheets
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet, as_rich, render
from radimagenet_vqa_tasks.analysis.table import facet_sheets, main_sheet
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import RunError

PAPERS = "mistral-large-2411"  # a judge that is the paper's


def rows(sheet: Sheet) -> dict[str, list[Item]]:
    """A sheet's rows by their first field."""
    items = [[field if isinstance(field, Item) else Item(field) for field in row] for row in sheet.rows]
    return {row[0].text: row[1:] for row in items}


def test_nine_cells_and_their_mean() -> None:
    """Each cell is its own accuracy and Avg the unweighted mean: one cell wrong in half of ten images is 94.4 %."""
    found = measure(records(10, lambda image, cell: cell != "pathology_mc" or image < 5), Scheme())
    assert list(found) == [*CELLS, AVG]
    assert found["pathology_mc"].estimate.value == 0.5
    assert found[AVG].estimate.value == pytest.approx(8.5 / 9)
    assert (found[AVG].asked, found[AVG].estimate.clusters) == (90, 10)


def test_missing_answers_are_left_out_and_bounded() -> None:
    """Of four open answers one is right, two wrong, one without a verdict: 1/3, between 1/4 and 2/4, marked."""
    found = records(4, lambda image, cell: cell != "pathology_open" or image == 0, judge=PAPERS)
    found = [changed(one, outcome="missing") if one.key == "image3:pathology_open" else one for one in found]
    cell = measure(found, Scheme())["pathology_open"]
    assert (cell.estimate.value, cell.lower, cell.upper) == pytest.approx((1 / 3, 1 / 4, 2 / 4))
    sheet = main_sheet([arm(found=found)], Scheme())
    assert rows(sheet)["pathology Open"][0].text == "33.3?"
    assert rows(sheet)["Avg (mean of 9 cells)"][0].text == "92.6?"
    assert "INCOMPLETE (?), 1 answers" in (note := " ".join(sheet.notes))
    # Eight cells are all right; the ninth lies between 1/4 and 2/4.
    assert f"Avg lies between {100 * 8.25 / 9:.1f} and {100 * 8.5 / 9:.1f}" in note
    in_paper = measure(found, Scheme("paper"))["pathology_open"]
    assert (in_paper.estimate.value, in_paper.estimate.n) == (0.25, 4)


def test_unparsed_answers_count_as_wrong() -> None:
    """An unreadable answer is 0, and its share stands below the table."""
    found = records(4, judge=PAPERS)
    set_fields(found[0], outcome="unparsed", in_paper=True)
    cell = measure(found, Scheme())["anatomy_open"]
    assert (cell.estimate.value, cell.unparsed) == (0.75, 1)
    assert rows(main_sheet([arm(found=found)], Scheme()))["unparsed"][0].text == "1 (2.8 %)"
    assert measure(found, Scheme("paper"))["anatomy_open"].estimate.value == 1


def test_open_cells_have_no_number_in_the_papers_protocol_under_another_judge() -> None:
    """A dash and the reason, for Avg too; nothing is missing, and the closed cells keep their numbers."""
    sheet = main_sheet([arm(found=records(4))], Scheme("paper"))
    shown = {name: row[0].text for name, row in rows(sheet).items()}
    assert {shown[name] for name in ("anatomy Open", "pathology Open", "Avg (mean of 9 cells)")} == {"-"}
    assert (shown["anatomy MC"], shown["missing"]) == ("100.0", "0")
    assert "in anatomy_open, pathology_open, so none over all cells: judged by rule" in " ".join(sheet.notes)


def test_the_tiers_bound_what_the_rule_judge_decides() -> None:
    """Of eight open answers three are wordings, two of them right; the five that were read may all be wrong."""
    found = records(4, cells=("anatomy_open", "pathology_open"))
    for number, one in enumerate(found):
        set_fields(one, tier="matched" if number < 3 else "read", outcome="incorrect" if number == 2 else "correct")
    said = " ".join(main_sheet([arm(found=found)], Scheme()).notes)
    assert "5 of 8 verdicts on open answers interpret a sentence (tier read)" in said
    assert "Were none of these answers right, 25.0 % of the open answers would be, were all, 87.5 %." in said
    assert "(tier read)" not in " ".join(main_sheet([arm(found=records(4))], Scheme()).notes)


def test_a_missing_cell_leaves_avg_empty() -> None:
    """A mean over eight cells is not Avg; the note says what is missing."""
    found = records(3, cells=list(CELLS)[:8])
    sheet = main_sheet([arm(found=found)], Scheme())
    assert math.isnan(measure(found, Scheme())[AVG].estimate.value)
    assert rows(sheet)["Avg (mean of 9 cells)"][0].text == "-"
    assert "PARTIAL, nothing in pathology_mc" in " ".join(sheet.notes)


def test_closed_questions_by_answer_or_by_question() -> None:
    """On a normal image the pathology Closed+ question has the answer "no": by answer it is a Closed- one."""
    found = records(4)
    for one in found:
        if one.cell == "pathology_closed_pos" and not one.facets["abnormal"]:
            set_fields(one, target="no", outcome="incorrect")
    by_question, by_answer = (measure(found, Scheme(closed_by=kind)) for kind in ("question", "answer"))  # type: ignore[arg-type]
    cells = ("pathology_closed_pos", "pathology_closed_neg", "abnormality_closed")
    assert [by_question[cell].asked for cell in cells] == [4, 4, 4]
    assert [by_answer[cell].asked for cell in cells] == [2, 6, 4]
    assert by_question["pathology_closed_pos"].estimate.value == 0.5
    assert by_answer["pathology_closed_pos"].estimate.value == 1
    assert by_answer["pathology_closed_neg"].estimate.value == pytest.approx(4 / 6)
    assert by_answer["pathology_closed_neg"].estimate.clusters == 4


def better(share: float, **changed: Any) -> list[dict[str, Any]]:
    return records(100, lambda image, cell: image < 100 * share, **changed)


def test_best_second_and_ties_are_marked() -> None:
    """The best is marked, the second best too, and what paired tests do not tell from the best is called a tie.

    Of 100 questions b loses two to a, and c forty: of thirty pairs, 2 / 2^2 is not small and 2 / 2^40 is.
    """
    arms = [arm(name, better(share)) for name, share in (("a", 0.9), ("b", 0.88), ("c", 0.5))]
    marks = [(item.mark, item.tied) for item in rows(main_sheet(arms, Scheme()))["anatomy MC"]]
    assert marks == [("best", False), ("second", True), ("", False)]


def test_a_small_difference_that_is_paired_is_no_tie() -> None:
    """Intervals that overlap say little of a paired difference: 25 losses to none are no tie."""
    arms = [arm(name, better(share)) for name, share in (("a", 0.75), ("b", 0.5))]
    found = measure(arms[1].records, Scheme())["anatomy_mc"].estimate
    assert found.high > 0.59
    assert [item.tied for item in rows(main_sheet(arms, Scheme()))["anatomy MC"]] == [False, False]


def test_three_images_are_too_few_for_a_place() -> None:
    """Where no test is possible, whoever is not the best may be as good."""
    arms = [arm("a", records(3)), arm("b", records(3, lambda image, cell: False))]
    assert [item.tied for item in rows(main_sheet(arms, Scheme()))["anatomy MC"]] == [False, True]


def test_ranks_are_those_that_a_run_may_have() -> None:
    """Two runs that are not told apart share the ranks 1 to 2; a third that loses to both is surely third."""
    arms = [arm(name, better(share)) for name, share in (("a", 0.9), ("b", 0.9), ("c", 0.5))]
    sheet = main_sheet(arms, Scheme())
    assert [item.text for item in rows(sheet)["rank in Avg"]] == ["1 to 2", "1 to 2", "3"]
    assert any("ranks that a run may have" in note for note in sheet.notes)
    assert "rank in Avg" not in rows(main_sheet(arms[:2], Scheme()))


def test_equal_runs_are_both_best() -> None:
    """No run is second to one with the same number."""
    arms = [arm(name, better(0.5)) for name in "ab"]
    assert [item.mark for item in rows(main_sheet(arms, Scheme()))["anatomy MC"]] == ["best", "best"]


def test_only_comparable_runs_are_ranked() -> None:
    """Text-only answers, other data and, for open answers, another judge are not ranked among each other."""
    blind = arm("blind", better(0.9, arm="textonly"))
    other = arm("other", better(0.9, fingerprint="f" * 16))
    mine, judged = arm("mine", better(0.5)), arm("judged", better(0.9))
    for one in judged.records:
        one.judge = "mistral-large-2411" if one.format == "open" else None
    found = rows(main_sheet([mine, blind, other, judged], Scheme()))
    assert [item.mark for item in found["anatomy MC"]] == ["second", "", "", "best"]
    assert [item.mark for item in found["anatomy Open"]] == ["", "", "", ""]
    assert found["judge"][3].text == "mistral-large-2411"


def test_a_part_of_the_questions_is_not_ranked() -> None:
    """Half of the questions may be the easier half: such a cell is neither best nor second."""
    arms = [arm("whole", better(0.5)), arm("part", better(0.5)[:50] + better(0.5)[100:]), arm("other", better(0.4))]
    found = rows(main_sheet(arms, Scheme()))
    assert [item.mark for item in found["anatomy Open"]] == ["best", "", "second"]
    assert [item.mark for item in found["anatomy MC"]] == ["best", "best", "second"]


def test_latex_is_the_papers_layout() -> None:
    """Rows are models, heads are grouped, the best is bold and the second underlined."""
    arms = [arm(name, better(share)) for name, share in (("model_a", 0.9), ("b", 0.5))]
    written = render([main_sheet(arms, Scheme(), paper_layout=True)], "latex", "schema")
    assert r"\multicolumn{4}{c}{Anatomy} & \multicolumn{1}{c}{Abnormality} & \multicolumn{4}{c}{Pathology}" in written
    # Wilson's intervals at an effective size of 99.
    assert r"model\_a & \textbf{90.0} {\scriptsize [82.5, 94.5]}" in written
    assert r"b & \underline{50.0} {\scriptsize [40.3, 59.7]}" in written


def test_groups_of_a_facet() -> None:
    """Each region's number is the mean of its cells, on its own images only; larger groups come first."""
    found = records(4, lambda image, cell: image % 3 == 0)  # brain, knee, lung, brain
    groups = grouped(found, "location", Scheme())
    assert [(name, one.estimate.value, one.estimate.n) for name, one in groups.items()] == [
        ("brain", 1.0, 18),
        ("knee", 0.0, 9),
        ("lung", 0.0, 9),
    ]
    assert list(grouped(found, "abnormal", Scheme(), ["anatomy_mc"])) == ["abnormal", "normal"]
    assert list(rows(*facet_sheets([arm(found=found)], "template", Scheme()))) == sorted(CELLS)


def test_unknown_facets_and_cells_are_named() -> None:
    """A typing error in --by or --cell is answered with what there is."""
    with pytest.raises(RunError, match="'region'; they can by subject"):
        facet_sheets([arm()], "region", Scheme())
    with pytest.raises(RunError, match="'mc'; the cells are anatomy_open"):
        facet_sheets([arm()], "location", Scheme(), ["mc"])
    without = [changed(one, pathology=None) for one in records(2)]
    with pytest.raises(RunError, match="no record says its pathology"):
        pathology_sheets([arm(found=without)], Scheme(), 1)


def test_best_and_worst_pathologies_do_not_overlap() -> None:
    """Of 12 pathologies with enough questions ten are best and two worst; rarer ones are counted and left out."""
    found = [
        record(image, "pathology_mc", image % 13 < image // 13, pathology=f"finding {image // 13:02}")
        for image in range(13 * 12)
    ]
    found.append(record(999, "pathology_mc", True, pathology="rare"))
    [sheet] = pathology_sheets([arm(found=found)], Scheme(), 13)
    kinds = [(row[0].text, row[1].text) for row in sheet.rows if isinstance(row[0], Item) and isinstance(row[1], Item)]
    assert kinds[0] == ("best", "finding 11") and kinds[-1] == ("worst", "finding 00")
    assert [kind for kind, _ in kinds] == ["best"] * 10 + ["worst"] * 2
    assert "12 of 13 pathologies have at least 13" in " ".join(sheet.notes)


def test_notes_common_to_runs_are_said_once() -> None:
    """Three runs of the sample are one warning, not three."""
    arms = [arm(name, is_sample=True) for name in "abc"]
    notes = main_sheet(arms, Scheme()).notes
    assert [note for note in notes if "sample" in note] == [
        "All: the embedded sample, not the benchmark; its numbers support no claim about a model."
    ]


def test_the_unrounded_numbers_say_what_they_rest_on() -> None:
    """Every line of CSV and JSON stands alone: run, arm, protocol, judge, data and version are in it."""
    found = records(3, lambda image, cell: image < 1, judge=PAPERS)
    [first, *_] = main_sheet([arm(found=found)], Scheme("paper")).data
    assert (first["cell"], first["accuracy"], first["protocol"]) == ("anatomy_open", pytest.approx(1 / 3), "paper")
    assert (first["with_image"], first["fingerprint"], first["version"]) == (True, DATA, "1-A")
    assert (first["judge"], first["n"], first["complete"]) == (PAPERS, 3, True)


def test_narrow_terminals_get_tables_below_each_other() -> None:
    """Ten runs in 80 columns: each block repeats the names of the rows and fits."""
    sheet = main_sheet([arm(f"model {number}") for number in range(10)], Scheme())
    tables = as_rich(sheet, 80)
    assert sum(len(table.columns) - 1 for table in tables) == 10
    console = Console(width=80)
    assert all(console.measure(table).maximum <= 80 for table in tables)


def test_every_benchmark_has_its_own_columns() -> None:
    """A benchmark's table holds its cells and their mean; where a mean says nothing, none is shown."""
    two = main_sheet([arm(found=records(2, cells=["slake_open", "slake_closed"]))], Scheme())
    assert two.title == "SLAKE (English): accuracy, %"
    assert [str(row[0].text) for row in two.rows][:3] == ["Open", "Closed", "Avg (mean of 2 cells)"]
    ablation = main_sheet([arm(found=records(2, cells=["pathology_mc_nps000", "pathology_mc_nps100"]))], Scheme())
    assert not any("Avg" in row[0].text for row in ablation.rows)
    assert [row[0].text for row in ablation.rows][:3] == [f"no pathology seen {share} %" for share in (0, 30, 100)]


def test_a_facet_that_one_benchmark_has_is_shown_of_that_one() -> None:
    """Among runs on several benchmarks a breakdown is made where the data give the facet."""
    arms = [arm(), arm(found=records(2, cells=["slake_open"], organ="Lung"))]
    assert [sheet.columns[0] for sheet in facet_sheets(arms, "organ", Scheme())] == ["organ"]
    assert len(facet_sheets(arms, "format", Scheme())) == 2
