"""A client of an OpenAI-compatible endpoint that tells the model's words from everything else that comes back.

The host's backends send requests through `client.chat.completions.create` and turn whatever happens there into a text.
`watch` puts one of these in the client's place: it sees the raw completion, or the error, and notes it under the
request that it belongs to. The number of that request travels in the token limit, the one setting that both backends
hand through as it is (`Numbered`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import openai

from radimagenet_vqa_tasks.models.accepted import Accepted
from radimagenet_vqa_tasks.models.masking import masked, without
from radimagenet_vqa_tasks.scoring.response import NO_CHOICES, NOT_ASKED, REQUEST_FAILED, Response

HOPELESS = (401, 403, 404)  # a key or a model that is wrong is so for every request
SHOWN = 500  # characters of a server's words that are kept


class Numbered(int):
    """A token limit that remembers the number of its request."""

    number: int

    @classmethod
    def of(cls, limit: int, number: int) -> Numbered:
        numbered = cls(limit)
        numbered.number = number
        return numbered


class Refused(Exception):
    """What the host is told of a request that brought no response; it counts it, and its text is never used."""


Note = Callable[[int, Response, Mapping[str, Any]], None]
"""What is called with a request's number, what came back, and the settings that were sent."""


class Watch:
    """What is known of one endpoint, and where the responses of the present requests go."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self.note: Note = lambda number, response, settings: None
        self._accepted = Accepted()
        self._secrets = secrets
        self._answered = False
        self._hopeless = ""

    def first(self, payload: Mapping[str, Any], number: int) -> dict[str, Any]:
        """What to send for a payload; raises Refused where the endpoint has refused everything so far."""
        if self._hopeless:
            self.note(number, Response(None, missing=NOT_ASKED, words=self._hopeless), {})
            raise Refused(self._hopeless)
        return self._accepted.fit(payload)

    def next(self, sent: Mapping[str, Any], number: int, error: Exception) -> dict[str, Any]:
        """What to send after an error; raises Refused, with the failure noted, where there is nothing left to try."""
        status = getattr(error, "status_code", None)
        if status in (400, 422):
            changed = self._accepted.relent(sent, _refusal(error), getattr(error, "param", None))
            if changed is not None:
                return changed
        words = masked(str(error) or type(error).__name__, self._secrets)[:SHOWN]
        if status in HOPELESS and not self._answered:
            self._hopeless = words
        self.note(number, Response(None, missing=REQUEST_FAILED, words=words), _settings(sent))
        raise Refused(words) from None

    def received(self, sent: Mapping[str, Any], number: int, completion: Any) -> Any:
        """The completion with a text for the host to go on with; what it really says is noted."""
        response = response_of(completion)
        if response.missing:
            response = response.but(words=masked(response.words, self._secrets)[:SHOWN])
        else:
            # A proxy that repeats a request's headers repeats the key, and responses are written down.
            response = response.but(text=None if response.text is None else without(response.text, self._secrets))
            self._answered = True
            self._accepted.answered()
        self.note(number, response, _settings(sent))
        if response.missing:
            raise Refused(response.words)
        completion.choices[0].message.content = str(response)
        return completion


def response_of(completion: Any) -> Response:
    """What an endpoint's completion says."""
    choices: Any = getattr(completion, "choices", None)
    message = getattr(choices[0], "message", None) if choices else None
    if message is None:
        return Response(None, missing=NO_CHOICES, words=_said(completion))
    text = _text(getattr(message, "content", None))
    if text is None:
        text = _text(getattr(message, "refusal", None))
    return Response(text, finish=getattr(choices[0], "finish_reason", None) or None)


def _text(content: object) -> str | None:
    """The words of a content; of a list of parts, those of the parts that are text."""
    if isinstance(content, str) or content is None:
        return content
    if not isinstance(content, list):
        return None
    texts = [part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, str | dict)]
    found = [text for text in texts if isinstance(text, str)]
    return "".join(found) if found else None


def _said(completion: Any) -> str:
    extra = getattr(completion, "model_extra", None) or {}
    if extra.get("error"):
        return json.dumps(extra["error"], default=str, ensure_ascii=False)
    return f"an answer without choices: {completion!s}"


def _refusal(error: Exception) -> str:
    """What an endpoint says of a request that it refuses, without the numbers and names around it."""
    body = getattr(error, "body", None)
    while isinstance(body, list | dict) and body:
        inner = body[0] if isinstance(body, list) else body.get("error", body.get("message"))
        if isinstance(inner, str):
            return inner
        body = inner
    return body if isinstance(body, str) else str(error)


def _settings(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name not in ("messages", "model")}


def watch(client: Any, seen: Watch) -> Any:
    """The client, or one like it, whose chat completions are seen by `seen`."""
    return _Client(client, _AsyncCompletions if isinstance(client, openai.AsyncOpenAI) else _Completions, seen)


class _Client:
    def __init__(self, client: Any, kind: Any, seen: Watch) -> None:
        self._client = client
        self.chat = self
        self.completions = kind(client.chat.completions, seen)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class _Completions:
    def __init__(self, completions: Any, seen: Watch) -> None:
        self._completions = completions
        self._seen = seen

    def create(self, **payload: Any) -> Any:
        number = _number(payload)
        if number is None:
            return self._completions.create(**payload)
        sent = self._seen.first(payload, number)
        while True:  # until nothing is left that could be sent otherwise
            try:
                completion = self._completions.create(**sent)
            except Exception as error:
                sent = self._seen.next(sent, number, error)
            else:
                return self._seen.received(sent, number, completion)


class _AsyncCompletions(_Completions):
    async def create(self, **payload: Any) -> Any:
        number = _number(payload)
        if number is None:
            return await self._completions.create(**payload)
        sent = self._seen.first(payload, number)
        while True:  # until nothing is left that could be sent otherwise
            try:
                completion = await self._completions.create(**sent)
            except Exception as error:
                sent = self._seen.next(sent, number, error)
            else:
                return self._seen.received(sent, number, completion)


def _number(payload: Mapping[str, Any]) -> int | None:
    """The number of the request that a payload belongs to; None for those of other tasks."""
    limits = (payload.get(name) for name in ("max_tokens", "max_completion_tokens"))
    return next((limit.number for limit in limits if isinstance(limit, Numbered)), None)
