"""What `radvqa score` prints."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import read_logs, replace_name
from radimagenet_vqa_tasks.analysis.sheet import WIDTH, show
from radimagenet_vqa_tasks.analysis.table import by_family, main_sheet
from radimagenet_vqa_tasks.data.sources import parse_copies
from radimagenet_vqa_tasks.run import catalogue
from radimagenet_vqa_tasks.run.answer_files import Columns
from radimagenet_vqa_tasks.run.answers import score_answers
from radimagenet_vqa_tasks.run.arguments import DEFAULT_OUTPUT
from radimagenet_vqa_tasks.run.rescore import require_run, rescore


def answers(
    path: Path,
    tasks: str,
    data: Sequence[str],
    name: str | None,
    output: Path | None,
    key: str | None,
    response: str | None,
) -> bool:
    """Score a file of answers and print what became of it; whether each question has its one answer."""
    name = name or (path.name if path.is_dir() else path.stem)
    output = output or Path(DEFAULT_OUTPUT, re.sub(r"[^\w.+-]+", "_", name).strip("._") or "answers")
    found = score_answers(path, catalogue.chosen(tasks), parse_copies(data), output, name, Columns(key, response))
    console = _console()
    run = replace_name(read_logs(found.logs), name)
    show([main_sheet(group, Scheme()) for group in by_family(run.arms)], console)
    console.print()
    for sentence in found.account.said():
        console.print(sentence, soft_wrap=True, markup=False, highlight=False)
    _say_where(console, found.logs)
    return found.account.whole


def run_again(path: Path) -> None:
    """Read a finished run again and print what changed."""
    require_run(path)
    console = _console()
    for one in rescore(path):
        for sentence in one.said():
            console.print(sentence, soft_wrap=True, markup=False, highlight=False)
        if one.logs:
            _say_where(console, one.logs)


def _say_where(console: Console, logs: Sequence[Path]) -> None:
    said = f"{len(logs)} log{'s' if len(logs) > 1 else ''}, one line a question, in {logs[0].parent}"
    console.print(said, soft_wrap=True, markup=False, highlight=False)


def _console() -> Console:
    # In a file or a pipe there is no terminal whose width would have to be kept.
    return Console(width=None if sys.stdout.isatty() else WIDTH)
