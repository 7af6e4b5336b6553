"""An endpoint as the judge uses it: asked again where that helps, at a pace it bears, no more where it is in vain.

Reason codes: those of `client.py`, and `circuit_open` (the judge had failed too often in a row and is asked no more).
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from loguru import logger

from radimagenet_vqa_tasks.judge.llm.client import CallFailedError, ChatClient, Reply
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.pace import Pace
from radimagenet_vqa_tasks.judge.llm.prompt import prompt
from radimagenet_vqa_tasks.judge.llm.usage import Usage

LONGEST_BACKOFF = 30.0  # seconds
# A request that timed out has cost its whole time; asking again and again would cost hours.
MOST_TIMEOUTS = 3
# Asked where the very first request is refused: does the endpoint refuse everything, or this?
CONTROL = ("Which body part is visible in this image?", "knee", "knee")


class Endpoint:
    """Made and used in one event loop.

    Attributes:
        stopped: the reason why nothing more is asked, once there is one; "" before.
    """

    def __init__(self, options: JudgeOptions, usage: Usage) -> None:
        self._options = options
        self._usage = usage
        self._client: ChatClient | None = None
        self._pace = Pace(options.concurrency, options.backoff)
        self._halted = asyncio.Event()  # set together with `stopped`, for those who wait
        self._failed_in_a_row = 0
        self.stopped = ""

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.close()

    async def reply(self, text: str) -> Reply:
        """The endpoint's reply to one prompt, asked again where that may help. Raises CallFailedError."""
        failures = timeouts = 0
        while True:
            try:
                return await self._request(text)
            except CallFailedError as error:
                too_many = error.reason == "http_429"
                # Too many requests are a matter of pace, which the deadline bounds; they use up no attempt.
                failures += not too_many
                timeouts += error.reason == "timeout"
                exhausted = failures >= self._options.attempts or timeouts >= MOST_TIMEOUTS
                if not error.passing or exhausted or self.stopped:
                    raise
                if not too_many:
                    wait = min(LONGEST_BACKOFF, self._options.backoff * 2 ** (failures - 1)) * random.uniform(0.5, 1.0)
                    await self._wait(max(wait, min(error.retry_after or 0.0, LONGEST_BACKOFF)))

    async def _wait(self, seconds: float) -> None:
        """Wait, but no longer than until nothing more is asked."""
        with suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(self._halted.wait(), seconds)

    async def _request(self, text: str) -> Reply:
        async with self._pace.turn():
            if self.stopped:
                raise CallFailedError(self.stopped)
            self._usage.requests += 1
            try:
                self._client = self._client or _client(self._options)
                reply = await self._client.ask(text)
            except CallFailedError as error:
                if error.reason == "http_429":
                    self._pace.too_many(error.retry_after)
                raise
            self._pace.answered()
        self._usage.prompt_tokens += reply.prompt_tokens
        self._usage.completion_tokens += reply.completion_tokens
        self._usage.uncounted += not reply.counted
        self._usage.replies += 1
        return reply

    async def answers(self) -> bool:
        """Whether the endpoint answers other requests, so that a refusal is about one answer and not about all."""
        if not self._client or not self._client.answered:
            try:
                await asyncio.wait_for(self.reply(prompt(*CONTROL, self._options.mode)), self._options.deadline)
            except (CallFailedError, asyncio.TimeoutError, TimeoutError):
                return False
        return True

    def succeeded(self) -> None:
        """A verdict came: the count of failures in a row begins anew."""
        self._failed_in_a_row = 0

    def failed(self, error: CallFailedError) -> None:
        """Count a verdict that failed, and stop asking where that is in vain."""
        self._failed_in_a_row += 1
        if self.stopped:
            return
        rest = "The rest stays missing; every response is kept, and `radvqa judge RUN` completes the verdicts."
        if error.hopeless or self._failed_in_a_row >= self._options.failures:
            self._halted.set()
        if error.hopeless:
            self.stopped = error.reason
            logger.error(f"the judge {self._options.name} is not usable: {error.remedy}. {rest}")
        elif self._failed_in_a_row >= self._options.failures:
            self.stopped = "circuit_open"
            logger.error(
                f"the judge {self._options.name} at {self._options.host} failed {self._failed_in_a_row} times in a row "
                f"(last: {error.reason}) and is asked no more. {rest}"
            )


def _client(options: JudgeOptions) -> ChatClient:
    try:
        return ChatClient(options)
    except OSError:  # a file of certificates that is not there, or is none
        remedy = (
            "the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read; name a file in PEM format, or unset it"
        )
        raise CallFailedError("certificate", remedy=remedy) from None
