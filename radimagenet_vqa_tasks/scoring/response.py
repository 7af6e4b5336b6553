"""What came back for a request: the model's own words, or the fact that there are none.

The host carries responses as strings, and a failed request as a string too. Here a response is a string that knows what
it is: which words are the model's, why there are none, and what the model was really asked. No text can be mistaken
for a failure, because no text is an object of this class. Everything that enters a run is made into one
(`models/watched.py`), and scoring reads nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, SupportsIndex

REQUEST_FAILED = "request_failed"
"""The endpoint refused the request, or did not answer it."""
NO_CHOICES = "no_choices"
"""The endpoint answered, with no answer in it."""
NOT_ASKED = "not_asked"
"""The request was not sent: a budget was spent, or the endpoint had refused all before it."""


class Response(str):
    """The words as the host sees them; they are empty where the model gave none.

    Attributes:
        text: the model's words; None where it gave none (null content).
        missing: why there is no response at all, one of the codes above; None where there is one.
        finish: why the model stopped, in the endpoint's word, for instance "length"; None where it is not known.
        words: what the endpoint said in place of a response, without keys.
        asked: the digest of what the model was really asked with; empty where it is not known.
    """

    text: str | None
    missing: str | None
    finish: str | None
    words: str
    asked: str

    def __new__(
        cls,
        text: str | None,
        *,
        missing: str | None = None,
        finish: str | None = None,
        words: str = "",
        asked: str = "",
    ) -> Response:
        response = super().__new__(cls, printable(text or ""))
        response.text = None if text is None else str.__str__(response)
        response.missing, response.finish, response.words, response.asked = missing, finish, words, asked
        return response

    def facts(self) -> dict[str, Any]:
        """All of it as plain values, from which `Response(**facts)` makes it again."""
        known = {"missing": self.missing, "finish": self.finish, "words": self.words, "asked": self.asked}
        return {"text": self.text, **{name: value for name, value in known.items() if value}}

    def but(self, **changed: Any) -> Response:
        """The same response with other facts."""
        return Response(**{**self.facts(), **changed})

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.facts(),)

    # What the host does to a response before it is scored: it cuts blocks of thinking out, and strips it.

    def strip(self, chars: str | None = None, /) -> Response:
        return self._with(super().strip(chars))

    def rsplit(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        return [self._with(part) for part in super().rsplit(sep, maxsplit)]

    def __getitem__(self, place: SupportsIndex | slice, /) -> Response:
        return self._with(super().__getitem__(place))

    def __add__(self, other: str, /) -> Response:
        return self._with(super().__add__(other))

    def _with(self, text: str) -> Response:
        return self.but(text=None if self.text is None else str(text))


def response_of(result: object) -> Response:
    """What the host hands to scoring, as a response; anything but words is null content."""
    if isinstance(result, Response):
        return result
    return Response(result if isinstance(result, str) else None)


def printable(text: str) -> str:
    """The text with lone surrogates spelled out: one of them would end the run that writes it to a UTF-8 file."""
    return text.encode("utf-8", "backslashreplace").decode()


def _restored(facts: Mapping[str, Any]) -> Response:
    return Response(**facts)
