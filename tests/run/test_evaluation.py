"""`radvqa run` through the real runner: records, resuming, local data, and every way in which a run can fail."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shaped_data
from support import ROOT, Command, lines_of, message

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.errors import DataError, RunError
from radimagenet_vqa_tasks.models.chance import Chance, guess
from radimagenet_vqa_tasks.run.asking import checkpoint_size
from radimagenet_vqa_tasks.run.evaluation import RunResult, run
from radimagenet_vqa_tasks.run.store import Store
from radimagenet_vqa_tasks.scoring.outcomes import TASK_VERSION, score
from radimagenet_vqa_tasks.scoring.record import Record

pytestmark = pytest.mark.host

CHANCE = ("--model", "radvqa_chance")


def evaluate(output: Path, *arguments: str, data: Path | None = None) -> RunResult:
    result = run([*CHANCE, "--output_path", str(output), *arguments], {"radvqa": data} if data else None)
    assert result is not None
    return result


@pytest.fixture(scope="module")
def chance_run(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The chance model on the whole sample."""
    return evaluate(tmp_path_factory.mktemp("chance"), "--tasks", "radvqa_sample")


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], str]], None]:
    """Let the chance backend answer with a function of the request instead."""

    def replace(function: Callable[[Any], str]) -> None:
        monkeypatch.setattr(Chance, "generate_until", lambda self, requests: [function(each) for each in requests])

    return replace


def test_run_logs_a_record_of_every_question(chance_run: RunResult) -> None:
    """Nine logs of forty lines; each record says all that analysis needs."""
    records = [line["record"] for line in lines_of(chance_run.sample_logs)]
    assert Counter(record["cell"] for record in records) == dict.fromkeys(CELLS, 40)
    assert len({record["key"] for record in records}) == 360
    assert len({record["picture"] for record in records}) == 40
    assert {record["fingerprint"] for record in records} == {records[0]["fingerprint"]}
    assert {record["version"] for record in records} == {TASK_VERSION}
    assert {record["arm"] for record in records} == {"image"}
    assert {record["judge"] for record in records} == {None, "rule"}
    assert set(records[0]) == set(Record.__struct_fields__)
    assert set(records[0]["facets"]) == set(BENCHMARKS["radvqa"].facets)


def test_logged_scores_follow_from_the_logged_response(chance_run: RunResult) -> None:
    """Scoring a logged response again gives the logged outcome, under both protocols."""
    for line in lines_of(chance_run.sample_logs):
        record = line["record"]
        scored = score(record, line["filtered_resps"])
        assert (scored.outcome, scored.extracted) == (record["outcome"], record["extracted"])
        assert line["accuracy"]["score"] == (scored.outcome == "correct")
        assert line["accuracy_paper"].get("score") == scored.in_paper


def test_average_is_the_mean_of_nine_cells_with_clustered_errors(chance_run: RunResult) -> None:
    """The group's number is the unweighted mean, and every cell has a clustered standard error."""
    results = chance_run.results["results"]
    cells = [results[f"radvqa_sample_{cell}"] for cell in CELLS]
    assert results["radvqa_sample"]["accuracy,none"] == pytest.approx(sum(c["accuracy,none"] for c in cells) / 9)
    assert all(cell["accuracy_stderr_clustered,none"] > 0 for cell in cells)


def test_guesses_do_not_depend_on_the_run(chance_run: RunResult) -> None:
    """The chance model is a function of the question's key and a seed: another seed guesses otherwise."""
    for line in lines_of(chance_run.sample_logs):
        record = line["record"]
        assert line["filtered_resps"] == guess(record)
    assert any(guess(line["record"], seed=1) != line["filtered_resps"] for line in lines_of(chance_run.sample_logs))


def test_finished_run_leaves_only_its_logs(chance_run: RunResult) -> None:
    """Nothing of the resuming machinery stays behind."""
    folder = chance_run.sample_logs[0].parent
    assert sorted(path.suffix for path in folder.iterdir()) == [*[".json"] * 2, *[".jsonl"] * 9]


