"""Folders of logs as runs: what belongs together, what is passed over, what is kept apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from runs_support import record, records, write

from radimagenet_vqa_tasks.analysis.runs import read_runs
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS, SAMPLE
from radimagenet_vqa_tasks.errors import RunError


def test_arms_never_mix(tmp_path: Path) -> None:
    """Answers with and without the images, to other data and by other task versions, are arms of their own."""
    write(tmp_path, records(2) + records(2, arm="textonly"))
    write(tmp_path, records(2, fingerprint=SAMPLE.fingerprint), prefix="radvqa_sample_")
    [run] = read_runs([tmp_path])
    assert [(arm.with_image, arm.fingerprint[:1], arm.is_sample, len(arm.records)) for arm in run.arms] == [
        (True, "0", False, 18),
        (True, SAMPLE.fingerprint[:1], True, 18),
        (False, "0", False, 18),
    ]
    assert "several data sets" in run.notes[0]
    with pytest.raises(RunError, match="several data sets or task versions: 01234567 .*, 2b316b30"):
        run.arm(BENCHMARKS["radvqa"])
    assert run.arm(BENCHMARKS["radvqa"], "textonly").label == "publisher/model (text only)"


def test_major_versions_are_kept_apart_and_minor_ones_are_not(tmp_path: Path) -> None:
    """N of N-X says that scores do not compare; X does not."""
    cells = list(CELLS)
    parts = zip(("1-A", "1-B", "2-A"), (cells[:3], cells[3:6], cells[6:]), strict=True)
    write(tmp_path, [one for version, some in parts for one in records(2, cells=some, version=version)])
    [run] = read_runs([tmp_path])
    assert [(arm.version, len(arm.records)) for arm in run.arms] == [("1-B", 12), ("2-A", 6)]


SUBJECTS = list(BENCHMARKS["mmmu_med"].cells)


def test_benchmarks_are_kept_apart(tmp_path: Path) -> None:
    """One folder's answers to several benchmarks are arms of their own, each with its benchmark's cells."""
    write(tmp_path, records(2) + records(3, cells=["vqarad_open", "vqarad_closed"], fingerprint="a" * 16))
    [run] = read_runs([tmp_path])
    assert [(arm.benchmark.name, len(arm.records), arm.partial) for arm in run.arms] == [
        ("radvqa", 18, ""),
        ("vqarad", 6, ""),
    ]
    assert run.families == [BENCHMARKS["radvqa"], BENCHMARKS["vqarad"]] and run.notes == ()


def test_a_benchmark_of_several_data_sets_is_one_arm(tmp_path: Path) -> None:
    """Each subject of MMMU is a data set of its own; together they are one benchmark's answers."""
    write(tmp_path, [record(0, cell, fingerprint=f"{index:016}") for index, cell in enumerate(SUBJECTS)])
    [arm] = read_runs([tmp_path])[0].arms
    assert [one.cell for one in arm.records] == SUBJECTS and len(arm.fingerprint) == 16


def test_newest_complete_log_of_each_task_counts(tmp_path: Path) -> None:
    """A newer run on part of the questions does not replace a complete one; a newer complete one does."""
    sizes = {f"radvqa_{cell}": 4 for cell in CELLS}
    write(tmp_path, records(4), stamp="20260101_000000", sizes=sizes)
    write(tmp_path, records(4, lambda *_: False), stamp="20260102_000000", sizes=sizes)
    write(tmp_path, records(2), stamp="20260103_000000", sizes=sizes)
    [run] = read_runs([tmp_path])
    assert {record.outcome for record in run.arms[0].records} == {"incorrect"}
    assert len(run.arms[0].records) == 36
    [note] = run.notes
    assert "newest complete" in note and "20260102_000000" in note
    assert "20260101_000000 (9 logs), 20260103_000000 (9 logs)" in note


