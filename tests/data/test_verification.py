"""`radvqa verify` on sound and damaged copies."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import comparators
import pyarrow as pa
import pytest
import shaped_data
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from radimagenet_vqa_tasks.benchmarks import mmmu_med
from radimagenet_vqa_tasks.cli import main

Rows = list[dict[str, Any]]


def verify(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["verify", *map(str, arguments)])
    return result.exit_code, result.output


def test_sound_copy_has_no_fault(hub_copy: Path) -> None:
    """The benchmark's shape and composition pass, line by line."""
    code, output = verify("--data", hub_copy)
    assert code == 0, output
    assert "FAULT" not in output
    assert "9,000 rows, 1,000 images" in output
    assert "normal images: 281 (28.1%); published: 281 (28.1%)" in output
    assert "answer is yes: 719 (71.9%)" in output


def test_sample_is_sound() -> None:
    """The embedded sample is whole."""
    code, output = verify("--sample")
    assert code == 0, output
    assert "360 rows, 40 images" in output


def _damage_image(rows: Rows) -> None:
    rows[30]["image"]["bytes"] = rows[30]["image"]["bytes"][:50]


def _relabel(rows: Rows) -> None:
    for row in rows[:9]:
        row["metadata"]["is_abnormal"] = True


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_damage_image, "FAULT row 30: "),
        (_relabel, "FAULT normal images: 280 (28.0%); published: 281"),
        (lambda rows: rows[12].update(answer="Z"), "FAULT row 12: the answer 'Z' is not one of the letters"),
        (lambda rows: rows.pop(), "FAULT image 'benchmark_0999.png' lacks pathology_mc"),
        (lambda rows: rows.__delitem__(slice(0, 9)), "FAULT the benchmark has 1,000 images"),
    ],
)
def test_each_damage_is_one_line_and_a_failing_exit(
    tmp_path: Path, shaped_table: pa.Table, damage: Callable[[Rows], Any], said: str
) -> None:
    """Every kind of fault is reported with its place, beside what is in order."""
    rows = shaped_table.to_pylist()
    damage(rows)
    shaped_data.write_hub_copy(tmp_path, pa.Table.from_pylist(rows, schema=shaped_table.schema))
    code, output = verify("--data", tmp_path)
    assert code == 1
    assert said in output
    assert "ok    RadImageNet-VQA: " in output


def test_other_columns_are_a_fault(tmp_path: Path, shaped_table: pa.Table) -> None:
    """Another configuration of the data set is told apart from damage."""
    shaped_data.write_hub_copy(tmp_path, shaped_table.drop(["choices"]))
    code, output = verify("--data", tmp_path)
    assert code == 1
    assert "column choices is missing" in output


def test_unreadable_file_is_one_message(tmp_path: Path) -> None:
    """A file that is no Parquet ends in a message, not in a traceback."""
    (tmp_path / "test.parquet").write_text("not parquet")
    code, output = verify("--data", tmp_path / "test.parquet")
    assert code == 1
    assert output.splitlines()[-1].startswith("Error: ")


COMPARATORS = {
    "vqarad": ("451 rows, 203 images", "vqarad_closed 271 (closed)", "vqarad_open 180 (open)"),
    "slake": (
        "1,061 questions: slake_",
        "slake_closed 304 (closed)",
        "slake_closed 302 (phrase)",
        "SLAKE (Chinese): 1,033",
    ),
    "mmmu_med": ("questions of the subject: 30; published: 30", "left out, since they are not multiple-choice: 2"),
}


@pytest.mark.parametrize("family", COMPARATORS)
def test_sound_comparator_has_no_fault(family: str, comparator_copies: dict[str, Path]) -> None:
    """Counts, formats and what is left out of each of the other data sets."""
    code, output = verify("--family", family, "--data", comparator_copies[family])
    assert code == 0, output
    assert "FAULT" not in output
    assert all(said in output for said in COMPARATORS[family]), output
    assert output.count("every image can be decoded") == {"vqarad": 1, "slake": 2, "mmmu_med": 5}[family]


def test_damaged_comparators_are_reported(tmp_path: Path) -> None:
    """Each family's faults are lines with their place, and the rest is looked at all the same."""
    vqarad_rows = comparators.vqarad_rows()[:450]
    vqarad_rows[7] = {**vqarad_rows[7], "image": {"bytes": b"no image", "path": None}, "answer": ""}
    comparators.write_vqarad(tmp_path / "vqarad", vqarad_rows)
    code, output = verify("--family", "vqarad", "--data", tmp_path / "vqarad")
    assert code == 1
    for said in ("FAULT row 7: the answer is empty", "FAULT row 7: it is no image of the formats", "here are 449"):
        assert said in output
    slake_rows = comparators.slake_rows()
    slake_rows[0] = {**slake_rows[0], "answer_type": "x"}
    comparators.write_slake(tmp_path / "slake", slake_rows)
    code, output = verify("--family", "slake", "--data", tmp_path / "slake")
    assert code == 1
    assert "FAULT row 0: question qid 10000: the answer_type 'x' is neither" in output
    mmmu = {subject: comparators.mmmu_rows(subject) for subject in mmmu_med.SUBJECTS}
    mmmu["Pharmacy"] = mmmu["Pharmacy"][:29]
    mmmu["Public_Health"][4]["options"] = "nonsense"
    comparators.write_mmmu(tmp_path / "mmmu", mmmu)
    code, output = verify("--family", "mmmu_med", "--data", tmp_path / "mmmu")
    assert code == 1
    assert "FAULT questions of the subject: 29; published: 30" in output
    assert "FAULT row 4: question 'validation_Public_Health_5': options 'nonsense' is no list of texts" in output


def test_a_file_that_a_row_names_is_never_opened(tmp_path: Path, shaped_table: pa.Table) -> None:
    """As in a run: neither a pipe, which would be waited on for ever, nor somebody's picture."""
    os.mkfifo(tmp_path / "pipe.png")
    Image.new("L", (5, 5)).save(tmp_path / "private.png")
    rows = shaped_table.to_pylist()
    for row, name in ((30, "pipe.png"), (31, "private.png")):
        rows[row]["image"] = {"bytes": None, "path": str(tmp_path / name)}
    shaped_data.write_hub_copy(tmp_path, pa.Table.from_pylist(rows, schema=shaped_table.schema))
    code, output = verify("--data", tmp_path)
    assert code == 1
    assert "FAULT row 30: there is none (path None)" in output and "FAULT row 31: there is none" in output
    assert "every image can be decoded" not in output


def test_an_error_without_words_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that runs out in decoding leaves no text, and must not leave "every image can be decoded"."""

    def fails(self: Image.Image, *_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PngImageFile, "load", fails)
    code, output = verify("--sample")
    assert (code, "FAULT row 0: MemoryError" in output, "every image can" in output) == (1, True, False)
