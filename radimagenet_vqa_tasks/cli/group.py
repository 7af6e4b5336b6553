"""A group of commands that answers typing errors and the pack's own errors in one line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click

from radimagenet_vqa_tasks.errors import RadVQAError
from radimagenet_vqa_tasks.escape import lines
from radimagenet_vqa_tasks.models.masking import masked


class Commands(click.Group):
    """A group that suggests the nearest command, and prints the pack's errors without a traceback."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Commands: {', '.join(self.list_commands(ctx))}."
            ctx.fail(f"no such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RadVQAError as error:
            # A message repeats names of files, models and columns: they are shown, and not obeyed by the terminal.
            raise click.ClickException(lines(masked(str(error)))) from error


def underscored(name: str) -> str:
    """`--dry-run` is `--dry_run`, which is how the host spells options."""
    return name.replace("-", "_")
