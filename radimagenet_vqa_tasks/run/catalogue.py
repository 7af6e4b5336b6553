"""The names of the pack's tasks and groups, without importing the host."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.tasks import groups, tasks


def names() -> list[str]:
    """Every task and group, sorted."""
    return sorted([*tasks(), *groups()])


def check(requested: Iterable[str]) -> None:
    """Raise RunError for the first name (or pattern with * and ?) that is no task of the pack."""
    known = names()
    for name in requested:
        if not any(fnmatchcase(task, name) for task in known):
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "`radvqa tasks` lists them."
            raise RunError(f"the pack has no task or group {name!r}. {hint}")
