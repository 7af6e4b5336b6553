"""The JSON summary: it is as its schema says, and its numbers are those of the tables."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import make_summary_schema
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from runs_support import record, records, write

from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.analysis.summary import as_json
from radimagenet_vqa_tasks.cli import main

ROOT = Path(__file__).parent.parent.parent
UNCLAIMED = ("anatomy_open", "pathology_open", "Avg")  # by the paper's protocol under the rule judge
EVIL = "<script>$(rm)\x1b[31m\u202e"


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema that is shipped."""
    return json.loads((files("radimagenet_vqa_tasks.analysis") / "summary.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def found(tmp_path: Path, schema: Any) -> dict[str, Any]:
    """The summary of two runs, one with both arms and a published name, and one on other data."""
    write(
        tmp_path / "a",
        records(6, lambda image, cell: image < 4) + records(6, lambda image, _: image < 2, arm="textonly"),
        model="Qwen/Qwen2.5-VL-7B-Instruct",
    )
    write(tmp_path / "b", records(6), model=EVIL)
    write(tmp_path / "c", records(6, fingerprint="f" * 16), model="other/data")
    result = CliRunner().invoke(main, ["summary", *(str(tmp_path / name) for name in "abc")], catch_exceptions=False)
    document = json.loads(result.stdout)
    assert result.stdout.isascii() and "\x1b" not in result.stdout
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []
    return document


def test_the_schema_is_sound_and_strict(schema: Any) -> None:
    """It is a valid JSON Schema, and every row's fields are required and closed."""
    Draft202012Validator.check_schema(schema)
    for row in schema["$defs"].values():
        assert row["additionalProperties"] is False and row["required"] == list(row["properties"])


def test_the_schema_is_that_of_the_types() -> None:
    """The committed file is what tools/make_summary_schema.py writes."""
    assert make_summary_schema.FILE.read_text(encoding="utf-8") == make_summary_schema.text()


def test_every_part_is_there(found: dict[str, Any]) -> None:
    """No list is empty where the runs support it, and what is refused is there with its reason."""
    assert [run["run"] for run in found["runs"]] == ["Qwen/Qwen2.5-VL-7B-Instruct", EVIL, "other/data"]
    assert [(arm["run"], arm["with_image"]) for arm in found["arms"]] == [
        ("Qwen/Qwen2.5-VL-7B-Instruct", True),
        ("Qwen/Qwen2.5-VL-7B-Instruct", False),
        (EVIL, True),
        ("other/data", True),
    ]
    assert {(arm["questions"], arm["images"]) for arm in found["arms"]} == {(54, 6)}
    assert {(row["protocol"], row["closed_by"]) for row in found["cells"]} == {
        (protocol, by) for protocol in ("strict", "paper") for by in ("question", "answer")
    }
    assert {row["by"] for row in found["facets"]} >= {"location", "modality", "pathology", "abnormal", "format"}
    assert "both_right_anatomy" in {row["rate"] for row in found["consistency"]}
    assert {row["published_row"] for row in found["published"]} == {"Qwen2.5-VL-7B-Instruct"}
    assert found["not_compared"][0]["second"] == "other/data" and "other data" in found["not_compared"][0]["why"][0]


def test_its_numbers_are_those_of_the_tables(found: dict[str, Any]) -> None:
    """4 of 6 right with the image, 2 without, 6 by the other run."""
    [avg] = [
        row
        for row in found["cells"]
        if (row["run"], row["cell"], row["protocol"], row["closed_by"], row["with_image"])
        == ("Qwen/Qwen2.5-VL-7B-Instruct", "Avg", "strict", "question", True)
    ]
    assert (avg["accuracy"], avg["n"], avg["images"]) == (pytest.approx(4 / 6), 54, 6)
    for number, rows in (("gain", found["blind"]), ("difference", found["differences"])):
        claimed = [row[number] for row in rows if row["protocol"] == "strict" or row["cell"] not in UNCLAIMED]
        assert claimed == pytest.approx([2 / 6] * 17)
        assert [row[number] for row in rows if row["protocol"] == "paper" and row["cell"] in UNCLAIMED] == [None] * 3


def test_what_no_protocol_claims_is_null_and_not_missing(found: dict[str, Any]) -> None:
    """Open cells judged by rule, and Avg with them, have no number by the paper's protocol; no answer of them lacks."""
    rows = [row for row in found["cells"] if row["protocol"] == "paper" and row["cell"] in UNCLAIMED]
    assert {(row["accuracy"], row["lower"], row["upper"], row["missing"]) for row in rows} == {(None, None, None, 0)}
    [closed] = [row for row in found["published"] if row["cell"] == "pathology_closed_pos"]
    assert closed["notes"] == ["The pathology Closed+ cell holds questions whose answer is no, those on normal images."]
    assert {row["paper_protocol"] for row in found["published"] if row["cell"] in UNCLAIMED} == {None}
    assert {row["second"] for row in found["differences"]} == {EVIL}


def test_numbers_that_do_not_exist_are_null(tmp_path: Path, schema: Any) -> None:
    """A single question: no Avg, no interval anywhere that would be NaN, and still a sound document."""
    write(tmp_path / "one", [record(0, "pathology_mc", outcome="missing", location=None)])
    text = as_json(read_runs([tmp_path / "one"]))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(json.loads(text))] == []
    assert '"accuracy": null' in text


def test_every_rate_and_list_is_documented(found: dict[str, Any], schema: Any) -> None:
    """docs/summary_schema.md names every list, every field and every rate that occurs here."""
    text = (ROOT / "docs" / "summary_schema.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_0-9/.]+)`", text))
    assert {field for row in schema["$defs"].values() for field in row["properties"]} <= named
    assert {row["rate"] for row in found["consistency"]} <= named
