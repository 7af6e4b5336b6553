"""Where printed numbers disagree: the arithmetic, the notes beneath tables, and the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.published import sums, tables
from radimagenet_vqa_tasks.published.disagreements import PAGE, disagreements, notes_for, page, parsed

ROOT = Path(__file__).parents[2]
PLAIN_FOR = {"LLaVA", "Phi35", "Qwen2VL", "Gemini", "Eagle2", "Qwen25VL", "Janus-Pro-7B"}


def test_the_page_is_the_files() -> None:
    """docs/known_disagreements.md says what the data and the arithmetic say."""
    command = f"python -m radimagenet_vqa_tasks.published.disagreements > {PAGE}"
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), f"write it anew: {command}"


def test_overall_of_rexvqa_is_the_plain_mean_but_for_medgemma() -> None:
    """Seven printed values are the mean of five accuracies; the eighth weights them with their questions."""
    for model, row in tables.rows("rexvqa", "2").items():
        plain = sums.plain_mean(one.value for one in sums.tasks(model) if one.value is not None)
        weighted = sums.weighted_mean(sums.tasks(model))
        assert row["overall"] == pytest.approx(plain if model in PLAIN_FOR else weighted, abs=0.006), model
    # (15408 x 85.03 + 14452 x 85.21 + 8585 x 76.71 + 2383 x 83.47 + 179 x 80.45) / 41007 = 83.24
    assert weighted == pytest.approx(83.24, abs=0.006) and plain == pytest.approx(82.17, abs=0.006)


def test_readers_accuracies_are_shares_of_198_only() -> None:
    """No other number of cases near 200 fits all printed accuracies; 200 fits none."""
    values = [row["overall"] for row in tables.rows("rexvqa", "section 6.1").values()]
    fitting = [n for n in sums.READERS if all(sums.is_share(value, n) for value in values)]
    assert len(values) == 9 and fitting == [198]
    assert not any(sums.is_share(value, 200) for value in values)


@pytest.mark.parametrize(
    ("value", "n", "expected"), [(50.0, 3, False), (33.33, 3, True), (66.67, 3, True), (0, 7, True)]
)
def test_a_share_is_a_whole_number_of_questions(value: float, n: int, expected: bool) -> None:
    """Half of three is none; a third is, as rounded."""
    assert sums.is_share(value, n) is expected


def test_counts_of_rexvqa_that_add_up_are_the_table_s() -> None:
    """The released splits of Table 1 sum to the benchmark's own total, the text's to another."""
    table, text = tables.rows("rexvqa", "1"), tables.rows("rexvqa", "section 3.5")
    assert sum(table[split]["total"] for split in ("train", "valid", "test")) == 653_834
    assert (text["test"]["total"], table["test"]["total"]) == (40_826, 40_557)


@pytest.mark.parametrize(
    ("paper", "table", "row", "cell", "said"),
    [
        ("radimagenet_vqa", "2", "GPT-5", "Avg", "not the mean of its nine cells"),
        ("radimagenet_vqa", "7", "Lingshu-7B", "anatomy_mc", "whose factors make 16"),
        ("radimagenet_vqa", "4", "Lingshu-7B", "pathology_mc_no_pathology_0", "On other questions than these"),
        ("rexvqa", "2", "MedGemma", "overall", "weighted by questions"),
        ("rexvqa", "2", "Gemini", "presence", "private test set"),
        ("rexvqa", "3", "Eagle2", "Average", "of the 65 of Table 6"),
        ("rexvqa", "section 6.1", "Reader 1", "overall", "198"),
        ("ct_bench", "6", "Biomed-CLIP", "average_with_box", "text and its Table 6"),
        ("ct_bench", "6", "PMC-CLIP", "ct2txt_with_box", "multi-slice"),
        ("ct_bench", "6", "GPT-4V", "img2txt_with_box", "left out of the paper's denominators"),
        ("ct_bench", "7", "Senior Radiologist 1", "all", "10 to 20 points"),
    ],
)
def test_a_number_has_its_note(paper: str, table: str, row: str, cell: str, said: str) -> None:
    """Whoever prints a number can ask what stands beneath it; asking for the table alone gives all of its notes."""
    assert any(said in note for note in notes_for(paper, table, row, cell))
    assert set(notes_for(paper, table, row, cell)) <= set(notes_for(paper, table))


def test_other_numbers_have_none() -> None:
    """A note stands where it is about something: not in a sound row, another cell, or another table."""
    assert notes_for("radimagenet_vqa", "2", "Lingshu-7B", "anatomy_mc") == ()
    assert not any("nine cells" in note for note in notes_for("radimagenet_vqa", "2", "Lingshu-7B"))
    assert notes_for("rexvqa", "6", "Eagle2", "Abdomen") == ()


def test_marked_averages_are_the_errata() -> None:
    """The rows that are marked for their Avg are those that the arithmetic finds."""
    (mark,) = disagreements()[0].marks
    assert set(mark.rows) == set(tables.errata())


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{paper: rexvqa, title: t, text: x, rests: guessed, marks: []}", "guessed"),
        ("{paper: rexvqa, title: t, text: x, rests: data, marks: [], sums: none}", "there is no sum 'none'"),
        ("{paper: rexvqa, title: t, text: x, rests: data, marks: [{table: '2'}]}", "marks without a note"),
        ("{paper: rexvqa, title: t, text: x, rests: data, note: n, marks: [{table: '9'}]}", "no table '9'"),
        (
            "{paper: rexvqa, title: t, text: x, rests: data, note: n, marks: [{table: '2', rows: [GPT]}]}",
            "'GPT' is no row",
        ),
        (
            "{paper: rexvqa, title: t, text: x, rests: data, note: n, marks: [{table: '2', cells: [b]}]}",
            "'b' is no cell",
        ),
        ("{", "disagreements.yaml"),
    ],
)
def test_a_bad_entry_is_named(entry: str, said: str) -> None:
    """A mark that no printed number has would never be shown; the error says which."""
    with pytest.raises(DataError, match=said):
        parsed(f"- {entry}")
