"""`radvqa_chance`: uniform guessing, the "Random" row that every other number is read against."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from lmms_eval.api.instance import Instance
from lmms_eval.api.model import lmms
from tqdm import tqdm

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for, regions
from radimagenet_vqa_tasks.utils.prompts import LETTERS


def candidates(doc: Mapping[str, Any]) -> Sequence[str]:
    """The answers that a guesser who reads the question, and nothing else, can choose from.

    The letters; yes and no; the eight regions; or the labels of the region, "no pathology seen" among them.
    """
    if doc["format"] == "mc":
        return LETTERS[: len(doc["choices"])]
    if doc["format"] == "closed":
        return ("yes", "no")
    if doc["facets"]["subject"] == "anatomy":
        return tuple(regions())
    return (NO_PATHOLOGY, *(label.name for label in labels_for(doc["facets"]["location"])))


def guess(doc: Mapping[str, Any], seed: int = 0) -> str:
    """One candidate, uniformly; the same for the same question and seed on any machine, in any shard."""
    answers = candidates(doc)
    digest = hashlib.sha256(f"{seed}:{doc['key']}".encode()).digest()
    return answers[int.from_bytes(digest, "big") % len(answers)]


class Chance(lmms):
    """The host's backend around `guess`. Model argument: `seed` (default 0)."""

    is_simple = True

    def __init__(self, seed: int | str = 0, **kwargs: Any) -> None:
        super().__init__()
        unknown = set(kwargs) - {"batch_size", "max_batch_size", "device"}
        if unknown:
            raise RunError(f"radvqa_chance has no model argument {sorted(unknown)[0]!r}; it takes only seed=N")
        self._seed = int(seed)
        self.device = torch.device("cpu")  # the host asks for it when several processes share a run

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """A guess for every request."""
        progress = tqdm(requests, desc="Guessing", disable=self.rank != 0)
        return [self._answer(*request.args[-3:]) for request in progress]

    def _answer(self, doc_id: int, task: str, split: str) -> str:
        doc = self.task_dict[task][split][doc_id]
        if "facets" not in doc:
            raise RunError(f"radvqa_chance knows the pack's own tasks only, not {task!r}")
        return guess(doc, self._seed)

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        raise NotImplementedError("radvqa_chance generates answers; it has no likelihoods")

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        raise NotImplementedError("the pack's tasks have one round")
