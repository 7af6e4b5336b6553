"""A run against a slow endpoint that is killed at random moments: nothing is lost, and hardly anything paid twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import ROOT, lines_of

sys.path.insert(0, str(ROOT / "tests" / "run"))
from endpoint import Body, Endpoint, Reply

pytestmark = pytest.mark.host

# Each kill costs a start of the host. `RADVQA_KILLS=20 pytest tests/run/test_kills.py` is the whole of it.
KILLS = int(os.environ.get("RADVQA_KILLS", "2"))
CONCURRENT = 4
TASKS = "radvqa_sample_anatomy_mc,radvqa_sample_pathology_open,radvqa_sample_anatomy_open_textonly"


def answer(body: Body, number: int) -> Reply:
    """Another answer to each question, and always the same."""
    text = json.dumps(body["messages"])
    return Reply("ABCD"[sum(map(ord, text[-4000:])) % 4])


def start(server: Endpoint, output: Path) -> subprocess.Popen[bytes]:
    args = f"model=m,base_url={server.url},api_key=none,num_concurrent={CONCURRENT}"
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "radimagenet_vqa_tasks", "run", "--model", "openai", "--model_args", args),
            *("--tasks", TASKS, "--output_path", str(output)),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def records_in(output: Path) -> list[str]:
    return sorted(json.dumps(line["record"], sort_keys=True) for line in lines_of(output.rglob("*_samples_*.jsonl")))


def test_killed_runs_end_as_an_undisturbed_one(tmp_path: Path) -> None:
    """Finished records equal an undisturbed run's; each kill pays at most the concurrency twice."""
    draw = random.Random(7)
    with Endpoint(answer, latency=0.3) as server:
        for _ in range(KILLS):
            process = start(server, tmp_path / "killed")
            enough = len(server.bodies) + draw.randint(1, max(2, 80 // KILLS))
            while len(server.bodies) < enough and process.poll() is None:
                time.sleep(0.02)
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(draw.uniform(0, 0.3))
            process.kill()
            process.wait()
        assert start(server, tmp_path / "killed").wait(600) == 0
        asked, paid = sum(server.answered.values()), len(server.answered)
        print(f"{KILLS} kills: {asked} requests paid, of which {paid} were different")
        assert asked - paid <= KILLS * CONCURRENT
        assert start(server, tmp_path / "whole").wait(600) == 0
        assert sum(server.answered.values()) - asked == paid
    assert records_in(tmp_path / "killed") == records_in(tmp_path / "whole")
    assert len(records_in(tmp_path / "whole")) == 120
