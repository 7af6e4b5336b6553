"""`radvqa_chance`: uniform guessing, the "Random" row that every other number is read against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmms_eval.api.instance import Instance

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.models.guesser import Guesser
from radimagenet_vqa_tasks.models.guessing import UNKNOWN, candidates, draw


def guess(doc: Mapping[str, Any], seed: int = 0) -> str:
    """One candidate, uniformly; the same for the same question and seed on any machine, in any shard."""
    answers = candidates(doc["cell"], doc["format"], doc["choices"], doc["question"]) or (UNKNOWN,)
    return answers[draw(f"{seed}:{doc['key']}", len(answers))]


class Chance(Guesser):
    """The host's backend around `guess`. Model argument: `seed` (default 0)."""

    name = "radvqa_chance"
    sees_the_key = True  # two questions of the same words are guessed at one by one

    def __init__(self, seed: int | str = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seed = int(seed)

    def answer(self, request: Instance) -> str:
        """A guess at the request's question, whose kind the task's document says."""
        doc_id, task, split = request.args[-3:]
        doc = self.task_dict[task][split][doc_id]
        if "facets" not in doc:
            raise RunError(f"radvqa_chance knows the pack's own tasks only, not {task!r}")
        return guess(doc, self._seed)