def test_two_models_in_one_folder_are_two_runs(tmp_path: Path) -> None:
    """The host gives backends without a checkpoint one folder: their tasks must not add up to one run."""
    cells = list(CELLS)
    write(tmp_path, records(2, cells=cells[:4]), stamp="20260101_000000", model="", model_args="seed=0")
    write(tmp_path, records(2, cells=cells[4:]), stamp="20260102_000000", model="", model_args="seed=1")
    runs = read_runs([tmp_path])
    assert [(run.name, len(run.arms[0].records)) for run in runs] == [("backend seed=0", 8), ("backend seed=1", 10)]


def options(folder: Path, stamp: str, **config: object) -> None:
    """Add to what a run's results say of its options."""
    path = folder / f"{stamp}_results.json"
    results = json.loads(path.read_text())
    results["config"] |= config
    path.write_text(json.dumps(results))


def test_the_newest_run_is_that_of_the_latest_time(tmp_path: Path) -> None:
    """The host stamps files in Asia/Singapore time, `radvqa run` in UTC: names are not in the order of time."""
    write(tmp_path, records(2), stamp="20260102_050000")
    options(tmp_path, "20260102_050000", resolved_cli_args={"timezone": "Asia/Singapore"})
    write(tmp_path, records(2, lambda *_: False), stamp="20260101_230000")
    options(tmp_path, "20260101_230000", resolved_cli_args={"timezone": "UTC"})
    [run] = read_runs([tmp_path])
    assert {record.outcome for record in run.arms[0].records} == {"incorrect"}
    options(tmp_path, "20260102_050000", resolved_cli_args={"timezone": "No/Where"})
    assert {record.outcome for record in read_runs([tmp_path])[0].arms[0].records} == {"correct"}


def test_runs_that_were_asked_otherwise_are_two(tmp_path: Path) -> None:
    """The same model at another temperature, into the same folder, is never one column with the first."""
    for stamp, settings in (("20260101_000000", ""), ("20260102_000000", "temperature=0.7")):
        write(tmp_path, records(2), stamp=stamp)
        options(tmp_path, stamp, gen_kwargs=settings)
    assert len(read_runs([tmp_path])) == 2


def test_tasks_of_several_runs_are_never_taken_together_silently(tmp_path: Path) -> None:
    """Where one run has some tasks and a later one the others, a sentence says so."""
    cells = list(CELLS)
    write(tmp_path, records(2, cells=cells[:4]), stamp="20260101_000000")
    write(tmp_path, records(2, cells=cells[4:]), stamp="20260102_000000")
    [run] = read_runs([tmp_path])
    assert run.notes == (
        f"{tmp_path} holds tasks of several runs of one model (of 20260101_000000, 20260102_000000), which are taken "
        "together",
    )


@pytest.mark.parametrize("model", ["", "model=m,api_key=sk-abcdefghijklmnop"])
def test_no_run_is_named_after_a_key(tmp_path: Path, model: str) -> None:
    """Old logs hold what was typed; with another key it is the same model."""
    for stamp, key in (("20260101_000000", "sk-abcdefghijklmnop"), ("20260102_000000", "sk-qrstuvwxyzabcdef")):
        write(
            tmp_path,
            records(1),
            stamp=stamp,
            model=model,
            model_args=f"model=m,api_key={key},base_url=http://u:pw@h/v1",
        )
    [run] = read_runs([tmp_path])
    assert "sk-" not in run.name and "pw" not in run.name and "m" in run.name


def test_a_task_of_a_users_own_is_known_by_what_it_asks(tmp_path: Path) -> None:
    """Whatever it is called: how many questions there should be, and whether they are the sample's."""
    write(tmp_path / "a", records(2, cells=["anatomy_mc"], arm="told"), prefix="my_", model=None)
    sample = records(2, cells=["anatomy_mc"], fingerprint=SAMPLE.fingerprint)
    write(tmp_path / "b", sample, prefix="radvqa_", model=None)
    own, embedded = (run.arms[0] for run in read_runs([tmp_path]))
    assert own.partial.startswith("2 of 1,000 in anatomy_mc") and not own.is_sample
    assert embedded.is_sample and "1,000" not in embedded.partial


