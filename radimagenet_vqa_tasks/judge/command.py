"""What `radvqa judge` prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from loguru import logger
from rich.console import Console
from rich.table import Table
from rich.text import Text

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import lines, plain
from radimagenet_vqa_tasks.judge import agreement, rejudge
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.serving import serving
from radimagenet_vqa_tasks.judge.llm.settings import options_from_environment
from radimagenet_vqa_tasks.judge.llm.usage import Prices
from radimagenet_vqa_tasks.judge.llm.weights import Weights
from radimagenet_vqa_tasks.scoring.record import Outcome

JUDGED: tuple[Outcome, ...] = ("correct", "incorrect", "declined", "unparsed", "missing")  # what an open answer may be


def options_for(model: str | None, base_url: str | None, mode: str | None, no_cache: bool) -> JudgeOptions:
    """The judge that the flags and the environment name. Raises RunError where they name none."""
    options = options_from_environment(model, base_url, mode, by_name=True)
    if options is None:
        raise RunError("no judge was named. Pass --model, or set RADVQA_JUDGE_MODEL.")
    return replace(options, cache=None) if no_cache else options


def local_options(weights: Weights, mode: str | None, no_cache: bool) -> JudgeOptions:
    """The options of a judge that this command will serve, but for its address. Raises RunError."""
    options = options_for(weights.name, "http://127.0.0.1/v1", mode, no_cache)
    own: dict[str, dict[str, Any]] = {
        "CONCURRENCY": {"concurrency": 4} if weights.is_gguf else {},
        # A processor takes its time; a reply without end is cut off.
        "TIMEOUT": {"timeout": 600.0, "deadline": 1800.0},
        "MAX_TOKENS": {"max_tokens": 1024},
    }
    for name, values in own.items():
        if not os.environ.get(f"RADVQA_JUDGE_{name}"):
            options = replace(options, **values)
    return replace(options, api_key="")


def judge_locally(
    runs: Sequence[Path],
    weights: Weights,
    options: JudgeOptions,
    everything: bool,
    prices: tuple[float, float] | None,
) -> int:
    """Serve the judge on this machine, judge with it, and stop it; returns how many answers have no verdict."""
    rejudge.require_answers(runs)  # before minutes of loading
    print(f"starting {weights.name} on this machine", flush=True)
    with serving(weights, options.concurrency) as url:
        return judge(runs, replace(options, base_url=url), everything, prices)


def estimate(runs: Sequence[Path], options: JudgeOptions, everything: bool, prices: tuple[float, float] | None) -> None:
    """Print what judging would take."""
    found = rejudge.estimate(runs, options, everything)
    print(f"{options.name} at {options.host}: {found.summary(Prices(*prices) if prices else None)}")


def judge(runs: Sequence[Path], options: JudgeOptions, everything: bool, prices: tuple[float, float] | None) -> int:
    """Judge, print what became of it, and return how many answers have no verdict."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING", format="{level}: {message}")
    result = rejudge.rejudge(runs, options, everything)
    table = Table(title=Text(f"Open answers as judged by {plain(options.name)}"), title_justify="left")
    table.add_column("cell", no_wrap=True)
    for name in ("answers", *JUDGED, "%"):
        table.add_column(name, justify="right")
    left = 0
    for cell, outcomes in result.cells.items():
        counts = [outcomes.get(name, 0) for name in JUDGED]
        left += counts[-1]
        table.add_row(cell, str(sum(counts)), *map(str, counts), _accuracy(*counts))
    console = Console()
    console.print(table)
    console.print(result.usage.summary(Prices(*prices) if prices else None), soft_wrap=True, markup=False)
    console.print(
        f"{result.changed:,} outcomes changed in {len(result.logs)} logs. Tables that are made from the logs now say "
        "so; the host's own results file keeps the numbers of the run.",
        soft_wrap=True,
    )
    if left:
        console.print(f"{left:,} answers are left without a verdict. The same command goes on with them.")
    return left


def _accuracy(correct: int, incorrect: int, declined: int, unparsed: int, missing: int) -> str:
    """The share that is right; where verdicts are missing, with the bounds that they leave open."""
    judged = correct + incorrect + declined + unparsed
    if not judged:
        return "-"
    share = f"{100 * correct / judged:.1f}"
    if not missing:
        return share
    total = judged + missing
    return f"{share} ({100 * correct / total:.1f} to {100 * (correct + missing) / total:.1f})"


def compare(sides: Sequence[str], listed: int, counts: Path | None) -> None:
    """Print how far two sides agree, and write the counts for a corrected estimate."""
    if len(sides) != 2:
        raise RunError(
            f"--agreement compares two sides, not {len(sides)}: two runs, a run and a CSV of labels, or RUN@JUDGE twice"
        )
    found = agreement.compare(*sides)
    console = Console()
    for table in agreement.tables(found, listed):
        console.print(table)
    console.print(lines(agreement.summary(found)), soft_wrap=True, markup=False)
    if counts:
        try:
            counts.write_text(json.dumps(agreement.as_counts(found), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"{counts} cannot be written ({error.strerror or error}). Name another file.") from error
