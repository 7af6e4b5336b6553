"""A judge served on this machine for as long as a command needs it: by vLLM or llama.cpp, on loopback only.

The server is a process of its own that ends when its standard input does: with this command, however that ends.
"""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.judge.llm.weights import Weights

STARTING_SECONDS = 1800.0  # large weights are read for many minutes
STOPPING_SECONDS = 20.0
CONTEXT = 8192  # tokens of one question and its reply
LAST_WORDS = 8  # lines of a server that failed


def command_for(weights: Weights, port: int, at_once: int) -> list[str]:
    """The command that serves these weights. Raises RunError where nothing that can is installed."""
    here = [sys.executable, "-m", "radimagenet_vqa_tasks.judge.llm.engine"]
    if weights.is_gguf:
        if not importlib.util.find_spec("xllamacpp"):
            raise RunError("llama.cpp is not installed: pip install 'radimagenet-vqa-tasks[judge-local]'")
        return [*here, "llama.cpp", str(weights.path), str(port), str(at_once), str(CONTEXT)]
    if not importlib.util.find_spec("vllm"):
        raise RunError(
            f"{weights.name} needs vLLM, which is not installed (pip install vllm). Without it, name a GGUF file for "
            "llama.cpp: a path, or ORG/NAME:FILE.gguf on the hub."
        )
    context, sees = _settings(weights.path)
    served = [
        "--served-model-name",
        weights.name,
        "--max-model-len",
        str(context),
        "--max-num-seqs",
        str(at_once),
    ]
    if sees:  # no picture is ever judged, so that no memory is kept for one
        served += ["--limit-mm-per-prompt", '{"image": 0, "video": 0}']
    return [*here, "vllm", str(weights.path), "--host", "127.0.0.1", "--port", str(port), *served]


def _settings(folder: Path) -> tuple[int, bool]:
    """The tokens that a question and its reply may have, if the model can read so many; and whether it sees."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        own = config.get("max_position_embeddings") or config.get("text_config", {}).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError) as error:
        raise RunError(f"{folder / 'config.json'} is no model's settings ({type(error).__name__}).") from error
    return min(CONTEXT, own) if isinstance(own, int) and own > 0 else CONTEXT, "vision_config" in config


@contextmanager
def serving(weights: Weights, at_once: int) -> Iterator[str]:
    """Serve the weights, and give the base URL once the server is well. Raises RunError where it does not start."""
    port = _free_port()
    with running(command_for(weights, port, at_once), port):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[None]:
    """Run a server until the block ends; enters the block once GET /health on the port is answered with 200."""
    with tempfile.TemporaryFile() as said:
        # In a session of its own: an interrupt at the terminal ends the judging first, and then this.
        server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait(server, port, said)
            yield
        finally:
            _stop(server)


def _wait(server: subprocess.Popen[bytes], port: int, said: IO[bytes]) -> None:
    # No proxy of the environment can reach this machine's own servers.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + STARTING_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(urllib.error.URLError, OSError):
            opener.open(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        time.sleep(0.2)
    ended = f"ended with {server.returncode}" if server.poll() is not None else "was not well in time"
    raise RunError(f"the judge's server {ended}. Its last words:\n{_last_words(said)}")


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").splitlines()[-LAST_WORDS:]
    return "\n".join(plain(line, 200) for line in lines) or "(none)"


def _stop(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin
    with suppress(OSError):
        server.stdin.close()
    try:
        server.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
