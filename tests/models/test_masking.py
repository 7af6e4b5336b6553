"""Keys that an endpoint repeats, in a failure or in the middle of an answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from radimagenet_vqa_tasks.models.endpoint import Watch
from radimagenet_vqa_tasks.scoring.response import Response

KEY = "planted-0123456789"


def completion(content: Any) -> SimpleNamespace:
    message = SimpleNamespace(content=content, refusal=None)
    return SimpleNamespace(choices=[SimpleNamespace(message=message, finish_reason="stop")], model_extra=None)


@pytest.mark.parametrize("given", [True, False])
def test_a_key_that_an_endpoint_repeats_in_an_answer_is_masked(monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    """The answer is written to logs and reports: it holds neither the key that was sent nor one of the environment."""
    if not given:
        monkeypatch.setenv("OTHER_API_KEY", KEY)
    noted: list[Response] = []
    watch = Watch((KEY,) if given else ())
    watch.note = lambda number, response, settings: noted.append(response)
    told = watch.received({}, 0, completion(f"token: B, sent with {KEY}"))
    assert told.choices[0].message.content == noted[0].text == "token: B, sent with [key]"


def test_null_content_stays_null() -> None:
    """Silence is not made an empty text by looking for keys in it."""
    noted: list[Response] = []
    watch = Watch((KEY,))
    watch.note = lambda number, response, settings: noted.append(response)
    watch.received({}, 0, completion(None))
    assert noted[0].text is None
