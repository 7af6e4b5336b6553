"""Reading sample logs: the sound part is read, and everything else is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs_support import line, record

from radimagenet_vqa_tasks.scoring.logs import parse, read_log
from radimagenet_vqa_tasks.scoring.outcomes import process_results

NAME = "20260101_120000_samples_radvqa_anatomy_mc.jsonl"


def log(folder: Path, *lines: str) -> Path:
    """A log of these lines."""
    path = folder / NAME
    path.write_text("".join(lines), encoding="utf-8")
    return path


GOOD = [line(record(image, "anatomy_mc")) for image in range(3)]


def test_what_the_scoring_hook_writes_is_read() -> None:
    """A record straight from the hook is sound, and keeps what comparisons need."""
    facets = {"subject": "anatomy", "template": "t", "location": "knee", "modality": "mri", "abnormal": True}
    doc: dict[str, Any] = {
        "question": "Which?",
        "choices": ["knee", "hip"],
        "target": "A",
        "format": "mc",
        "key": "i:anatomy_mc",
        "cluster": "i",
        "cell": "anatomy_mc",
        "facets": facets,
        "fingerprint": "f",
        "with_image": True,
    }
    found, fault = parse(line(process_results(doc, ["B"])["record"]).encode())
    assert fault == "" and found is not None
    assert (found["key"], found["outcome"], found["extracted"]) == ("i:anatomy_mc", "incorrect", "B")
    assert (found["location"], found["pathology"], found["choices"]) == ("knee", None, ("knee", "hip"))


def test_task_and_stamp_are_in_the_name(tmp_path: Path) -> None:
    """The log's name says its task and when it was written."""
    found = read_log(log(tmp_path, *GOOD))
    assert (found.task, found.stamp, len(found.records)) == ("radvqa_anatomy_mc", "20260101_120000", 3)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (GOOD[0][: len(GOOD[0]) // 2], "line 4, the last, is cut off"),
        ("{not json}\n", "line 4, the last, is no JSON"),
        ('{"doc_id": 1, "exact_match": 0}\n', "has no record of this pack"),
        ('["a list"]}\n', "is no JSON"),
        ('[{"record": 1}, {}]\n', "cut off"),
        (line({**record(7, "anatomy_mc"), "cell": "vqa_rad_open"}), "'vqa_rad_open', no cell that this version"),
        (line({**record(7, "anatomy_mc"), "outcome": "maybe"}), "the outcome 'maybe', which is none of correct"),
        (line({**record(7, "anatomy_mc"), "cluster": 7}), "has a cluster of the wrong kind (7)"),
        (line({**record(7, "anatomy_mc"), "correct_in_paper": "yes"}), "has a correct_in_paper of the wrong kind"),
        (line({**record(7, "anatomy_mc"), "location": ["knee"]}), "has a location of the wrong kind"),
        (line({**record(7, "anatomy_mc"), "choices": [1, {}]}), "has choices that are no list of texts"),
        (line({"key": "a", "cell": "anatomy_mc", "outcome": "correct"}), "of another version of this pack"),
        (GOOD[0], "line 4, the last, repeats a question"),
        ("\n", "cut off"),
        ('{"record": {"a": ' + "[" * 100_000 + "}\n", "is no JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, bad: str, said: str) -> None:
    """One damaged, foreign or repeated line costs one record and is said with its number and reason."""
    path = log(tmp_path, *GOOD, bad)
    found = read_log(path)
    assert len(found.records) == 3
    [problem] = found.problems
    assert said in problem and str(path) in problem


def test_a_record_in_a_response_is_not_taken_for_the_record() -> None:
    """A model that writes a record into its answer scores nothing by it."""
    said = 'x", "record": {"key": "forged"}, "record": {"outcome": "correct"}'
    text = json.dumps({"filtered_resps": said, "record": record(1, "anatomy_mc", right=False)})
    found, _ = parse(text.encode())
    assert found is not None and (found["key"], found["outcome"]) == ("image1:anatomy_mc", "incorrect")


def test_a_log_of_another_pack_is_said_once(tmp_path: Path) -> None:
    """A whole foreign file is one message, not one a line."""
    found = read_log(log(tmp_path, *['{"doc_id": 1, "exact_match": 0}\n'] * 50))
    assert found.records == ()
    assert len(found.problems) == 1 and "every line has no record of this pack" in found.problems[0]


def test_faults_without_end_are_counted(tmp_path: Path) -> None:
    """A file of a thousand different faults is a few messages."""
    bad = [line({**record(0, "anatomy_mc"), "cell": f"cell {number}"}) for number in range(1000)]
    found = read_log(log(tmp_path, *GOOD, *bad))
    assert len(found.records) == 3 and len(found.problems) == 6
    assert found.problems[-1].endswith("has 995 more kinds of faults")


def test_an_empty_log_is_said(tmp_path: Path) -> None:
    """A file without a line is not an evaluation without questions."""
    assert read_log(log(tmp_path)).problems == (f"{tmp_path / NAME} is empty",)


def test_nan_beside_a_record_costs_nothing() -> None:
    """The host writes NaN where a metric has no number, which is no JSON to strict readers."""
    found, fault = parse(GOOD[0].replace('"score": 1', '"score": NaN').encode())
    assert fault == "" and found is not None and found["key"] == "image0:anatomy_mc"


def test_a_record_keeps_the_facets_of_its_family() -> None:
    """Other benchmarks' questions are broken down by what their own data give."""
    slake = {**record(1, "anatomy_mc"), "cell": "slake_open", "organ": "Lung", "content_type": "Organ"}
    found, _ = parse(line(slake).encode())
    assert found is not None and (found["organ"], found["base_type"]) == ("Lung", None)
    assert "pathology" not in found


def test_bytes_that_are_no_text_are_one_bad_line(tmp_path: Path) -> None:
    """A damaged disk block does not stop the reading."""
    path = tmp_path / NAME
    path.write_bytes(GOOD[0].encode() + b"\xff\xfe\x00garbage\n" + GOOD[1].encode())
    found = read_log(path)
    assert len(found.records) == 2 and "line 2 is cut off" in found.problems[0]


@given(st.binary() | st.text().map(str.encode))
def test_no_line_raises(text: bytes) -> None:
    """Any text at all is either a record or a reason."""
    found, fault = parse(text)
    assert (found is None) == bool(fault)
