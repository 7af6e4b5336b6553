"""The tiny model through vLLM, in an environment of its own: `make vllm-e2e`; minutes on two cores.

    python tests/models/e2e_vllm.py

Run with the environment's Python. The sample's 720 questions, with and without images, are answered by the host's
transformers backend, by its vLLM backend, and by vLLM's server behind `--model openai`. Every cell's accuracies must be
equal to those of transformers. Exits with 1 where one is not.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
TINY_MODEL = ROOT / "radimagenet_vqa_tasks" / "sample" / "tiny_vlm"
TASKS = "radvqa_sample,radvqa_sample_textonly"
LIMITS = {"dtype": "float32", "max_model_len": "512", "max_num_seqs": "16"}
# vLLM on processors: a gigabyte of keys and values is ample here.
SETTINGS = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}
STARTING = 300  # seconds

Cells = dict[tuple[str, str], list[int]]


def run(output: Path, model: str, args: str, batch: int = 20) -> Cells:
    """One `radvqa run`: how many answers are right, and how many there are, by cell and arm."""
    options = ["--model", model, "--model_args", args, "--tasks", TASKS, "--batch_size", str(batch)]
    env = {**os.environ, **SETTINGS, "OPENAI_API_KEY": "none"}
    command = [sys.executable, "-m", "radimagenet_vqa_tasks", "run", *options, "--output_path", str(output)]
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
    print(f"{output.name}: {time.monotonic() - started:.0f} s", flush=True)
    return _cells(sorted(output.rglob("*_samples_*.jsonl")))


def _cells(logs: Sequence[Path]) -> Cells:
    found: Cells = {}
    for log in logs:
        for line in log.open(encoding="utf-8"):
            record = json.loads(line)["record"]
            cell = found.setdefault((record["cell"], record["arm"]), [0, 0])
            cell[0] += record["outcome"] == "correct"
            cell[1] += 1
    return found


@contextmanager
def served() -> Iterator[str]:
    """vLLM's server on loopback; gives its base URL, and ends it."""
    port = _free_port()
    limits = [part for name, value in LIMITS.items() for part in (f"--{name.replace('_', '-')}", value)]
    # What `vllm serve` starts; the command itself asks for the package by a name that its build for processors lacks.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(TINY_MODEL)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny", "--enforce-eager", *limits]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **SETTINGS}, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(1)
    raise SystemExit(f"vLLM's server did not answer within {STARTING} seconds (exit {process.poll()})")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    limits = ",".join(f"{name}={value}" for name, value in LIMITS.items())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        local = f"pretrained={TINY_MODEL},device=cpu,device_map=cpu,attn_implementation=sdpa"
        expected = run(out / "transformers", "qwen2_5_vl", local)
        found = {"vllm": run(out / "vllm", "vllm", f"model={TINY_MODEL},enforce_eager=True,{limits}", batch=64)}
        with served() as url:
            args = f"model=tiny,base_url={url},num_concurrent=16"
            found["vLLM's server"] = run(out / "server", "openai", args)
    print(f"{'cell':28} {'arm':9} transformers  {'  '.join(found)}")
    for cell, right in expected.items():
        shown = "  ".join(
            f"{one.get(cell, [0, 0])[0]}/{one.get(cell, [0, 0])[1]}".rjust(len(name)) for name, one in found.items()
        )
        print(f"{cell[0]:28} {cell[1]:9} {right[0]}/{right[1]}".ljust(52), shown)
    unlike = [name for name, one in found.items() if one != expected]
    if unlike or len(expected) != 18:
        raise SystemExit(f"not equal cell for cell: {', '.join(unlike)} ({len(expected)} cells)")
    print("equal, cell for cell")


if __name__ == "__main__":
    main()
