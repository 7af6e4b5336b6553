"""The papers' tables as data: what can be recomputed is recomputed, and names are matched."""

from __future__ import annotations

from pathlib import Path

import pytest

from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.published import tables

REXVQA_TASKS = (
    "negation",
    "presence",
    "differential_diagnosis",
    "location_and_distribution",
    "geometric_information",
)


def test_every_file_loads_and_every_table_is_there() -> None:
    """Each paper's file holds each table that its source line names."""
    numbers = {paper: {one.table for one in tables.load(paper)} for paper in tables.SOURCES}
    assert numbers == {
        "radimagenet_vqa": {"1", "2", "4", "7"},
        "rexvqa": {"1", "2", "3", "6", "section 3.5", "section 6.1"},
        "ct_bench": {"3", "4", "5", "6", "7", "section 2.3"},
    }
    assert {path.stem for path in tables.FOLDER.glob("*.csv")} == set(tables.SOURCES)


def test_table_2_has_twelve_models_with_nine_cells_and_an_avg() -> None:
    """Nothing of Table 2 was left out, and all of it is per cent on 1,000 questions a cell."""
    rows = tables.table_2()
    assert len(rows) == 12
    assert all(list(row) == [*CELLS, tables.AVG] for row in rows.values())
    assert all(0 <= value <= 100 for row in rows.values() for value in row.values())
    assert {one.n for one in tables.load("radimagenet_vqa") if one.table == "2"} == {1000, 9000}


def test_errata_are_the_four_known_rows() -> None:
    """Four printed Avgs are not the mean of their cells; the other eight are, within rounding."""
    found = {name: (one.printed, round(one.recomputed, 1)) for name, one in tables.errata().items()}
    assert found == {
        "GPT-5": (54.9, 55.1),
        "LLaVA-Med-v1.5-mistral-7b": (48.2, 46.1),
        "HuatuoGPT-Vision-7B": (48.9, 62.1),
        "medgemma-4b-it": (51.5, 62.3),
    }
    assert tables.errata("7") == {}


def test_table_7_gains_are_over_table_2() -> None:
    """Each printed gain of a fine-tuned cell is its value less the zero-shot one; a typing error would break this."""
    bases = {
        "LLaVA-One-Vision": "LLaVA-OneVision-Qwen2-7B",
        "Lingshu-7B": "Lingshu-7B",
        "QwenVL-2.5-7B": "Qwen2.5-VL-7B-Instruct",
    }
    tuned, base = tables.rows("radimagenet_vqa", "7"), tables.table_2()
    assert set(tuned) == set(bases)
    for name, row in tuned.items():
        for cell in (*CELLS, tables.AVG):
            assert row[f"{cell}_gain"] == pytest.approx(row[cell] - base[bases[name]][cell], abs=0.051), (name, cell)


def test_rexvqa_models_are_the_same_in_all_tables() -> None:
    """Table 3 repeats rows of Table 6 under the same models; the repeated values are the same."""
    repeated, all_categories = tables.rows("rexvqa", "3"), tables.rows("rexvqa", "6")
    assert set(repeated) == set(all_categories)
    assert set(tables.rows("rexvqa", "2")) == set(repeated)
    for model, row in repeated.items():
        for category in (
            "Heart",
            "Aorta",
            "Rib",
            "Spine",
            "Clavicle",
            "Joint",
            "Tubes and Lines",
            "Pulmonary Neoplasm",
        ):
            assert row[category] == all_categories[model][category]


def test_ct_bench_averages_without_a_note_are_means_of_their_cells() -> None:
    """The printed average weights cells with their questions; rows where it does not say so in a note."""
    printed = [one for one in tables.load("ct_bench") if one.table == "6" and one.value is not None]
    checked = 0
    for average in (one for one in printed if one.cell == "average_total" and not one.note):
        cells = [one for one in printed if one.row == average.row and one.n]
        mean = sum(one.value * one.n for one in cells) / sum(one.n for one in cells)
        assert mean == pytest.approx(average.value, abs=0.11), average.row
        checked += 1
    assert checked == 3
    assert tables.rows("ct_bench", "4")["Test"]["total_with_box"] == 1000


