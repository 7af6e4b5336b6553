"""The texts of answers, read again from the logs that the records came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report_support import line, write_log, write_run
from runs_support import record

from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.report.answers import Answer, columns_of, read_answers


def answers(folder: Path) -> dict[str, Answer]:
    """The answers of the folder's only arm."""
    [run] = read_runs([folder])
    [arm] = run.arms
    return read_answers(arm)


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ("knee", "knee"),
        ("", ""),
        (None, None),
        ("lone \ud800", "lone \ud800"),
    ],
)
def test_response_is_the_one_that_was_scored(tmp_path: Path, responses: Any, expected: str | None) -> None:
    """The response of the record; none is unknown and not made up."""
    write_run(tmp_path, [line(record(0, "anatomy_open"), responses)])
    assert answers(tmp_path)["image0:anatomy_open"].response == expected


def test_texts_that_a_log_lacks_are_unknown(tmp_path: Path) -> None:
    """A record without its question or prompt gives None for them, and the rest stays."""
    found = line(record(0, "anatomy_open"))
    del found["input"], found["record"]["question"]
    write_log(tmp_path, [found])
    assert answers(tmp_path) == {"image0:anatomy_open": Answer(response="knee")}


def test_first_of_repeated_answers_counts(tmp_path: Path) -> None:
    """The texts are of the line whose record counts, also if a damaged line of the same question stands before it."""
    damaged = line(record(0, "anatomy_open", outcome="perhaps"), "damaged")
    kept, repeated = (line(record(0, "anatomy_open"), response) for response in ("kept", "repeated"))
    write_log(tmp_path, [damaged, kept, repeated])
    assert answers(tmp_path)["image0:anatomy_open"].response == "kept"


def test_answer_without_the_image_is_not_taken_for_the_other(tmp_path: Path) -> None:
    """Where one log holds both, each arm gets its own response to the same question."""
    lines = [
        line(record(0, "anatomy_open", arm="image" if seen else "textonly"), f"seen: {seen}") for seen in (False, True)
    ]
    write_log(tmp_path, lines)
    [run] = read_runs([tmp_path])
    found = {arm.with_image: read_answers(arm)["image0:anatomy_open"].response for arm in run.arms}
    assert found == {True: "seen: True", False: "seen: False"}


def test_earlier_verdicts_are_said_in_words(tmp_path: Path) -> None:
    """A judged run shows who judged before, what the verdict was and why; what is missing is called unknown."""
    earlier = [
        {"judge": "rule", "outcome": "incorrect", "judge_reason": "other_label", "judge_reply": None},
        {"judge": "small", "outcome": "missing", "judge_reply": "no idea"},
    ]
    found = record(0, "anatomy_open", judge="large", judge_reply="<judge>0</judge>", earlier_verdicts=earlier)
    write_run(tmp_path, [line(found)])
    answer = answers(tmp_path)["image0:anatomy_open"]
    assert answer.reply == "<judge>0</judge>"
    assert answer.earlier == ("rule: incorrect, other_label", "small: missing, unknown: no idea")


def test_arms_of_one_run_share_a_column(tmp_path: Path) -> None:
    """Answers to other data stand in the run's column; answers without the images in one of their own."""
    lines = [
        line(record(0, "anatomy_open")),
        line(record(0, "anatomy_mc", fingerprint="other")),
        line(record(0, "anatomy_open", arm="textonly")),
    ]
    [run] = read_runs([write_run(tmp_path, lines)])
    columns = columns_of(run.arms)
    assert [(column.label, column.arm, len(column.records)) for column in columns] == [
        ("publisher/model", "image", 2),
        ("publisher/model (text only)", "textonly", 1),
    ]


def test_answers_of_two_versions_stay_apart(tmp_path: Path) -> None:
    """The same question answered under two major versions has two columns: neither answer hides the other."""
    lines = [line(record(0, "anatomy_open", version=version), version) for version in ("1-A", "2-A")]
    folder = tmp_path / "run"
    write_run(folder, lines[:1])
    write_run(folder, lines[1:], prefix="radvqa_again_")
    [run] = read_runs([folder])
    columns = columns_of(run.arms)
    assert {column.label: [answer.response for answer in column.answers.values()] for column in columns} == {
        "publisher/model": ["1-A"],
        "publisher/model (version 2-A)": ["2-A"],
    }
