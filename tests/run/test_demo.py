"""The demonstration as a newcomer runs it, and the tiny model in the host's own backends."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest
from demonstration import Demonstration
from msgspec import convert
from rich.console import Console
from support import TINY_MODEL, Command, lines_of, message

from radimagenet_vqa_tasks.analysis.measure import Scheme, measure
from radimagenet_vqa_tasks.analysis.runs import read_logs, read_runs
from radimagenet_vqa_tasks.analysis.sheet import WIDTH, show
from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy
from radimagenet_vqa_tasks.analysis.table import main_sheet
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.run.answers import score_answers
from radimagenet_vqa_tasks.run.catalogue import chosen
from radimagenet_vqa_tasks.scoring.record import Record

pytestmark = pytest.mark.host

TINY = f"pretrained={TINY_MODEL},device=cpu,device_map=cpu,attn_implementation=sdpa"

# Python, as if `decord` were not installed.
NO_DECORD = """
import sys
class Away:
    def find_spec(self, name, path=None, target=None):
        if name == "decord":
            raise ModuleNotFoundError("No module named 'decord'", name=name)
sys.meta_path.insert(0, Away())
import importlib.util
found = importlib.util.find_spec
def find_spec(name, *rest):
    return None if name == "decord" and name not in sys.modules else found(name, *rest)
importlib.util.find_spec = find_spec
print("decord is away", file=sys.stderr)
"""


def test_demo_prints_every_cell_and_its_limits(demonstration: Demonstration) -> None:
    """Nine cells and Avg for three runs, with the judge's name and the warning that this is a demonstration."""
    for cell in CELLS.values():
        assert f"{cell.subject} {cell.title}" in demonstration.output
    for text in ("Avg", "tiny model", "tiny model (text only)", "chance", "judged by rule", "nothing about any model"):
        assert text in demonstration.output
    runs = (demonstration.with_images, demonstration.without_images, demonstration.chance)
    assert [len(run) for run in runs] == [360, 360, 360]


def test_demo_ends_with_a_report(demonstration: Demonstration) -> None:
    """The last line names the report, which holds the three runs, the figures and the forty images."""
    last = demonstration.output.rstrip().splitlines()[-1]
    assert last.startswith(f"The report is {Path('runs') / 'demo' / 'report.html'} (")
    text = demonstration.report.read_text(encoding="utf-8")
    for run in ("tiny model", "tiny model (text only)", "chance"):
        assert f"<bdi>{run}</bdi></th>" in text
    assert "<figure>" in text
    blocks = re.findall(r'<script type="application/json" id="images-\d+">(.*?)</script>', text)
    assert sum(len(json.loads(block)) for block in blocks) == 40


def test_demo_reaches_for_no_network(demonstration: Demonstration) -> None:
    """Not one connection or name look-up was tried."""
    assert not demonstration.attempts.exists(), demonstration.attempts.read_text()


def test_exported_answers_give_the_same_table(demonstration: Demonstration, tmp_path: Path) -> None:
    """The tiny model's answers, scored without it and without the host, give the demonstration's table exactly."""
    answers = tmp_path / "answers.csv"
    with answers.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "arm", "response"])
        for record in (*demonstration.with_images, *demonstration.without_images):
            writer.writerow([record.key, record.arm, record.response])
    tasks = chosen("radvqa_sample,radvqa_sample_textonly")
    scored = score_answers(answers, tasks, {}, tmp_path / "run", "tiny model")
    assert scored.account.whole
    [chance] = read_runs([f"chance={demonstration.report.parent / 'chance'}"])
    arms = [arm for run in (read_logs(scored.logs), chance) for arm in run.arms]
    printed = io.StringIO()
    title = "RadImageNet-VQA's nine questions on the embedded sample"
    show([main_sheet(arms, Scheme(), title=title)], Console(file=printed, width=WIDTH))
    assert printed.getvalue() in demonstration.output
    for before in demonstration.with_images:
        before.asked = ""  # the file does not say it
    records = [convert(line["record"], Record) for line in lines_of(scored.logs)]
    found = {(record.key, record.arm): record for record in records}
    assert all(found[before.key, before.arm] == before for before in demonstration.with_images)


def test_tiny_model_sees_the_images(demonstration: Demonstration) -> None:
    """With images the intervals of anatomy open and multiple choice, by eight scans, lie above guessing.

    Of closed questions half are right by guessing; so few scans show no more than that the share is above that.
    """
    found = measure(demonstration.with_images, Scheme())
    assert found["anatomy_open"].estimate.low > 1 / 8
    assert found["anatomy_mc"].estimate.low > 1 / 4
    assert anatomy_closed(demonstration.with_images).value >= 0.7


def test_tiny_model_without_images_guesses(demonstration: Demonstration) -> None:
    """Without images the intervals of the same questions hold the chance level."""
    found = measure(demonstration.without_images, Scheme())
    assert found["anatomy_open"].estimate.low < 1 / 8 < found["anatomy_open"].estimate.high
    assert found["anatomy_mc"].estimate.low < 1 / 4 < found["anatomy_mc"].estimate.high
    closed = anatomy_closed(demonstration.without_images)
    assert closed.low < 1 / 2 < closed.high


def anatomy_closed(records: list[Record]) -> Estimate:
    """Closed+ and Closed- of anatomy together: half are yes."""
    return accuracy(*Scheme().scored([record for record in records if record.cell.startswith("anatomy_closed")]))


@pytest.mark.parametrize("backend", ["chat", "simple"])
def test_tiny_model_runs_in_the_hosts_own_command(command: Command, tmp_path: Path, backend: str) -> None:
    """Both kinds of the host's Qwen2.5-VL backend load the checkpoint as it is and answer."""
    pytest.importorskip("decord", reason="the host's backend imports decord, which has no wheels for ARM processors")
    result = command(
        *("lmms-eval", "--model", "qwen2_5_vl", "--model_args", TINY, "--tasks", "radvqa_sample_anatomy_open"),
        *("--limit", "4", "--batch_size", "2", "--log_samples", "--output_path", "runs"),
        *(["--force_simple"] if backend == "simple" else []),
    )
    assert "|radvqa_sample_anatomy_open|none  |     0|accuracy      |" in result.stdout, message(result)
    [results] = (tmp_path / "runs").rglob("*_results.json")
    assert json.loads(results.read_text())["config"]["model_backend"].endswith(f"({backend})")


def test_run_needs_no_reader_of_videos(command: Command, tmp_path: Path) -> None:
    """The host's backend imports `decord`, which ARM processors have no wheels of: pictures are read without it."""
    (tmp_path / "sitecustomize.py").write_text(NO_DECORD)
    result = command(
        *("radvqa", "run", "--model", "qwen2_5_vl", "--model_args", TINY),
        *("--tasks", "radvqa_sample_anatomy_open", "--limit", "4", "--batch_size", "4"),
        env={"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
    )
    assert result.returncode == 0, message(result)
    assert "decord is away" in result.stderr, message(result)
    assert "|radvqa_sample_anatomy_open|" in result.stdout, message(result)
