"""One request to an OpenAI-compatible chat endpoint, and every way in which it can fail as one kind of error.

Reason codes: `timeout`, `connection`, `bad_reply` (not of the protocol), `http_NNN`; and those that no retry can help:
`bad_key`, `no_such_model`, `no_credit`, `bad_setting`. The client's own retries are off: how often and when to ask
again is decided in one place, `llm.py`.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.prompt import VERDICT_SCHEMA

_CONTENT = ("http_400", "http_413", "http_422", "content_filter")
_PASSING = (408, 409, 425, 429)
_SETTINGS = ("temperature", "response_format", "max_tokens", "stream")
_MODEL_CODES = ("model_not_found", "invalid_model", "unknown_model")


@dataclass(frozen=True)
class Reply:
    """What the endpoint answered: the text (may be empty), the tokens, if it counted them, and whether they ran out."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    cut_off: bool = False
    counted: bool = True


class CallFailedError(Exception):
    """A request got no reply.

    Attributes:
        reason: the code that records keep.
        passing: asking again may help.
        hopeless: nothing will help before the user has changed something; `remedy` says what.
        retry_after: seconds that the endpoint asks to wait; None where it does not say.
    """

    def __init__(
        self, reason: str, *, passing: bool = False, remedy: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
        self.remedy = remedy
        self.retry_after = retry_after

    @property
    def hopeless(self) -> bool:
        return bool(self.remedy)

    @property
    def about_content(self) -> bool:
        """Whether this one request was refused for what it holds: too long, filtered, not to be processed."""
        return self.reason in _CONTENT


class ChatClient:
    """One connection pool to one endpoint. Made and used in one event loop."""

    def __init__(self, options: JudgeOptions) -> None:
        # A second to import, hence not at the top; which HTTP library it uses depends on its version.
        import openai

        self._openai = openai
        self._options = options
        limits = type(openai.DEFAULT_CONNECTION_LIMITS)(
            max_connections=options.concurrency, max_keepalive_connections=options.concurrency
        )
        self._client = openai.AsyncOpenAI(
            api_key=options.api_key or "none",
            base_url=options.endpoint,
            default_query=options.query,
            # Azure takes a key in a header of its own.
            default_headers={"api-key": options.api_key} if options.host.endswith(".azure.com") else None,
            max_retries=0,
            timeout=options.timeout,
            # A proxy of the environment cannot reach this machine's own servers.
            http_client=openai.DefaultAsyncHttpxClient(
                limits=limits,
                timeout=options.timeout,
                trust_env=not options.on_this_machine,
                verify=_own_authorities() if options.on_this_machine else True,
            ),
        )
        self.answered = False

    async def ask(self, prompt: str) -> Reply:
        """The endpoint's reply to one user message at temperature 0. Raises CallFailedError, and nothing else."""
        body: dict[str, Any] = {
            "model": self._options.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "stream": False,
        }
        if self._options.mode == "schema":
            body["response_format"] = VERDICT_SCHEMA
        if self._options.max_tokens is not None:
            body["max_tokens"] = self._options.max_tokens
        # As plain JSON: turning it into the client's objects and back takes a fifth of the time, and hides what a
        # server that is only nearly compatible has sent.
        request = self._client.post("/chat/completions", cast_to=object, body=body)
        try:
            # The client's own limit is on silence; a reply that drips is ended here.
            completion = await asyncio.wait_for(request, self._options.timeout)
            if isinstance(completion, str) and completion.lstrip().startswith(("data:", "event:")):
                raise _only_streams(self._options.host)
            reply = _reply(completion, self._options.masked)
        except Exception as error:
            # Any error, for the network, the server and their libraries know many more than they document.
            raise self._failure(error, prompt) from None
        self.answered = True
        return reply

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _failure(self, error: Exception, prompt: str) -> CallFailedError:
        if isinstance(error, CallFailedError):
            return error
        if isinstance(error, (asyncio.TimeoutError, TimeoutError, self._openai.APITimeoutError)):
            return CallFailedError("timeout", passing=True)
        if isinstance(error, self._openai.APIStatusError):
            return self._status_failure(error, prompt)
        if isinstance(error, self._openai.APIConnectionError):
            fault = _certificate_fault(error)
            if fault:
                return CallFailedError("certificate", remedy=f"{self._options.host} {fault}")
            return CallFailedError("connection", passing=True)
        return CallFailedError("bad_reply", passing=True)

    def _status_failure(self, error: Any, prompt: str) -> CallFailedError:
        """Nothing that the server says is repeated: it may hold the key."""
        status, code = error.status_code, error.code or error.type or ""
        model, host = self._options.model, self._options.host
        if status == 401 or (status == 403 and not self.answered):
            return CallFailedError("bad_key", remedy=f"{host} refuses the key; set RADVQA_JUDGE_API_KEY")
        if status == 402 or code == "insufficient_quota":
            return CallFailedError("no_credit", remedy=f"the account at {host} has no credit left")
        # Once a reply has come, a refusal is about one request and must not end the others.
        if not self.answered and (status == 404 or code in _MODEL_CODES):
            return CallFailedError(
                "no_such_model",
                remedy=f"{self._options.shown_url} knows no model {model!r}; check RADVQA_JUDGE_MODEL and "
                "RADVQA_JUDGE_BASE_URL (which ends in /v1 as a rule)",
            )
        setting = _refused_setting(error, prompt) if not self.answered and status in (400, 422) else ""
        if setting == "stream":
            return _only_streams(host)
        if setting:
            return CallFailedError(
                "bad_setting",
                remedy=f"{model!r} at {host} does not accept the judge's {setting}; use another model (the paper's "
                "protocol needs temperature 0) or other settings of RADVQA_JUDGE_MODE and RADVQA_JUDGE_MAX_TOKENS",
            )
        passing = status in _PASSING or status >= 500
        return CallFailedError(f"http_{status}", passing=passing, retry_after=retry_after(error.response.headers))


def _only_streams(host: str) -> CallFailedError:
    return CallFailedError(
        "streaming_only", remedy=f"{host} sends replies as streams only; the judge needs them whole (stream: false)"
    )


def _refused_setting(error: Any, prompt: str) -> str:
    """Which of the judge's settings a refusal is about; "" where it does not say."""
    if error.param in _SETTINGS:
        return str(error.param)
    # Some servers say it in words. A message may quote the prompt, whose words mean nothing.
    words = set(re.findall(r"\w+", str(error.message))) - set(re.findall(r"\w+", prompt))
    return next((name for name in _SETTINGS if name in words), "")


def _own_authorities() -> ssl.SSLContext:
    """The certificates that are trusted on this machine: SSL_CERT_FILE and SSL_CERT_DIR, or the system's."""
    return ssl.create_default_context(
        cafile=os.environ.get("SSL_CERT_FILE") or None, capath=os.environ.get("SSL_CERT_DIR") or None
    )


def _certificate_fault(error: BaseException | None) -> str:
    """What is wrong with an endpoint's certificate or TLS, in words; "" where that is not what failed."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"has a certificate that is not trusted ({error.verify_message}); set SSL_CERT_FILE to the file of "
                "your certificate authority"
            )
        if isinstance(error, ssl.SSLError) and "WRONG_VERSION" in str(error):
            return "does not speak https; write http:// in RADVQA_JUDGE_BASE_URL if that is meant"
        error = error.__cause__ or error.__context__
    return ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a reply's headers ask to wait; None where they say nothing readable."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        until = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    # The one place for a wall clock, for the server names one; whoever waits must bound the wait.
    return max(0.0, until.timestamp() - time.time())


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _reply(completion: object, masked: Callable[[str], str]) -> Reply:
    """The text of a completion, masked; raises CallFailedError where it has none of the protocol's form."""
    try:
        choice = completion["choices"][0]  # type: ignore[index]
        content, ended = choice["message"]["content"], choice.get("finish_reason")
    except (TypeError, LookupError, AttributeError):
        raise CallFailedError("bad_reply", passing=True) from None
    assert isinstance(completion, dict)
    if ended == "content_filter":
        raise CallFailedError("content_filter")
    usage = completion.get("usage")
    return Reply(
        masked(_text(content)),
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
        ended == "length",
        _count(usage, "prompt_tokens") > 0,
    )


def _text(content: object) -> str:
    """The text of a message's content, which some models send in parts, thinking apart; "" where there is none."""
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if isinstance(part, dict) and _is_text(part))
    # JSON can hold half a surrogate pair, which neither the cache nor a log could store.
    return content.encode("utf-8", "backslashreplace").decode() if isinstance(content, str) else ""


def _is_text(part: Mapping[str, object]) -> bool:
    return part.get("type") == "text" and isinstance(part.get("text"), str)


def _count(usage: object, name: str) -> int:
    """A number of tokens; 0 where the server does not count."""
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value > 0 else 0
