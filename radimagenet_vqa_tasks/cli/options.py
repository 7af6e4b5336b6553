"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from radimagenet_vqa_tasks.benchmarks import MAIN, SOURCES


class Option(click.Option):
    """An option named as the host names its own. Its `old` spellings still work, and are not shown."""

    def __init__(self, *args: Any, old: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._old = list(old)

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """The parser knows the old spellings too."""
        shown, self.opts = self.opts, self.opts + self._old
        super().add_to_parser(parser, ctx)
        self.opts = shown


# For commands that pass what they do not know on to the host.
HOST_OPTIONS = {"ignore_unknown_options": True, "allow_extra_args": True}

COPIES = click.option(
    "--data",
    multiple=True,
    metavar="[NAME=]PATH",
    help=f"A local copy, file or folder, of {MAIN.title}, or of {', '.join(list(SOURCES)[1:])}; one --data each.",
)
RUNS = click.argument("runs", nargs=-1, required=True, metavar="RUN...")
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "latex", "csv", "json"]),
    default="text",
    show_default=True,
    help="How to print it; CSV and JSON hold every number unrounded.",
)
PROTOCOL = click.option(
    "--protocol",
    type=click.Choice(["strict", "paper"]),
    default="strict",
    show_default=True,
    help="Score by this pack's rules, or by those of the paper's own tool.",
)
CLOSED_BY = click.option(
    "--closed_by",
    type=click.Choice(["question", "answer"]),
    default="question",
    show_default=True,
    help="Tell Closed+ from Closed- by the kind of question (as the paper's table does) or by the right answer.",
)


def judge_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name an LLM judge."""
    model = click.option("--judge", metavar="MODEL", help="An LLM judge for the open answers. Default: the rule judge.")
    where = "Where that judge is served, e.g. http://127.0.0.1:8000/v1"
    return model(click.option("--judge_base_url", metavar="URL", help=where)(command))


def choose_judge(model: str | None, base_url: str | None) -> None:
    """Put the options where the judge's settings are read from, for every process that a run starts."""
    for name, value in (("RADVQA_JUDGE_MODEL", model), ("RADVQA_JUDGE_BASE_URL", base_url)):
        if value:
            os.environ[name] = value
