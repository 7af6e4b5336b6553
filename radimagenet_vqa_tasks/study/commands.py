"""What `radvqa study` runs: answers of a model asked now, or of finished runs; then a study's tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from radimagenet_vqa_tasks.analysis.commands import read_noted
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.analysis.sheet import Format
from radimagenet_vqa_tasks.benchmarks.distractors import BENCHMARK
from radimagenet_vqa_tasks.data.sources import parse_copies
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import ARMS, ArmName
from radimagenet_vqa_tasks.study.running import Plan, evaluated
from radimagenet_vqa_tasks.study.suites import Suite, named


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line.

    Attributes:
        options: of `lmms-eval`.
        runs: finished runs to show in place of asking a model.
        data: local copies as "[NAME=]PATH".
    """

    options: Sequence[str]
    runs: Sequence[str]
    data: Sequence[str]
    output: Path
    form: Format
    scheme: Scheme


def shortcuts(asked: Asked, benchmarks: Sequence[str]) -> None:
    """With and without the images, on the benchmarks of Figure 4. Raises RunError or DataError."""
    from radimagenet_vqa_tasks.study.shortcuts import results

    chosen = named(benchmarks)
    if runs := _runs(asked, chosen, arms=("image", "textonly")):
        results(runs, [one.benchmark for one in chosen], asked.scheme).publish(asked.form, asked.output)


def grounding(asked: Asked, benchmarks: Sequence[str], arms: Sequence[ArmName]) -> None:
    """The same questions in several arms. Raises RunError or DataError."""
    from radimagenet_vqa_tasks.study.grounding import results

    chosen = named(benchmarks)
    if runs := _runs(asked, chosen, tuple(dict.fromkeys(("image", *arms)))):
        families = [one.benchmark for one in chosen] if benchmarks else []
        results(runs, families, asked.scheme).publish(asked.form, asked.output)


def distractors(asked: Asked, *, sample: bool) -> None:
    """The three arms of Table 4. Raises RunError or DataError."""
    from radimagenet_vqa_tasks.study.distractors import results

    ablation = Suite(BENCHMARK, sample)
    if runs := _runs(asked, [ablation], arms=("image",)):
        results(runs, asked.scheme).publish(asked.form, asked.output)


def encoders(runs: Sequence[str], output: Path, form: Format, scheme: Scheme) -> None:
    """Finished runs on the three benchmarks of Figure 6. Raises RunError."""
    from radimagenet_vqa_tasks.study.encoders import results

    results(read_noted(runs), scheme).publish(form, output)


def parse_arms(text: str) -> list[ArmName]:
    """ "image,swapped" as arms. Raises RunError for an unknown one."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in ARMS:
            raise RunError(f"--arms {text}: there is no arm {name!r}. Known are {', '.join(ARMS)}.")
    return [arm for arm in ARMS if arm in names]


def _runs(asked: Asked, benchmarks: Sequence[Suite], arms: Sequence[ArmName]) -> list[Run]:
    """The runs to show; none on the processes of a run that are not the first."""
    if asked.runs:
        if asked.options:
            raise RunError(f"--runs shows finished runs and asks no model: leave {' '.join(asked.options)} out")
        return read_noted(asked.runs)
    run = evaluated(Plan(benchmarks, arms, asked.options, parse_copies(asked.data), asked.output))
    return [run] if run else []
