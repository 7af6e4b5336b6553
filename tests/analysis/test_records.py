"""Answers as a table: in a data frame, and in files that spreadsheets open."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from runs_support import record, records, write

from radimagenet_vqa_tasks import load_run
from radimagenet_vqa_tasks.analysis.records import write_records
from radimagenet_vqa_tasks.errors import RunError

HOSTILE = '=HYPERLINK("x")\nnext\x07'


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two benchmarks, an arm with scores of its own, and a response that is a formula."""
    mixed = [
        record(0, "anatomy_mc", response=HOSTILE),
        record(1, "anatomy_mc", False, scores={"accuracy": 0.0, "accuracy_shown": 1.0, "run": 3.0}),
        record(2, "slake_closed", organ="liver", depth=3),
    ]
    write(tmp_path / "run", mixed)
    return tmp_path / "run"


def test_columns_are_those_of_all_rows(run: Path) -> None:
    """A facet or score that the first row lacks is a column, typed by its values; fields keep their places."""
    table = load_run(run).to_arrow()
    assert {"accuracy_shown", "facet_organ", "facet_depth", "benchmark"} <= set(table.column_names)
    rows = {row["key"]: row for row in table.to_pylist()}
    assert rows["image0:anatomy_mc"]["facet_abnormal"] is True
    assert rows["image2:slake_closed"] | {"facet_depth": 3.0, "facet_organ": "liver"} == rows["image2:slake_closed"]
    assert rows["image1:anatomy_mc"]["run"] == "publisher/model"
    frame = load_run(run).to_pandas()
    assert frame.groupby("cell").accuracy.mean()["anatomy_mc"] == 0.5


def test_parquet_keeps_texts_as_they_are(run: Path, tmp_path: Path) -> None:
    """What a model said is there to the character."""
    said = write_records([run], tmp_path / "answers.parquet")
    assert "3 rows of" in said
    assert HOSTILE in pq.read_table(tmp_path / "answers.parquet")["response"].to_pylist()


def test_spreadsheets_compute_no_text(run: Path, tmp_path: Path) -> None:
    """A response that looks like a formula is a text in CSV and in XLSX, without control codes."""
    write_records([run], tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["response"] == '\'=HYPERLINK("x") next\ufffd' and len(rows) == 3
    write_records([f"=1+1={run}"], tmp_path / "answers.xlsx")
    sheet = load_workbook(tmp_path / "answers.xlsx").active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    texts = [cell.value for cell in cells]
    assert '=HYPERLINK("x")\nnext\ufffd' in texts and "=1+1" in texts and 0 in texts


def test_a_long_text_is_cut_for_a_spreadsheet_and_said(tmp_path: Path) -> None:
    """XLSX fields hold 32,767 characters."""
    write(tmp_path / "run", [record(0, "anatomy_mc", response="x" * 40_000)])
    assert "1 texts are cut" in write_records([tmp_path / "run"], tmp_path / "answers.xlsx")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    """The message names the endings, and nothing is written."""
    write(tmp_path / "run", records(1))
    with pytest.raises(RunError, match=r"ends in none of .parquet, .csv, .xlsx"):
        write_records([tmp_path / "run"], tmp_path / "answers.txt")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="could not be written"):
        write_records([tmp_path / "run"], tmp_path / "file" / "answers.csv")
