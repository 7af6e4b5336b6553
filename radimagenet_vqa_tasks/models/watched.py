"""Every backend of the host, watched: for this pack's questions its responses come out as what they are.

The host asks its registry for a backend's class, under `lmms-eval` as under `radvqa run`. `watched` makes a subclass of
it whose `generate_until` returns `Response`s: the failures of an endpoint told from the model's words, null content
from an empty text, and each with the digest of what was asked. Requests of other packs' tasks go through untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lmms_eval.api.instance import GenerationResult, Instance, unwrap_generation_output

from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS
from radimagenet_vqa_tasks.models import asked
from radimagenet_vqa_tasks.models.endpoint import Numbered, Watch, watch
from radimagenet_vqa_tasks.models.masking import masked
from radimagenet_vqa_tasks.scoring.response import NOT_ASKED, REQUEST_FAILED, Response

TIMEOUT = 600.0  # seconds for one request, where the model arguments say nothing; the host's 10 are too few for images
RETRIES = 5  # of one request, with pauses that grow; the client waits as long as the endpoint asks

_MARKS = ("[LMMS_EVAL_REQUEST_FAILED", "[LMMS_EVAL_BUDGET_EXCEEDED]")
_COLUMNS = ("question", "choices", "key", "cell", "fingerprint")

Arrival = Callable[[Instance, Response], None]


def watched(backend: type) -> type:
    """A subclass of a backend's class, under its name, that returns Responses to this pack's requests."""
    if issubclass(backend, _Watched):
        return backend
    named = {"__module__": backend.__module__, "__qualname__": backend.__qualname__, "__doc__": backend.__doc__}
    return type(backend.__name__, (_Watched, backend), named)


class _Watched:
    """What is put before a backend's own class.

    Attributes:
        on_arrival: called with a request and its response as soon as there is one; by endpoints only, and from the
            threads that wait for them.
        arrives_singly: whether it is.
        asked_words: what is behind the digests of `Response.asked`.
    """

    task_dict: dict[str, Any]
    on_arrival: Arrival | None = None
    arrives_singly = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked_words: dict[str, dict[str, Any]] = {}
        self._rows: dict[tuple[str, str], Any] = {}
        self._seen: Watch | None = None
        client = getattr(self, "client", None)
        if hasattr(client, "chat") and hasattr(client, "with_options"):
            self._watch_client(client, float(kwargs.get("timeout") or TIMEOUT), int(kwargs.get("max_retries", RETRIES)))

    def _watch_client(self, client: Any, timeout: float, retries: int) -> None:
        self.arrives_singly = True
        self._seen = Watch((str(getattr(client, "api_key", "") or ""),))
        self.client = watch(client.with_options(timeout=timeout, max_retries=max(0, retries - 1)), self._seen)
        self.max_retries = 1  # by the client, which knows what is worth another try and when

    def generate_until(self, requests: Sequence[Instance]) -> list[Any]:
        """As the backend does; for this pack's requests with a Response as the text."""
        ours = [place for place, request in enumerate(requests) if self._row(request) is not None]
        if not ours:
            return super().generate_until(requests)  # type: ignore[misc]
        others = sorted(set(range(len(requests))) - set(ours))
        results: list[Any] = [None] * len(requests)
        if others:
            for place, result in zip(others, super().generate_until([requests[o] for o in others]), strict=True):  # type: ignore[misc]
                results[place] = result
        for place, result in zip(ours, self._responses([requests[place] for place in ours]), strict=True):
            results[place] = result
        return results

    def _responses(self, requests: list[Instance]) -> list[GenerationResult]:
        if self._seen is None:
            raw = super().generate_until(requests)  # type: ignore[misc]
            return [self._local(request, result) for request, result in zip(requests, raw, strict=True)]
        arrived: dict[int, Response] = {}

        def note(number: int, response: Response, settings: Mapping[str, Any]) -> None:
            arrived[number] = response.but(asked=self._asked(requests[number], settings))
            if self.on_arrival is not None:
                self.on_arrival(requests[number], arrived[number])

        self._seen.note = note
        self.prefix_aware_queue = False  # it would sort by the text: here the image comes first, and is what is shared
        raw = super().generate_until([_numbered(request, place) for place, request in enumerate(requests)])  # type: ignore[misc]
        unsent = Response(None, missing=NOT_ASKED, words="the budget of tokens was spent")
        return [
            GenerationResult(arrived.get(place, unsent), unwrap_generation_output(result)[1])
            for place, result in enumerate(raw)
        ]

    def _local(self, request: Instance, result: Any) -> GenerationResult:
        text, counts = (None, None) if result is None else unwrap_generation_output(result)
        # An API backend that is not watched hands failures over as texts of the host's own. A local model's text may
        # look the same; it has no retries, and is taken at its word.
        silent = hasattr(self, "max_retries") and not (counts and counts.output_tokens)
        if silent and isinstance(text, str) and text.startswith(_MARKS):
            reason = REQUEST_FAILED if text.startswith(_MARKS[0]) else NOT_ASKED
            return GenerationResult(Response(None, missing=reason, words=masked(text)), counts)
        if text is not None and not isinstance(text, str):
            text = str(text)
        return GenerationResult(Response(text, asked=self._asked(request, _settings(request))), counts)

    def _asked(self, request: Instance, settings: Mapping[str, Any]) -> str:
        row = self._row(request) or {}
        template = asked.template_of(str(request.args[0]), row.get("question") or "", row.get("choices") or ())
        said = asked.words(template, getattr(self, "system_prompt", None), settings, self._views(request))
        found = asked.digest(said)
        self.asked_words.setdefault(found, said)
        return found

    def _views(self, request: Instance) -> str:
        """Which images are shown; of a task without any there is nothing to say."""
        _, task, split = request.args[-3:]
        return asked.views_of(request.args) if "images" in self.task_dict[task][split].column_names else ALL_VIEWS

    def _row(self, request: Instance) -> dict[str, Any] | None:
        """The texts of the request's question; None where it is not one of this pack's."""
        doc_id, task, split = request.args[-3:]
        if (task, split) not in self._rows:
            rows = self.task_dict[task][split]
            ours = set(_COLUMNS) <= set(getattr(rows, "column_names", ()) or ())
            self._rows[task, split] = rows.select_columns(list(_COLUMNS)) if ours else None
        rows = self._rows[task, split]
        return None if rows is None else rows[doc_id]


def _settings(request: Instance) -> dict[str, Any]:
    return next((dict(argument) for argument in request.args if isinstance(argument, dict)), {})


def _numbered(request: Instance, number: int) -> Instance:
    """The request with its number in its token limit."""
    limit = _settings(request).get("max_new_tokens", 1024)
    arguments = tuple(
        {**argument, "max_new_tokens": Numbered.of(int(limit), number)} if isinstance(argument, dict) else argument
        for argument in request.args
    )
    return Instance(request.request_type, arguments, request.idx, request.metadata)
