"""Reading sample logs: the sound part is read, and everything else is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs_support import changed, line, record

from radimagenet_vqa_tasks.scoring.logs import parse, read_log
from radimagenet_vqa_tasks.scoring.outcomes import process_results
from radimagenet_vqa_tasks.scoring.record import as_dict

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
        "arm": "image",
    }
    found, fault = parse(line(process_results(doc, ["B"])["record"]).encode())
    assert fault == "" and found is not None
    assert (found.key, found.outcome, found.extracted) == ("i:anatomy_mc", "incorrect", "B")
    assert (found.facets, found.choices, found.response) == (facets, ("knee", "hip"), "B")


def test_a_record_of_version_1_is_read_as_one_of_today() -> None:
    """Logs that were written before facets and arms had names of their own say the same as they did."""
    old = {
        "key": "i:pathology_open",
        "cluster": "i",
        "cell": "pathology_open",
        "format": "open",
        "with_image": False,
        "subject": "pathology",
        "location": "knee",
        "abnormal": True,
        "question": "What?",
        "choices": [],
        "target": "fracture",
        "fingerprint": "f",
        "version": "1-A",
        "extracted": None,
        "outcome": "unjudged",
        "correct_in_paper": False,
        "judge": "mistral",
        "judge_reason": "http_500",
        "judge_reply": None,
    }
    found, fault = parse(json.dumps({"filtered_resps": ["A fracture."], "record": old}).encode())
    assert fault == "" and found is not None
    assert (found.arm, found.outcome, found.reason) == ("textonly", "missing", "http_500")
    assert found.facets == {"subject": "pathology", "location": "knee", "abnormal": True}
    # It claimed to be the paper's number whoever had judged.
    assert (found.scores, found.response) == ({}, "A fracture.")
    old["judge"] = "mistral-large-2411"
    found, _ = parse(json.dumps({"filtered_resps": ["A fracture."], "record": old}).encode())
    assert found is not None and found.scores == {"accuracy_paper": 0.0}


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
        (line(changed(record(7, "anatomy_mc"), cell="vqa_rad_open")), "'vqa_rad_open', no cell that this version"),
        (
            line(changed(record(7, "anatomy_mc"), outcome="maybe")),
            "the outcome 'maybe', which none",
        ),
        (line(changed(record(7, "anatomy_mc"), cluster=7)), "has a cluster of the wrong kind (7)"),
        (line(changed(record(7, "anatomy_mc"), scores={"accuracy": "yes"})), "has a scores of the wrong kind"),
        (line(changed(record(7, "anatomy_mc"), location=["knee"])), "has a facets of the wrong kind"),
        (line(changed(record(7, "anatomy_mc"), choices=[1, {}])), "has a choices of the wrong kind"),
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
    text = json.dumps({"filtered_resps": said, "record": as_dict(record(1, "anatomy_mc", right=False))})
    found, _ = parse(text.encode())
    assert found is not None and (found.key, found.outcome) == ("image1:anatomy_mc", "incorrect")


def test_a_log_of_another_pack_is_said_once(tmp_path: Path) -> None:
    """A whole foreign file is one message, not one a line."""
    found = read_log(log(tmp_path, *['{"doc_id": 1, "exact_match": 0}\n'] * 50))
    assert found.records == ()
    assert len(found.problems) == 1 and "every line has no record of this pack" in found.problems[0]


def test_faults_without_end_are_counted(tmp_path: Path) -> None:
    """A file of a thousand different faults is a few messages."""
    bad = [line(changed(record(0, "anatomy_mc"), cell=f"cell {number}")) for number in range(1000)]
    found = read_log(log(tmp_path, *GOOD, *bad))
    assert len(found.records) == 3 and len(found.problems) == 6
    assert found.problems[-1].endswith("has 995 more kinds of faults")


def test_an_empty_log_is_said(tmp_path: Path) -> None:
    """A file without a line is not an evaluation without questions."""
    assert read_log(log(tmp_path)).problems == (f"{tmp_path / NAME} is empty",)


def test_nan_beside_a_record_costs_nothing() -> None:
    """The host writes NaN where a metric has no number, which is no JSON to strict readers."""
    found, fault = parse(GOOD[0].replace('"score": 1', '"score": NaN').encode())
    assert fault == "" and found is not None and found.key == "image0:anatomy_mc"


def test_a_record_keeps_the_facets_of_its_family() -> None:
    """Other benchmarks' questions are broken down by what their own data give."""
    slake = changed(record(1, "anatomy_mc"), cell="slake_open", organ="Lung", content_type="Organ")
    found, _ = parse(line(slake).encode())
    assert found is not None and (found.facets["organ"], found.facets.get("base_type")) == ("Lung", None)


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
