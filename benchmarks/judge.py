"""How fast the LLM judge is, against the limit that the endpoint sets, and how much it asks for nothing twice.

    python benchmarks/judge.py             2,000 answers at 200 ms a reply, 32 at once: about a minute
    python benchmarks/judge.py --quick     400 answers at 50 ms

The endpoint is the tests' loopback server in a process of its own. All ratios are within one run; absolute times are
this machine's.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.taxonomy import labels_for, regions

SERVER = Path(__file__).parents[1] / "tests" / "judge" / "judge_server.py"
QUESTIONS = ("What abnormality is present in this scan?", "What condition is affecting the {region}?")
PHRASES = ("{label}", "The image shows {label}.", "{label} of the {region}")


@dataclass(frozen=True)
class Result:
    """One pass over all answers.

    Attributes:
        seconds: from the first question to the last verdict and the closing of the judge.
        cpu: seconds of this process's own work in that time.
        requests: that the server has seen.
        memory: resident after it, in MB.
    """

    seconds: float
    cpu: float
    requests: int
    memory: float


def main() -> None:
    """Run the passes and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    answers, latency, concurrency = (400, 0.05, 32) if quick else (2_000, 0.2, 32)
    command = [sys.executable, str(SERVER), "--latency", str(latency)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdin and server.stdout
        url = server.stdout.readline().strip()
        try:
            _passes(url, Path(folder), answers, latency, concurrency)
        finally:
            server.stdin.close()  # which ends the server


def _passes(url: str, folder: Path, answers: int, latency: float, concurrency: int) -> None:
    options = JudgeOptions("benchmark", url, concurrency=concurrency, cache=folder / "distinct.sqlite")
    _judge(options, [("q", "a", "warm up")])  # imports the client, opens the file

    ideal = answers * latency / concurrency
    first = _judge(options, [("Which body part?", "knee", f"answer {number}") for number in range(answers)])
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(
        f"{answers:,} distinct answers: {first.seconds:.2f} s, ideal {ideal:.2f} s, ratio {first.seconds / ideal:.3f}; "
        f"own work {1000 * first.cpu / answers:.1f} ms an answer"
    )

    again = _judge(options, [("Which body part?", "knee", f"answer {number}") for number in range(answers)])
    print(f"the same again: {again.requests} requests, {again.seconds:.2f} s")

    likely = JudgeOptions("benchmark", url, concurrency=concurrency, cache=folder / "likely.sqlite")
    asked = realistic(answers)
    once = _judge(likely, asked)
    saved = 1 - once.requests / answers
    ideal = once.requests * latency / concurrency
    print(
        f"{answers:,} answers as a model gives them: {once.requests:,} requests, {saved:.0%} saved by asking once; "
        f"{once.seconds:.2f} s, ideal {ideal:.2f} s, ratio {once.seconds / ideal:.3f}"
    )
    other = _judge(likely, realistic(answers, seed=1))
    print(
        f"a second model on the same questions: {other.requests:,} requests, {1 - other.requests / answers:.0%} saved"
    )

    many = _judge(
        options, [("Which body part?", "knee", f"answer {number % answers}") for number in range(10 * answers)]
    )
    print(f"memory: {first.memory:.0f} MB after {answers:,} verdicts, {many.memory:.0f} MB after {10 * answers:,} more")


def _judge(options: JudgeOptions, asked: Sequence[tuple[str, str, str]]) -> Result:
    """Judge everything with a new judge, as a new process would, in waves of the benchmark's size."""
    before = _requests(options.base_url)
    started, worked = time.monotonic(), time.process_time()
    judge = LLMJudge(options)
    for start in range(0, len(asked), 2_000):
        futures = [judge.submit(*one) for one in asked[start : start + 2_000]]
        missing = sum(future.result().outcome == "missing" for future in futures)
        assert not missing, judge.usage.summary()
    judge.close()
    seconds, cpu = time.monotonic() - started, time.process_time() - worked
    gc.collect()
    return Result(seconds, cpu, _requests(options.base_url) - before, _resident())


def _requests(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as reply:
        return int(json.load(reply)["requests"])


def _resident() -> float:
    """Resident memory in MB, from Linux's own account of it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def realistic(number: int, seed: int = 0) -> list[tuple[str, str, str]]:
    """Questions, right answers and a model's answers over the taxonomy.

    A model knows some labels of a region far better than others and has few ways to say them: its answers are drawn
    with weights 1, 1/2, 1/3, ... over the region's labels in an order of its own. The answers depend on `seed`, the
    questions do not.
    """
    questions, model = random.Random(0), random.Random(seed)
    favourites = {region: [label.name for label in labels_for(region)] for region in regions()}
    for labels in favourites.values():
        model.shuffle(labels)
    asked = []
    for _ in range(number):
        region = questions.choice(sorted(favourites))
        target = questions.choice(sorted(favourites[region]))
        question = questions.choice(QUESTIONS).format(region=region)
        weights = [1 / rank for rank in range(1, len(favourites[region]) + 1)]
        [said] = model.choices(favourites[region], weights)
        phrase = model.choices(PHRASES, (6, 3, 1))[0]
        asked.append((question, target, phrase.format(label=said, region=region)))
    return asked


if __name__ == "__main__":
    main()
