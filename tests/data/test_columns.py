"""Types before values: a copy with the right names and other types is refused, and said in one message."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import comparators
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rexvqa_standin

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.data.rows import question_columns
from radimagenet_vqa_tasks.data.verification import verify
from radimagenet_vqa_tasks.errors import DataError, RunError

Row = dict[str, Any]
ROWS = 90


@pytest.fixture(scope="module")
def rows(shaped_table: pa.Table) -> list[Row]:
    """The rows of ten images."""
    return shaped_table.slice(0, ROWS).to_pylist()


def written(folder: Path, rows: list[Row], column: str, value: Callable[[Row], Any]) -> Path:
    """A copy one of whose columns holds other values, and has the type that they have."""
    file = folder / "test.parquet"
    pq.write_table(pa.Table.from_pylist([{**row, column: value(row)} for row in rows]), file)
    return file


def metadata(name: str, value: Callable[[Any], Any]) -> Callable[[Row], Any]:
    return lambda row: {**row["metadata"], name: value(row["metadata"][name])}


OTHER_TYPES: dict[str, tuple[str, Callable[[Row], Any], str]] = {
    "options after CSV": ("choices", lambda row: row["choices"] and str(row["choices"]), "lists of texts"),
    "options of numbers": ("choices", lambda row: row["choices"] and [1, 2, 3, 4], "lists of texts"),
    "a truth in words": ("metadata", metadata("is_abnormal", lambda value: "no"), "true and false"),
    "metadata as text": ("metadata", lambda row: json.dumps(row["metadata"]), "fields (content_type"),
    "metadata in a list": ("metadata", lambda row: [row["metadata"]], "fields (content_type"),
    "a list of locations": ("metadata", metadata("location", lambda value: [value]), "texts"),
    "a list of kinds": ("metadata", metadata("question_id", lambda value: [value]), "texts"),
    "a number for a finding": ("metadata", metadata("pathology", lambda value: 3), "texts"),
    "a number for a question": ("question", lambda row: 3, "texts"),
    "a path for an image": ("image", lambda row: "/etc/passwd", "images"),
    "a number for an image": ("image", lambda row: 3, "images"),
    "a list of images": ("image", lambda row: [row["image"]], "images"),
    "bare bytes": ("image", lambda row: row["image"]["bytes"], "images"),
}


@pytest.mark.parametrize("case", OTHER_TYPES)
def test_another_type_is_one_message_with_column_row_and_remedy(tmp_path: Path, rows: list[Row], case: str) -> None:
    """A column of another type is never scored letter by letter, taken for true, or a traceback."""
    column, value, wanted = OTHER_TYPES[case]
    file = written(tmp_path, rows, column, value)
    with pytest.raises(DataError) as error:
        question_columns(BENCHMARKS["radvqa"], file)
    said = str(error.value)
    assert f"{column}" in said and f"where {wanted}" in said and "(row " in said and "as it is published" in said
    assert [str(finding) for finding in verify(file, "radvqa")] == [f"FAULT {said}"]


def test_null_metadata_is_a_fault_of_its_rows(tmp_path: Path, rows: list[Row]) -> None:
    """A column without any value has no type; each row then says what it lacks."""
    for value in (lambda row: None, lambda row: row["metadata"] if row["metadata"]["location"] != "knee" else None):
        with pytest.raises(DataError, match=r"row \d+: metadata.content_type is null"):
            question_columns(BENCHMARKS["radvqa"], written(tmp_path, rows, "metadata", value))


def test_bytes_that_are_no_text_are_said_with_their_row(tmp_path: Path, shaped_table: pa.Table) -> None:
    """Arrow does not look at the bytes of a text; whoever prints them would end in a traceback."""
    table = shaped_table.slice(0, ROWS)
    said = [
        text.encode() + (b"\xff\xfe" if row == 7 else b"") for row, text in enumerate(table["question"].to_pylist())
    ]
    damaged = pa.Array.from_buffers(pa.string(), len(said), pa.array(said, pa.binary()).buffers())
    table = table.set_column(table.column_names.index("question"), "question", damaged)
    pq.write_table(table.replace_schema_metadata(None), tmp_path / "test.parquet")
    with pytest.raises(DataError, match=r"question holds bytes that are no UTF-8 text \(row 7\)"):
        question_columns(BENCHMARKS["radvqa"], tmp_path / "test.parquet")


OPTIONS: dict[str, tuple[list[str | None], str]] = {
    "27 options": ([f"o{number}" for number in range(27)], "it has 27 options; there are letters for 2 to 26"),
    "one option": (["o"], "it has 1 options"),
    "two that are right": (["same"] * 4, "options A and B and C and D are the same ('same')"),
    "a blank one": (["o", " ", "p", "q"], "option B is empty"),
    "a null": (["o", None, "p", "q"], "choices is null or holds an empty option"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_cannot_be_asked_are_faults(tmp_path: Path, rows: list[Row], case: str) -> None:
    """More options than letters, fewer than two, empty ones, and two that are both right."""
    choices, said = OPTIONS[case]
    file = written(tmp_path, rows, "choices", lambda row: row["choices"] and choices)
    assert any(finding.is_fault and f"row 3: {said}" in finding.text for finding in verify(file, "radvqa"))
    with pytest.raises(DataError, match="the data are damaged"):
        question_columns(BENCHMARKS["radvqa"], file)


def test_types_are_looked_at_in_every_data_set(tmp_path: Path) -> None:
    """A list where SLAKE has a text, and halves of characters in MMMU's options and ReXVQA's records."""
    slake = [{**row, "location": ["Head"]} for row in comparators.slake_rows()]
    comparators.write_slake(tmp_path / "slake", slake)
    with pytest.raises(DataError, match=r"location holds list<.*>, where texts belong \(row 0: \['Head'\]\)"):
        question_columns(BENCHMARKS["slake"], tmp_path / "slake")
    mmmu = {subject: comparators.mmmu_rows(subject) for subject in comparators.SUBJECTS}
    mmmu["Pharmacy"][0]["options"] = r"['\ud800', 'b', 'c', 'd', 'e']"
    comparators.write_mmmu(tmp_path / "mmmu", mmmu)
    with pytest.raises(DataError, match="row 0: half of a character .* is in its options"):
        question_columns(BENCHMARKS["mmmu_med"], tmp_path / "mmmu")
    record = {**rexvqa_standin.record(1, "Presence Assessment"), "question": "\ud800?"}
    rexvqa_standin.write(tmp_path / "rexvqa", {"q1": record})
    with pytest.raises(DataError, match="record 'q1' holds half of a character"):
        question_columns(BENCHMARKS["rexvqa"], tmp_path / "rexvqa")


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    """A named pipe in the place of the file would be waited on for ever."""
    os.mkfifo(tmp_path / "test.parquet")
    for place in (tmp_path, tmp_path / "test.parquet"):
        with pytest.raises(RunError, match="is no regular file"):
            question_columns(BENCHMARKS["radvqa"], place)


@pytest.mark.parametrize("content", [b"", b'"a text"', b"\xff\xfe\xff", b'[{"qid": 1', b"[1, 2]"])
def test_a_damaged_document_is_one_message(tmp_path: Path, content: bytes) -> None:
    """Whatever the library raises for it, and it has an error of its own for each, the file is named."""
    comparators.write_slake(tmp_path)
    (tmp_path / "test.json").write_bytes(content)
    with pytest.raises((RunError, DataError), match=r"local copy .* cannot be read|is not SLAKE"):
        question_columns(BENCHMARKS["slake"], tmp_path)
