"""The names of the pack's tasks and groups, without importing the host."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from radimagenet_vqa_tasks.analysis.arms import SHOWN
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.tasks import Task, groups, tasks


def names() -> list[str]:
    """Every task and group, sorted."""
    return sorted([*tasks(), *groups()])


def check_views(views: str, requested: Iterable[str]) -> None:
    """Raise RunError where no task that is asked for knows this way to show some of a question's images."""
    if views != ALL_VIEWS and not any(views in task.benchmark.views for task in _tasks_of(requested).values()):
        known = [f"{one.title}: {', '.join((ALL_VIEWS, *one.views))}" for one in BENCHMARKS.values() if one.views]
        raise RunError(f"--views {views}: none of these tasks shows its images so. There are {'; '.join(known)}.")


def check(requested: Iterable[str]) -> None:
    """Raise RunError for the first name (or pattern with * and ?) that is no task of the pack."""
    known = names()
    for name in requested:
        if not any(fnmatchcase(task, name) for task in known):
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "`radvqa tasks` lists them."
            raise RunError(f"the pack has no task or group {name!r}. {hint}")


def chosen(listed: str) -> dict[str, Task]:
    """The tasks that a comma-separated list of names and patterns means. Raises RunError for a name that is none."""
    requested = [name.strip() for name in listed.split(",") if name.strip()]
    if not requested:
        raise RunError("no task was named. Pass --tasks with one or more names, for instance --tasks radvqa")
    check(requested)
    return _tasks_of(requested)


def described(requested: Iterable[str]) -> str:
    """What names and patterns ask for, in words: how many tasks, of which benchmarks, in which arms."""
    found = _tasks_of(requested)
    titles = dict.fromkeys(
        f"{task.benchmark.title}{' (embedded sample)' if task.sample else ''}" for task in found.values()
    )
    arms: dict[ArmName, None] = dict.fromkeys(task.arm for task in found.values())
    count = "1 task" if len(found) == 1 else f"{len(found)} tasks"
    return f"{count} of {', '.join(titles)}, {'; '.join(SHOWN[arm] for arm in arms)}"


def _tasks_of(requested: Iterable[str]) -> dict[str, Task]:
    found: dict[str, Task] = {}
    for pattern in requested:
        found |= {name: task for name, task in tasks().items() if fnmatchcase(name, pattern)}
        for name, group in groups().items():
            if fnmatchcase(name, pattern):
                found |= {task.name: task for task in group.tasks}
    return found
