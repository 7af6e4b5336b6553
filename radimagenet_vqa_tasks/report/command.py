"""What `radvqa report` does: write the page, say where it is, and what a reader must know of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.data.sources import parse_copies
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.report.build import Report, report


def write(runs: Sequence[str], output: Path, data: Sequence[str], scheme: Scheme, *, with_images: bool) -> None:
    """Write the report of these runs, and print its path. Raises RunError."""
    made = report(runs, output, copies=parse_copies(data), with_images=with_images, scheme=scheme)
    for note in made.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(said(made))


def said(made: Report) -> str:
    """Where a report is, and how big."""
    return f"The report is {plain(made.path, None)} ({made.size / 1e6:.1f} MB): open it in a browser."
