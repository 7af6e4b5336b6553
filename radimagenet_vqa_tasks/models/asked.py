"""What a model was really asked with: the prompt's template, the system text, the generation settings, and a digest.

Two numbers are of the same task only if these are the same. Every record holds the digest; the words behind it are kept
once a run, so that a difference can be named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from inspect import ismethod
from typing import Any

from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS


def template_of(prompt: str, question: str, choices: Sequence[str]) -> str:
    """A prompt with the question's own words taken out: the dress that all questions of the kind share."""
    template = prompt.replace(question, "{question}", 1) if question else prompt
    spans, at = list[tuple[int, int]](), 0
    for choice in choices:
        place = _at_the_end_of_a_line(template, choice, at)
        if place >= 0:
            at = place + len(choice)
            spans.append((place, at))
    # However many options there are, one line shows how they are dressed.
    return f"{template[: spans[0][0]]}{{choice}}{template[spans[-1][1] :]}" if spans else template


def _at_the_end_of_a_line(text: str, part: str, start: int) -> int:
    """Where `part` first ends a line from `start` on; -1 where it does not."""
    place = text.find(part, start) if part else -1
    while place >= 0 and text[place + len(part) : place + len(part) + 1] not in ("", "\n"):
        place = text.find(part, place + 1)
    return place


def views_of(arguments: Iterable[Any]) -> str:
    """Which of a question's images a request shows: what the file of its task says under `views`."""
    task = next((one.__self__ for one in arguments if ismethod(one)), None)
    return str((getattr(task, "lmms_eval_specific_kwargs", None) or {}).get("views") or ALL_VIEWS)


def words(prompt: str, system: str | None, settings: Mapping[str, Any], views: str = ALL_VIEWS) -> dict[str, Any]:
    """All of it in a form to be compared: {"prompt", "system", "settings"}, and "views" unless all images are shown."""
    kept = {name: value for name, value in sorted(settings.items()) if value is not None}
    said: dict[str, Any] = {"prompt": prompt, "system": system or "", "settings": kept}
    return said if views == ALL_VIEWS else said | {"views": views}


def digest(said: Mapping[str, Any]) -> str:
    """Twelve hexadecimal digits of `words`; 0 and 0.0 are the same setting."""
    text = json.dumps(said, sort_keys=True, default=str, ensure_ascii=True)
    plain = json.dumps(json.loads(text, parse_float=_whole), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def _whole(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value
