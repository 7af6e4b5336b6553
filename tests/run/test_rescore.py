"""`radvqa score RUN`: a finished run read again, by the present rules, from its logs alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from runs_support import changed, record, records, write
from support import lines_of

from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.run import folder as folders
from radimagenet_vqa_tasks.run.rescore import again, rescore
from radimagenet_vqa_tasks.scoring.outcomes import TASK_VERSION, process_results
from radimagenet_vqa_tasks.scoring.record import Record, as_dict

MC, OPEN = "anatomy_mc", "anatomy_open"


def answered(image: int, cell: str, response: str, **fields: object) -> Record:
    """A record of today's version whose outcome follows from its response."""
    made = record(image, cell, response=response, version=TASK_VERSION, **fields)
    return changed(again(made), earlier_verdicts=[])


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of six multiple-choice and six open answers, of which the rules once read two otherwise."""
    found = [answered(image, MC, "B", asked="abc") for image in range(6)]
    found += [answered(image, OPEN, "knee", location="knee") for image in range(6)]
    found[0] = changed(found[0], outcome="unparsed", extracted=None, reason="unreadable", in_paper=False)
    found[7] = changed(found[7], outcome="incorrect", reason="other_finding", in_paper=None)
    write(tmp_path / "run", found, model_args="pretrained=m")
    return tmp_path / "run"


def test_what_changes_is_written_beside_and_said(run: Path) -> None:
    """Two answers change: the new logs are the run's newest, the old ones are as they were, both protocols are read."""
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    result = CliRunner().invoke(main, ["score", str(run)])
    assert result.exit_code == 0
    assert "12 answers read again; what changes" in result.output
    assert (
        "radvqa_anatomy_mc: 1 unparsed (unreadable) -> correct ('B' read) (for instance image0:anatomy_mc)"
        in result.output
    )
    assert "radvqa_anatomy_mc: 1 wrong -> right by the paper's protocol" in result.output
    assert "radvqa_anatomy_open: 1 incorrect (other_finding) -> correct" in result.output
    assert {name: (run / name).read_bytes() for name in before} == before
    [read] = read_runs([run], texts=True)
    [arm] = read.arms
    assert {one.outcome for one in arm.records} == {"correct"} and {one.asked for one in arm.records} == {"abc", ""}
    assert "holds several runs" in read.notes[0]
    [kept] = [one for one in arm.records if one.earlier_verdicts]
    assert (kept.key, kept.earlier_verdicts[0]["outcome"]) == ("image1:anatomy_open", "incorrect")
    [again_, nothing] = [CliRunner().invoke(main, ["score", str(run)]).output, list(run.glob(".*"))]
    assert "nothing changes" in again_ and nothing == []


