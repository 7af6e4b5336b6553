"""What the task files name as their `process_docs`: for every task a function of its own name."""

from __future__ import annotations

from functools import partial

from datasets import Dataset

from radimagenet_vqa_tasks.data.adapter import task_questions
from radimagenet_vqa_tasks.tasks import tasks


def __getattr__(name: str) -> partial[Dataset]:
    try:
        return partial(task_questions, tasks()[name])
    except KeyError:
        raise AttributeError(f"the pack has no task {name!r}; `radvqa tasks` lists them") from None