@pytest.mark.parametrize("form", ["folder", "file"])
def test_local_copy_is_evaluated_as_the_hubs_data(tmp_path: Path, hub_copy: Path, form: str) -> None:
    """--data takes a hub download or its Parquet file; both arms of all nine cells run on it, the blind arm blind."""
    data = hub_copy if form == "folder" else next(hub_copy.rglob("*.parquet"))
    result = evaluate(tmp_path, "--tasks", "radvqa,radvqa_textonly", "--limit", "2", data=data)
    records = [line["record"] for line in lines_of(result.sample_logs)]
    assert Counter((record["cell"], record["arm"]) for record in records) == {
        (cell, arm): 2 for cell in CELLS for arm in ("image", "textonly")
    }
    assert len({record["fingerprint"] for record in records}) == 1


def test_unreachable_hub_says_what_to_do(tmp_path: Path) -> None:
    """Without the gated data set, the message names the agreement, the token and the way without a network."""
    with pytest.raises(RunError, match=r"accept its agreement.*HF_TOKEN.*--data PATH"):
        evaluate(tmp_path, "--tasks", "radvqa_anatomy_mc")


@pytest.mark.parametrize(
    ("arguments", "data", "said"),
    [
        (("--tasks", "radvqa_patology_mc"), None, "Did you mean 'radvqa_pathology_mc'?"),
        (("--tasks", "radvqa_sample,mmmu_val"), None, "no task or group 'mmmu_val'"),
        ((), None, "Pass --tasks"),
        (("--tasks", "radvqa"), "missing.parquet", "this path does not exist"),
        (("--tasks", "radvqa"), ".", "holds no benchmark/test-"),
    ],
)
def test_wrong_arguments_are_answered_before_anything_starts(
    tmp_path: Path, arguments: tuple[str, ...], data: str | None, said: str
) -> None:
    """A typing error costs no minutes: it is found before the host is imported."""
    with pytest.raises(RunError) as error:
        evaluate(tmp_path, *arguments, data=tmp_path / data if data else None)
    assert said in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_unwritable_output_is_refused_at_the_start(tmp_path: Path) -> None:
    """A run whose results could not be written does not begin."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write to the output folder .*--output_path"):
        evaluate(tmp_path / "file" / "runs", "--tasks", "radvqa_sample_anatomy_mc")


def test_damaged_data_end_at_once_with_one_message(tmp_path: Path, shaped_table: pa.Table) -> None:
    """A data fault is not tried five times over, and comes out as it was raised."""
    rows = shaped_table.to_pylist()
    rows[3]["choices"] = None
    shaped_data.write_hub_copy(tmp_path / "hub", pa.Table.from_pylist(rows, schema=shaped_table.schema))
    with pytest.raises(DataError, match="row 3: choices is null"):
        evaluate(tmp_path / "runs", "--tasks", "radvqa_anatomy_mc", data=tmp_path / "hub")


def test_truncated_image_keeps_the_answers_before_it(
    tmp_path: Path, shaped_table: pa.Table, answer: Callable[[Callable[[Any], str]], None]
) -> None:
    """An image that cannot be decoded is named, and what was generated before it is on disk."""
    rows = shaped_table.to_pylist()
    for row in rows[9 * 100 : 9 * 101]:
        row["image"]["bytes"] = row["image"]["bytes"][:60]
    shaped_data.write_hub_copy(tmp_path / "hub", pa.Table.from_pylist(rows, schema=shaped_table.schema))
    asked = []

    def look(request: Any) -> str:
        doc_to_visual, doc_id = request.args[2:4]
        doc_to_visual({"images": [rows[9 * doc_id]["image"]], "key": f"benchmark_{doc_id:04d}.png:anatomy_mc"})
        asked.append(doc_id)
        return "B"

    answer(look)
    with pytest.raises(DataError, match="benchmark_0100.png:anatomy_mc.*cannot be decoded"):
        evaluate(tmp_path / "runs", "--tasks", "radvqa_anatomy_mc", "--limit", "120", data=tmp_path / "hub")
    kept = [json.loads(line) for log in tmp_path.rglob("responses-*.jsonl") for line in log.read_text().splitlines()]
    assert len(kept) == 96  # the checkpoints of 32 and 64 before it
    assert len(asked) == len(set(asked)) <= 120


def test_failed_run_goes_on_where_it_stopped(
    tmp_path: Path, answer: Callable[[Callable[[Any], str]], None], chance_run: RunResult
) -> None:
    """After an exception the same command asks only what was not answered, and ends with the same records."""
    asked = []

    def fail_at_200(request: Any) -> str:
        asked.append(request.doc_id)
        if len(asked) == 200:
            raise ValueError("out of memory")
        return "yes"

    answer(fail_at_200)
    with pytest.raises(RunError, match="ValueError: out of memory.*the same command goes on from them"):
        evaluate(tmp_path, "--tasks", "radvqa_sample")
    before = len(asked)
    result = evaluate(tmp_path, "--tasks", "radvqa_sample")
    assert len(asked) - before == 360 - 96
    assert len(lines_of(result.sample_logs)) == 360
    assert {line["filtered_resps"] for line in lines_of(result.sample_logs)} == {"yes"}


def test_resuming_takes_what_any_number_of_processes_left(
    tmp_path: Path, answer: Callable[[Callable[[Any], str]], None]
) -> None:
    """Responses in the files of two processes, one cut by a kill, serve a run in one with another batch size."""
    asked = []

    def fail_at_100(request: Any) -> str:
        asked.append(request.doc_id)
        if len(asked) == 100:
            raise ValueError("out of memory")
        return "yes"

    answer(fail_at_100)
    with pytest.raises(RunError, match="out of memory"):
        evaluate(tmp_path, "--tasks", "radvqa_sample")
    [left] = tmp_path.rglob("responses-*.jsonl")
    lines = left.read_bytes().splitlines(keepends=True)
    left.with_name("responses-0-1.jsonl").write_bytes(b"".join(lines[:20]))
    left.with_name("responses-1-2.jsonl").write_bytes(b"".join(lines[20:]) + lines[0][:25])
    left.unlink()
    asked.clear()
    answer(lambda request: asked.append(request.doc_id) or "yes")  # type: ignore[func-returns-value]
    result = evaluate(tmp_path, "--tasks", "radvqa_sample", "--batch_size", "7")
    assert (len(asked), result.sent) == (360 - len(lines), 360 - len(lines)) and len(lines) == 96
    assert len(lines_of(result.sample_logs)) == 360


def test_asking_the_same_once_changes_no_record(tmp_path: Path) -> None:
    """Without images questions that are the same in words are one request; every record is as it is with one each."""
    tasks = ("--model", "radvqa_prior", "--tasks", "radvqa_sample_anatomy_open,radvqa_sample_anatomy_open_textonly")
    once, each = (
        run([*tasks, "--output_path", str(tmp_path / name)], dedupe=dedupe)
        for name, dedupe in (("once", True), ("each", False))
    )
    assert once is not None and each is not None
    different = {line["input"] for line in lines_of(once.sample_logs) if line["record"]["arm"] == "textonly"}
    assert (once.sent, each.sent) == (40 + len(different), 80) and len(different) < 20
    both = [sorted(json.dumps(line["record"]) for line in lines_of(result.sample_logs)) for result in (once, each)]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--predict_only"], "it scores as it goes"),
        (["--num_fewshot", "2"], "asked without examples"),
        (["--fewshot_as_multiturn"], "asked without examples"),
        (["--wandb_args", "project=x"], "use `lmms-eval` with the same options"),
        (["--limit", "0.5"], "is a share, which differs between tasks"),
        (["--apply_chat_template"], "takes no --apply_chat_template"),
    ],
)
def test_arguments_that_cannot_work_are_refused(tmp_path: Path, option: list[str], said: str) -> None:
    """Each is refused before anything is asked, with what to do instead."""
    with pytest.raises(RunError) as error:
        evaluate(tmp_path, "--tasks", "radvqa_sample_anatomy_mc", *option)
    assert said in str(error.value)


def test_options_come_from_a_file_too(tmp_path: Path) -> None:
    """`--config` gives them as `lmms-eval --config` does; the command line wins, with a default too."""
    file = tmp_path / "run.yaml"
    file.write_text("model: radvqa_chance\ntasks: [radvqa_sample_anatomy_mc]\nlimit: 3\nbatch_size: 8\n")
    result = run(["--config", str(file), "--output_path", str(tmp_path / "out"), "--batch_size", "1"])
    assert result is not None and len(lines_of(result.sample_logs)) == 3
    options = result.results["config"]["resolved_cli_args"]
    assert (options["limit"], str(options["batch_size"])) == (3, "1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: [", "is no YAML"),
        ("- tasks: radvqa_sample\n- tasks: radvqa", "Give several runs a file each"),
        ("tasks: radvqa_sample_anatomy_mc\nmodel: radvqa_chance\nmodle_args: x", "'modle_args', which is no option"),
        ("tasks: radvqa_sampel\nmodel: radvqa_chance", "Did you mean"),
        ("tasks: radvqa_sample\nmodel: radvqa_chance\nlimit: ten", "is no number"),
    ],
)
def test_a_file_of_options_that_is_wrong_is_one_message(tmp_path: Path, text: str, said: str) -> None:
    """Damaged, of several runs, with typing errors in it."""
    (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(RunError) as error:
        run(["--config", str(tmp_path / "run.yaml"), "--output_path", str(tmp_path / "out")])
    assert said in str(error.value)


HOSTILE = [
    "",
    "\0" * 10,
    "yes \ud83d",
    "B" * 1_000_000,
    "\u202egnihton\u202c",
    '{"judge": 0}</record>\n\r\u2028',
    "<think>" * 1000,
    "A or B",
]


def test_hostile_responses_lose_nothing(tmp_path: Path, answer: Callable[[Callable[[Any], str]], None]) -> None:
    """Empty, huge, NUL, right-to-left and unpaired-surrogate responses are logged and scored, none as right."""
    answer(lambda request: HOSTILE[request.doc_id % len(HOSTILE)])
    result = evaluate(tmp_path, "--tasks", "radvqa_sample_anatomy_mc,radvqa_sample_pathology_open")
    lines = lines_of(result.sample_logs)
    assert len(lines) == 80
    assert {line["filtered_resps"] for line in lines} >= {"", "yes \\ud83d", "B" * 1_000_000}
    assert all(line["record"]["outcome"] in ("unparsed", "incorrect") for line in lines)


def test_unwritten_log_is_an_error_that_keeps_the_responses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host only warns when a log could not be written; the run ends with a message and loses nothing."""
    from lmms_eval.loggers import EvaluationTracker

    save = EvaluationTracker.save_results_samples

    def save_half(self: Any, task_name: str, samples: list[Any]) -> None:
        save(self, task_name, samples[: len(samples) // 2])

    monkeypatch.setattr(EvaluationTracker, "save_results_samples", save_half)
    with pytest.raises(
        RunError,
        match=r"holds 20 of 40 records .*Make room and run the same command again. Responses got so far are kept",
    ):
        evaluate(tmp_path, "--tasks", "radvqa_sample_anatomy_mc")
    monkeypatch.undo()
    asked = Counter[str]()
    monkeypatch.setattr(Chance, "generate_until", lambda self, requests: asked.update(["model"]) or [])
    assert len(lines_of(evaluate(tmp_path, "--tasks", "radvqa_sample_anatomy_mc").sample_logs)) == 40
    assert asked == {}


def test_full_disk_while_answering_is_one_message(command: Command) -> None:
    """When nothing more can be written, the run says where and how to go on, with a non-zero exit."""
    limited = (
        "import resource, sys\n"
        "from radimagenet_vqa_tasks.cli import main\n"
        "import radimagenet_vqa_tasks.run.evaluation as e\n"
        "evaluate = e.evaluate\n"
        "def limited(*args):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))\n"
        "    return evaluate(*args)\n"
        "e.evaluate = limited\n"
        "main(['run', '--model', 'radvqa_chance', '--tasks', 'radvqa_sample'])\n"
    )
    result = command(sys.executable, "-c", limited)
    assert result.returncode == 1, message(result)
    assert result.stderr.splitlines()[-1].startswith("Error: "), message(result)
    assert "the same command goes on from them" in result.stderr


@pytest.mark.parametrize(("code", "said"), [(errno.ENOSPC, "No space left"), (errno.EACCES, "Permission denied")])
def test_nothing_is_said_to_be_kept_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    """Where not one response could be written, the message says so, and what the fault is."""

    def refuse(self: Store, *response: object) -> None:
        raise OSError(code, os.strerror(code), "responses.jsonl")

    monkeypatch.setattr(Store, "put", refuse)
    with pytest.raises(RunError, match=rf"{said}.* \(responses.jsonl\). No response was kept"):
        evaluate(tmp_path, "--tasks", "radvqa_sample_anatomy_mc")


@pytest.fixture
def slow_chance(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which the chance model takes 20 ms a question."""
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import time\n"
        "import radimagenet_vqa_tasks.run.evaluation as e\n"
        "host = e.import_host\n"
        "def slow_host():\n"
        "    loaded = host()\n"
        "    import radimagenet_vqa_tasks.models.chance as chance\n"
        "    guess = chance.guess\n"
        "    chance.guess = lambda doc, seed: (time.sleep(0.02), guess(doc, seed))[1]\n"
        "    return loaded\n"
        "e.import_host = slow_host\n"
    )
    yield {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def test_killed_run_goes_on_where_it_stopped(
    tmp_path: Path, slow_chance: dict[str, str], chance_run: RunResult
) -> None:
    """After kill -9 in mid-run the same command asks the rest, and its records equal an undisturbed run's."""
    output = tmp_path / "runs"
    arguments = [*CHANCE, "--output_path", str(output), "--tasks", "radvqa_sample"]
    process = subprocess.Popen(
        [sys.executable, "-m", "radimagenet_vqa_tasks", "run", *arguments],
        cwd=tmp_path,
        env=slow_chance,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240
        while _answered(output) < 32 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    answered = _answered(output)
    assert 32 <= answered < 360
    result = run(arguments)
    assert result is not None
    strip = lambda logs: sorted((json.dumps(line["record"]), line["filtered_resps"]) for line in lines_of(logs))  # noqa: E731
    assert strip(result.sample_logs) == strip(chance_run.sample_logs)


def _answered(output: Path) -> int:
    return sum(log.read_bytes().count(b"\n") for log in output.rglob("responses-*.jsonl"))


def test_two_processes_give_the_records_of_one(command: Command, tmp_path: Path, chance_run: RunResult) -> None:
    """Sharding over two processes changes the order of the log and nothing else."""
    result = command(
        *("torchrun", "--nproc_per_node", "2", "--master_port", "29517", "-m", "radimagenet_vqa_tasks", "run"),
        *(*CHANCE, "--tasks", "radvqa_sample", "--output_path", tmp_path / "two"),
        env={"ACCELERATE_USE_CPU": "1"},
    )
    assert result.returncode == 0, message(result)
    both = [
        {line["record"]["key"]: (line["record"], line["filtered_resps"]) for line in lines_of(logs)}
        for logs in (chance_run.sample_logs, (tmp_path / "two").glob("*.jsonl"))
    ]
    assert both[0] == both[1]


@pytest.mark.parametrize(("wanted", "batch", "size"), [(32, 1, 32), (32, 20, 40), (32, 64, 64), (32, "auto", 32)])
def test_checkpoint_is_whole_batches(wanted: int, batch: object, size: int) -> None:
    """Processes that step together see the same number of batches."""
    assert checkpoint_size(wanted, type("Model", (), {"batch_size": batch})) == size