def test_a_run_that_reads_the_same_is_left_alone(tmp_path: Path) -> None:
    """Nothing changes, nothing is written."""
    write(tmp_path, [answered(image, MC, "B") for image in range(3)])
    names = sorted(path.name for path in tmp_path.iterdir())
    [found] = rescore(tmp_path)
    assert (found.logs, found.answers, list(found.changes)) == ((), 3, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_reading_again_is_what_the_hook_writes() -> None:
    """For every format, the record made again equals the one that the scoring hook made of the response."""
    for cell, response in ((MC, "A or B"), ("anatomy_closed_pos", "Yes."), (OPEN, "a fracture"), (MC, "")):
        doc = {**as_dict(record(1, cell)), "question": "What is it?"}
        written = process_results(doc, [response])["record"]
        assert as_dict(again(Record(**written))) == written


def test_a_judges_verdict_stays(tmp_path: Path) -> None:
    """A language model's verdict is kept, reply and all; what it owes stays owed; a failed request stays one."""
    judged = {"judge": "mistral-large-2411", "version": TASK_VERSION, "response": "not at all the answer"}
    right = record(0, OPEN, **judged, judge_reply="<judge>0</judge>", reason="judged", in_paper=False)
    owed = record(1, OPEN, **judged, outcome="missing", reason="http_500", in_paper=None)
    failed = record(2, OPEN, version=TASK_VERSION, response=None, outcome="missing", judge=None, in_paper=None)
    failed = changed(failed, reason="request_failed", error="503")
    for one in (right, owed, failed):
        new = again(one)
        assert (new.outcome, new.reason, new.judge, new.judge_reply, new.scores, new.error) == (
            one.outcome, one.reason, one.judge, one.judge_reply, one.scores, one.error,
        )  # fmt: skip


def test_a_judge_is_not_credited_with_what_it_never_saw() -> None:
    """What is empty by today's rules is unparsed; what was, and is not any more, is owed by the judge."""
    judged = {"judge": "mistral-large-2411+tool", "version": TASK_VERSION}
    empty = record(0, OPEN, **judged, response="<think>knee", judge_reply="<judge>0</judge>", reason="judged")
    assert (again(empty).outcome, again(empty).reason, again(empty).judge) == (
        "unparsed",
        "unfinished",
        "mistral-large-2411+tool",
    )
    unseen = record(0, OPEN, **judged, response="knee", outcome="unparsed", reason="empty", in_paper=False)
    assert (again(unseen).outcome, again(unseen).reason, again(unseen).scores) == ("missing", "no_verdict", {})


@pytest.mark.parametrize(
    ("reason", "outcome"), [("unfinished", "unparsed"), ("refusal", "declined"), ("empty", "unparsed")]
)
def test_null_content_stays_what_it_was(reason: str, outcome: str) -> None:
    """Why a model gave no words is known from the endpoint alone; reading again does not lose it."""
    null = record(
        0, MC, response=None, outcome=outcome, reason=reason, extracted=None, version=TASK_VERSION, in_paper=False
    )
    assert (again(null).outcome, again(null).reason, again(null).response) == (outcome, reason, None)


def test_the_version_stays_where_other_prompts_were_asked(tmp_path: Path) -> None:
    """A run of an older task version becomes one of today only where its prompts were today's."""
    old = [changed(one, outcome="unparsed", extracted=None) for one in records(3, cells=[MC])]
    for one in old:
        one.response = "B"
    [log] = write(tmp_path / "other", old)
    [found] = rescore(tmp_path / "other")
    assert "task version stays 1-A" in found.notes[-1]
    assert {line["record"]["version"] for line in lines_of(found.logs)} == {"1-A"}
    asked = "\nQuestion: What is it?\nOptions: \nA. fracture\nB. hematoma\nC. no pathology seen\nD. muscle strain"
    prompt = f"{asked}\nAnswer with the option's letter from the given choices directly."
    [log] = write(tmp_path / "same", old)
    log.write_text(log.read_text().replace('"input": "What is it?"', f'"input": {json.dumps(prompt)}'))
    [found] = rescore(tmp_path / "same")
    assert {line["record"]["version"] for line in lines_of(found.logs)} == {TASK_VERSION}


def test_a_damaged_line_is_left_out_and_said(run: Path) -> None:
    """The sound lines are read again; the sentence that names the other one is there."""
    [log] = run.glob("*anatomy_mc.jsonl")
    log.write_bytes(log.read_bytes() + b'{"record": {"key"')
    [found] = rescore(run)
    assert found.answers == 12 and any("is cut off" in note for note in found.notes)


def test_a_full_disk_leaves_the_run_as_it_was(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new logs cannot be written, none of them is there, and the message says so."""
    before = sorted(path.name for path in run.iterdir())

    def full(path: Path, pieces: object) -> Path:
        if "open" in path.name:
            raise OSError(28, "No space left on device")
        path.write_text("half")
        return path

    monkeypatch.setattr(folders, "_written", full)
    with pytest.raises(RunError, match="No space left on device.*make room"):
        rescore(run)
    assert sorted(path.name for path in run.iterdir()) == before
