"""Asks a model: what is known already is not asked again, and what comes is on disk before the rest is there.

Put in the place of a backend's `generate_until` for the time of a run. In greedy runs requests that are the same are
asked once. Questions about one image are asked next to each other, so that an engine that caches prefixes and images
finds them; the answers come back in the order of the requests.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmms_eval.api.instance import GenerationResult, Instance

from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS
from radimagenet_vqa_tasks.models.asked import views_of
from radimagenet_vqa_tasks.run.progress import Progress
from radimagenet_vqa_tasks.run.store import Store
from radimagenet_vqa_tasks.scoring.response import Response

# A checkpoint is a batch of requests whose responses are then written to disk; endpoints need none.
CHECKPOINT_SECONDS = 5.0
FIRST_CHECKPOINT = 32

_OF_THE_QUESTION = ("key", "cluster", "picture", "arm", "fingerprint", "shown")


@dataclass(frozen=True)
class Asked:
    """How many requests a run had, and how many of them were sent to the model."""

    requests: int
    sent: int
    known: int


class Asker:
    """A backend's `generate_until`, with a memory.

    `identity` says what model is asked and how; a response is only ever used for the same identity.
    """

    def __init__(self, lm: Any, store: Store, identity: str, *, dedupe: bool, progress: Progress) -> None:
        self._lm = lm
        self._generate: Callable[[list[Instance]], list[Any]] = lm.generate_until
        self._store = store
        self._identity = identity
        self._dedupe = dedupe and not getattr(lm, "sees_the_key", False)
        self._progress = progress
        self._rows: dict[tuple[str, str], Any] = {}
        self.asked = Asked(0, 0, 0)

    def generate_until(self, requests: Sequence[Instance]) -> list[GenerationResult]:
        """A result for every request, in their order."""
        rows = [self._row(request) for request in requests]
        keys = list(self._keys(requests, rows))
        known = {key for key in keys if self._store.get(key) is not None}
        first = {key: place for place, key in reversed(list(enumerate(keys))) if key not in known}
        order = _by_image(sorted(first.values()), rows)
        self.asked = Asked(len(requests), len(order), len(known))
        results: dict[str, Any] = {key: self._store.get(key) for key in known}
        with self._progress.of(len(order) + len(known), done=len(known)):
            for places in self._batches(order):
                answered = self._ask({keys[place]: copy.copy(requests[place]) for place in places})
                results.update(answered)
        return [results[key] for key in keys]

    def _ask(self, requests: Mapping[str, Instance]) -> dict[str, GenerationResult]:
        """One batch, stored as it arrives or at its end."""
        key_of = {id(request): key for key, request in requests.items()}

        def arrived(request: Instance, response: Response) -> None:
            self._store.put(key_of[id(request)], response)
            self._progress.arrived(failed=bool(response.missing))

        self._lm.on_arrival = arrived
        results: list[GenerationResult] = self._generate(list(requests.values()))
        for key, result in zip(requests, results, strict=True):
            self._store.put(key, result.text, result.token_counts)
        self._progress.reached(len(requests))
        return dict(zip(requests, results, strict=True))

    def _batches(self, order: Sequence[int]) -> Iterator[Sequence[int]]:
        """All at once where responses arrive one by one; else checkpoints of a few seconds each."""
        if getattr(self._lm, "arrives_singly", False):
            if order:
                yield order
            return
        size, start = checkpoint_size(FIRST_CHECKPOINT, self._lm), 0
        while start < len(order):
            started = time.monotonic()
            yield order[start : start + size]
            start += size
            taken = max(time.monotonic() - started, 0.001)
            size = checkpoint_size(int(size * min(2.0, CHECKPOINT_SECONDS / taken)), self._lm)

    def _keys(self, requests: Sequence[Instance], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """What makes two requests the same. A repeat of a request is none of it: it is asked again."""
        repeats: Counter[int] = Counter()
        for request, row in zip(requests, rows, strict=True):
            settings = next((argument for argument in request.args if isinstance(argument, dict)), {})
            shown = _picture(row) if row.get("images") else []
            parts: list[Any] = [self._identity, request.args[0], settings, shown]
            if shown and (views := views_of(request.args)) != ALL_VIEWS:
                parts.append(views)
            if not self._dedupe or not greedy(settings) or not row:
                parts.append([request.task_name, request.doc_id])
            key = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]
            repeat = repeats[id(request)]
            repeats[id(request)] += 1
            yield f"{key}-{repeat}" if repeat else key

    def _row(self, request: Instance) -> dict[str, Any]:
        """What the request's question shares with others; empty for another pack's task."""
        doc_id, task, split = request.args[-3:]
        if (task, split) not in self._rows:
            rows = self._lm.task_dict[task][split]
            names = [name for name in _OF_THE_QUESTION if name in (getattr(rows, "column_names", None) or ())]
            held = rows.select_columns(names)[:] if {"key", "cluster"} <= set(names) else {}
            self._rows[task, split] = held, "images" in (getattr(rows, "column_names", None) or ())
        held, images = self._rows[task, split]
        return {**{name: column[doc_id] for name, column in held.items()}, "images": images} if held else {}


def _picture(row: Mapping[str, Any]) -> list[Any]:
    """What is seen with a request: the pictures of a question, its own or another, or blank ones of their size."""
    return [row.get("fingerprint"), (row.get("shown") or row).get("key"), row.get("arm") == "blank"]


def _by_image(places: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The places with those of an image next to each other, images in the order in which they first occur."""
    together: dict[object, list[int]] = {}
    for place in places:
        row = rows[place]
        together.setdefault(row.get("picture") or row.get("cluster", place), []).append(place)
    return [place for of_image in together.values() for place in of_image]


def greedy(settings: Mapping[str, Any]) -> bool:
    """Whether the same request would be answered with the same words."""
    return not settings.get("temperature") and not settings.get("do_sample")


def checkpoint_size(wanted: int, lm: Any) -> int:
    """`wanted` rounded up to whole batches: processes that step together must see the same number of them."""
    batch = getattr(lm, "batch_size", 1)
    batch = batch if isinstance(batch, int) and batch > 0 else 1
    return -(-max(1, wanted) // batch) * batch
