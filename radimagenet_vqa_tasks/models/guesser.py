"""What the pack's backends that do not look at images have in common: the host's interface around one function."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from lmms_eval.api.instance import Instance
from lmms_eval.api.model import lmms
from tqdm import tqdm

from radimagenet_vqa_tasks.errors import RunError

_OF_THE_HOST = {"batch_size", "max_batch_size", "device"}  # passed to every backend


class Guesser(lmms):
    """A backend that answers each request by itself; `kwargs` are the model arguments that it has not taken."""

    is_simple = True
    name: str

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        unknown = sorted(set(kwargs) - _OF_THE_HOST)
        if unknown:
            raise RunError(f"{self.name} has no model argument {unknown[0]!r}; see `radvqa run --help`")
        self.device = torch.device("cpu")  # the host asks for it when several processes share a run

    @abstractmethod
    def answer(self, request: Instance) -> str:
        """One request's answer."""

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """An answer for every request."""
        return [self.answer(request) for request in tqdm(requests, desc="Guessing", disable=self.rank != 0)]

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        raise NotImplementedError(f"{self.name} generates answers; it has no likelihoods")

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        raise NotImplementedError("the pack's tasks have one round")