@pytest.mark.parametrize(
    ("paper", "table", "parts", "whole"),
    [
        ("ct_bench", "3", ("Training", "Validation", "Test"), "Total"),
        ("ct_bench", "3", ("male", "female"), "patients"),
        ("rexvqa", "1", REXVQA_TASKS, "total"),
    ],
)
def test_counts_add_up(paper: str, table: str, parts: tuple[str, ...], whole: str) -> None:
    """Counts are copied right: rows and columns of the counting tables sum to their printed totals."""
    rows = tables.rows(paper, table)
    if whole in rows:
        rows = {cell: {row: rows[row][cell] for row in rows} for cell in next(iter(rows.values()))}
    for name, row in rows.items():
        assert sum(row[part] for part in parts) == row[whole], name


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL-7B-Instruct"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL-7B-Instruct"),
        ("/models/qwen2_5-vl-7b/", "Qwen2.5-VL-7B-Instruct"),
        ("llava-hf/llava-onevision-qwen2-7b-ov-hf", "LLaVA-OneVision-Qwen2-7B"),
        ("OpenGVLab/InternVL3_5-8B", "InternVL3.5-8B"),
        ("google/medgemma-4b-it", "medgemma-4b-it"),
        ("gpt-5", "GPT-5"),
        ("gemini-2.5-pro", "Gemini 2.5 Pro"),
        ("lingshu-medical-mllm/Lingshu-32B", "Lingshu-32B"),
    ],
)
def test_names_are_matched_leniently(name: str, row: str) -> None:
    """Publisher, case, punctuation and words of packaging do not count."""
    assert tables.find_row(name, tables.table_2()) == row


@pytest.mark.parametrize("name", ["Qwen2.5-VL-7B-Instruct-finetuned", "Qwen2.5-VL-72B-Instruct", "Lingshu", "", "/"])
def test_other_models_are_not_taken_for_published_ones(name: str) -> None:
    """A fine-tuned or bigger model is another model, and a family is no model: the message names what there is."""
    with pytest.raises(DataError, match="no published row is called"):
        tables.find_row(name, tables.table_2())


def test_guess_takes_a_part_that_fits_one_row_only() -> None:
    """What a person types may be a part of a name; where several rows have it, they are named."""
    assert tables.find_row("huatuo", tables.table_2(), guess=True) == "HuatuoGPT-Vision-7B"
    with pytest.raises(DataError, match="'Lingshu-7B' or 'Lingshu-32B'"):
        tables.find_row("lingshu", tables.table_2(), guess=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("table,row,value\n", "line 1: the columns must be"),
        ("table,row,cell,value,n,note\n2,GPT-5,Avg,high,,\n", "line 2: could not convert"),
        ("table,row,cell,value,n,note\n2,GPT-5,Avg,,,\n", "line 2: a value is missing"),
        ("table,row,cell,value,n,note\n2,,Avg,1,,\n", "line 2: row is empty"),
        ("table,row,cell,value,n,note\n2,GPT-5,Avg,1\n", "line 2: there must be 6 columns"),
        ("table,row,cell,value,n,note\n2,GPT-5,Avg,1,0,\n", "line 2: value 1.0 and n 0 cannot be"),
        ("table,row,cell,value,n,note\n2,GPT-5,Avg,nan,,\n", "line 2: value nan"),
        ("table,row,cell,value,n,note\n2,GPT-5,Avg,1,,\n2,GPT-5,Avg,2,,\n", "line 3: table 2 has .* a second time"),
    ],
)
def test_a_bad_file_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    """An error says which file and line to mend."""
    path = tmp_path / "paper.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said) as error:
        tables.printed_in(path)
    assert str(path) in str(error.value)


def test_an_unknown_paper_is_named() -> None:
    """A typing error in a paper's name is answered with the names."""
    with pytest.raises(DataError, match="'rexvq'.*rexvqa"):
        tables.load("rexvq")
