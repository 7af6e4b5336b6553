"""The settings of a request that an endpoint accepts, learnt from what it refuses.

The tasks ask greedily, with the paper's 8,192 tokens and its top_p, as one setting for all models. Many endpoints
refuse a part of that: a reasoning model takes no temperature and wants its limit under another name, another has fewer
tokens, a third no top_p beside a temperature. Which model refuses what changes from month to month; that a refusal
(HTTP 400) names the setting does not. So the setting that it names is taken out or lowered, once for all requests, the
change is said once, and the record of each answer knows the settings that it was really got with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from threading import Lock
from typing import Any

from loguru import logger

LIMIT, NEW_LIMIT = "max_tokens", "max_completion_tokens"
# What a request can do without, the first one first where a refusal names several.
DISPENSABLE = ("top_p", "seed", "presence_penalty", "frequency_penalty", "response_format", "temperature")
FEWEST = 16  # tokens that an answer needs; below that the refusal was about something else

_NUMBER = re.compile(r"\d+")


class Accepted:
    """What one endpoint accepts, as far as is known; shared by all requests to it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left_out: set[str] = set()
        self._renamed = False
        self._limit: int | None = None
        self._answered = False

    def fit(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The payload with all that is known to be refused left out, renamed or lowered."""
        fitted = {name: value for name, value in payload.items() if name not in self._left_out and value != "None"}
        if not fitted.get("temperature"):
            fitted.pop("top_p", None)  # it does nothing in greedy decoding, or where the model decodes as it likes
        if self._renamed and LIMIT in fitted:
            fitted[NEW_LIMIT] = fitted.pop(LIMIT)
        for name in (LIMIT, NEW_LIMIT):
            if name in fitted:
                fitted[name] = int(fitted[name]) if self._limit is None else min(int(fitted[name]), self._limit)
        return fitted

    def answered(self) -> None:
        """Take note that a request was answered: from now on a limit is lowered for the one that is refused alone."""
        self._answered = True

    def relent(self, sent: Mapping[str, Any], refusal: str, parameter: str | None = None) -> dict[str, Any] | None:
        """What to send after `sent` was refused; None where nothing is left to try.

        `refusal` is the endpoint's text, `parameter` the setting that it names in a field of its own, where it does.
        """
        with self._lock:
            fitted = self.fit(sent)
            if fitted != dict(sent):
                return fitted  # another request has met the same refusal meanwhile
            for name in _named(sent, refusal, parameter):
                if name not in (LIMIT, NEW_LIMIT):
                    self._left_out.add(name)
                    logger.warning(f"the endpoint refuses {name}={sent[name]}; it is left out of all requests")
                    return self.fit(sent)
                changed = self._other_limit(sent, name, refusal)
                if changed:
                    return changed
            return None

    def _other_limit(self, sent: Mapping[str, Any], name: str, refusal: str) -> dict[str, Any] | None:
        numbers = [int(number) for number in _NUMBER.findall(refusal) if len(number) < 10]
        asked = sent[name]
        # A limit that is too high is quoted; where it is not, the name is what is wrong.
        if asked not in numbers and name == LIMIT and not self._renamed:
            self._renamed = True
            return self.fit(sent)
        # The largest number in the refusal below what was asked is the limit, or what the prompt and the answer share;
        # where that is refused too, it is halved.
        lower = max((number for number in numbers if asked // 4 <= number < asked), default=asked // 2)
        if self._limit is not None:
            lower = min(lower, asked // 2)
        if lower < FEWEST:
            return None
        if self._answered:
            return {**sent, name: lower}
        self._limit = lower
        logger.warning(f"the endpoint refuses answers of {asked:,} tokens; all requests now allow {lower:,}")
        return self.fit(sent)


def _named(sent: Mapping[str, Any], refusal: str, parameter: str | None) -> list[str]:
    """The settings of what was sent that a refusal names, in any endpoint's spelling: top_p, topP, maxOutputTokens."""
    if parameter in sent and parameter in (*DISPENSABLE, LIMIT, NEW_LIMIT):
        return [str(parameter)]
    folded = re.sub(r"[^a-z]", "", refusal.lower())
    named = [name for name in DISPENSABLE if name in sent and name.replace("_", "") in folded]
    about_limit = any(word in folded for word in ("maxtokens", "maxoutputtokens", "maxcompletiontokens"))
    return [*named, *(name for name in (LIMIT, NEW_LIMIT) if name in sent and about_limit)]