def test_runs_below_a_folder_are_found_and_told_apart(tmp_path: Path) -> None:
    """A folder of folders is several runs; two of the same model are named after their folders too."""
    for name in ("a", "b"):
        write(tmp_path / name, records(1))
    assert [run.name for run in read_runs([tmp_path])] == ["publisher/model [a]", "publisher/model [b]"]


def test_a_run_can_be_named(tmp_path: Path) -> None:
    """NAME=PATH is for tables in papers; a path with an equals sign is still a path."""
    write(tmp_path / "x=y", records(1))
    assert read_runs([f"ours={tmp_path / 'x=y'}"])[0].arms[0].label == "ours"
    assert read_runs([tmp_path / "x=y"])[0].name == "publisher/model"


def test_a_run_without_results_is_named_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's results may be lost; the folder one stands in has a name too."""
    write(tmp_path / "model.v2", records(1), model=None)
    monkeypatch.chdir(tmp_path / "model.v2")
    assert [run.name for run in read_runs([".", tmp_path / "model.v2"])] == [
        "model.v2 [model.v2]",
        "model.v2 [model.v2] #2",
    ]


def test_one_log_is_a_run(tmp_path: Path) -> None:
    """A single sample log can be named; the other cells are said to be missing."""
    [log] = write(tmp_path, records(2, cells=["anatomy_mc"]))
    [run] = read_runs([log])
    assert len(run.arms[0].records) == 2
    assert run.arms[0].partial.startswith("nothing in anatomy_open")


def test_a_part_of_the_questions_is_said(tmp_path: Path) -> None:
    """What the host counted, or else the benchmark's 1,000, is what a cell is measured against."""
    write(tmp_path / "a", records(2), sizes={"radvqa_anatomy_mc": 5})
    write(tmp_path / "b", records(2), model=None)
    known, unknown = (run.arms[0] for run in read_runs([tmp_path]))
    assert known.partial == "2 of 5 in anatomy_mc"
    assert unknown.partial.startswith("2 of 1,000 in anatomy_open, ") and "6 more cells" in unknown.partial


def test_the_sound_part_of_a_damaged_run_is_read(tmp_path: Path) -> None:
    """A truncated log, a foreign log and unreadable results cost what they held, and are said."""
    logs = write(tmp_path, records(3))
    logs[0].write_text(logs[0].read_text()[:-40])
    (tmp_path / "20260101_120000_samples_other_task.jsonl").write_text('{"doc_id": 0}\n')
    (tmp_path / "20260101_120000_results.json").write_text("{")
    [run] = read_runs([tmp_path])
    assert len(run.arms[0].records) == 26
    assert sorted(note.rpartition("samples_")[2].partition(":")[0].split(",")[0] for note in run.notes) == [
        "other_task.jsonl",
        "radvqa_anatomy_open.jsonl",
    ]


def test_the_same_question_in_two_logs_counts_once(tmp_path: Path) -> None:
    """A copied log under another name does not double a cell."""
    logs = write(tmp_path, records(2))
    (tmp_path / "20260101_120000_samples_copy.jsonl").write_text(logs[0].read_text())
    [run] = read_runs([tmp_path])
    assert len(run.arms[0].records) == 18
    assert run.notes == ("2 questions of publisher/model are in several logs; their first answer counts",)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: None, "does not exist"),
        (lambda folder: folder.mkdir(), "no sample logs"),
        (
            lambda folder: write(folder, [])[:0] or (folder / "1_samples_x.jsonl").write_text("{}\n"),
            "no record of this",
        ),
    ],
)
def test_nothing_to_read_is_an_error(tmp_path: Path, make: object, said: str) -> None:
    """A wrong path, an empty folder and a folder of foreign logs are three messages."""
    make(tmp_path / "run")  # type: ignore[operator]
    with pytest.raises(RunError, match=said):
        read_runs([tmp_path / "run"])
