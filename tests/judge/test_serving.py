"""A judge that the command serves itself: named by its weights, waited for, and stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_rejudge import line, read, write

from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.llm import serving
from radimagenet_vqa_tasks.judge.llm.weights import Weights, find

SERVER = Path(__file__).with_name("judge_server.py")


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    """A file that is called like weights."""
    file = tmp_path / "judge-7b.gguf"
    file.write_bytes(b"GGUF weights")
    return file


def instead(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> list[int]:
    """Serve with another command, whose last argument is the port; returns the ports that are used."""
    ports: list[int] = []

    def command_for(weights: Weights, port: int, at_once: int) -> list[str]:
        ports.append(port)
        return [*command, str(port)]

    monkeypatch.setattr(serving, "command_for", command_for)
    return ports


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_run_is_judged_by_a_server_that_is_started_and_stopped(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One command: the verdicts are in the log under the weights' name, and nothing listens any more."""
    monkeypatch.setenv("RADVQA_JUDGE_CACHE", "off")
    monkeypatch.setenv("RADVQA_JUDGE_API_KEY", "sk-of-another-endpoint-12345")
    ports = instead(monkeypatch, [sys.executable, str(SERVER), "--port"])
    log = write(tmp_path / "run", [line(0, "knee"), line(1, "the knee")])
    done = CliRunner().invoke(main, ["judge", str(tmp_path / "run"), "--serve", str(gguf)])
    assert done.exit_code == 0, done.output
    records = [one["record"] for one in read(log)]
    assert {record["judge"] for record in records} == {find(str(gguf)).name}
    assert {record["outcome"] for record in records} <= {"correct", "incorrect"}
    assert len(ports) == 1 and not listens(ports[0])
    # And the name, which holds an @, can be asked for.
    sides = [f"{tmp_path / 'run'}@{name}" for name in ("rule", find(str(gguf)).name)]
    assert CliRunner().invoke(main, ["judge", "--agreement", *sides]).exit_code == 0


def test_a_server_that_does_not_start_is_said_with_its_last_words(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why it failed, without a traceback of ours; terminal codes in it are not obeyed."""
    instead(monkeypatch, [sys.executable, "-c", "print('\\x1b[2Jno such weights'); raise SystemExit(3)"])
    write(tmp_path / "run", [line(0, "knee")])
    done = CliRunner().invoke(main, ["judge", str(tmp_path / "run"), "--serve", str(gguf)])
    assert done.exit_code == 1
    assert "ended with 3" in done.output and "no such weights" in done.output and "\x1b" not in done.output


def test_a_server_ends_with_the_block_even_if_that_fails(monkeypatch: pytest.MonkeyPatch, gguf: Path) -> None:
    """Nothing is left behind on the machine."""
    ports = instead(monkeypatch, [sys.executable, str(SERVER), "--port"])
    with pytest.raises(KeyError), serving.serving(find(str(gguf)), 1):
        assert listens(ports[0])
        raise KeyError
    assert not listens(ports[0])


def test_a_server_ends_with_a_command_that_is_killed() -> None:
    """kill -9 of the command leaves no server behind that holds the memory of a model."""
    code = (
        "import sys, time; from radimagenet_vqa_tasks.judge.llm.serving import running, _free_port\n"
        "port = _free_port()\n"
        f"with running([sys.executable, {str(SERVER)!r}, '--port', str(port)], port):\n"
        "    print(port, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout
        port = int(command.stdout.readline())
        assert listens(port)
        command.kill()
    deadline = time.monotonic() + 20
    while listens(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not listens(port)


def test_weights_of_the_hub_are_named_by_their_revision(tmp_path: Path) -> None:
    """What is on this machine already needs no network; a branch's name becomes its commit in records."""
    commit = "0123456789abcdef" * 2 + "01234567"
    repository = tmp_path / "models--org--judge"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "q4.gguf").write_bytes(b"GGUF")
    (snapshot / "config.json").write_text("{}")
    code = (
        "from radimagenet_vqa_tasks.judge.llm.weights import find; from radimagenet_vqa_tasks.errors import RunError\n"
        "print(find('org/judge:q4.gguf').name, find('org/judge').name, find('org/judge@main:q4.gguf').is_gguf)\n"
        "try: find('org/other:q4.gguf')\n"
        "except RunError as error: print(error)"
    )
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    names, fault = done.stdout.splitlines()
    assert names == "org/judge:q4@0123456789ab org/judge@0123456789ab True"
    assert "org/other could not be had from the hub" in fault


def test_vllm_is_started_for_a_folder_within_what_the_model_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On loopback, under the name that records have, and with no more context than the model was made for."""
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: name)
    (tmp_path / "config.json").write_text('{"vision_config": {}, "text_config": {"max_position_embeddings": 4096}}')
    command = serving.command_for(find(str(tmp_path)), 8123, 16)
    assert command[3:5] == ["vllm", str(tmp_path)]
    options = dict(zip(command[5::2], command[6::2], strict=True))
    assert options == {
        "--host": "127.0.0.1",
        "--port": "8123",
        "--served-model-name": find(str(tmp_path)).name,
        "--max-model-len": "4096",
        "--max-num-seqs": "16",
        "--limit-mm-per-prompt": '{"image": 0, "video": 0}',
    }


def test_other_weights_are_another_judge(gguf: Path) -> None:
    """A file that changes under the same name gets another name in records and in the cache."""
    before = find(str(gguf))
    gguf.write_bytes(b"GGUF other weights")
    assert find(str(gguf)).name != before.name
    assert before.name.startswith("judge-7b@") and before.is_gguf


def test_a_folder_is_named_by_all_its_files(tmp_path: Path) -> None:
    """A tokenizer that changes makes another judge, too."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    before = find(str(tmp_path)).name
    (tmp_path / "tokenizer.json").write_text("{ }")
    assert find(str(tmp_path)).name != before


@pytest.mark.parametrize(
    ("model", "words"), [("nowhere.gguf", "no GGUF file"), ("a b", "no GGUF file"), ("{tmp}", "config.json")]
)
def test_what_is_no_model_is_said(model: str, words: str, tmp_path: Path) -> None:
    """Before anything is started."""
    with pytest.raises(RunError, match=words):
        find(model.replace("{tmp}", str(tmp_path)))


@pytest.mark.parametrize(("name", "words"), [("m.gguf", "judge-local"), ("m", "vLLM, which is not installed")])
def test_a_missing_engine_is_named(name: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RunError, match=words):
        serving.command_for(Weights(Path(name), "m@1"), 1, 1)


def test_serve_and_an_address_exclude_each_other(gguf: Path, tmp_path: Path) -> None:
    """A user who gives both is asked what is meant."""
    write(tmp_path / "run", [line(0, "knee")])
    done = CliRunner().invoke(main, ["judge", str(tmp_path / "run"), "--serve", str(gguf), "--model", "m"])
    assert done.exit_code == 2 and "--serve names the judge" in done.output


def test_a_dry_run_starts_nothing(gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What judging would take is known without the judge."""
    ports = instead(monkeypatch, ["false"])
    write(tmp_path / "run", [line(0, "knee")])
    done = CliRunner().invoke(main, ["judge", str(tmp_path / "run"), "--serve", str(gguf), "--dry_run"])
    assert done.exit_code == 0 and "1 calls" in done.output and not ports
