"""How fast an endpoint is asked: fewer requests at once after each "too many requests", more after each reply."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONGEST_WAIT = 120.0  # seconds; an endpoint, or a clock that has jumped, may ask for days
GAIN = 0.25  # requests at once that one reply earns back


class Pace:
    """Lets at most `most` requests through at once, and none before an endpoint's time to wait is over."""

    def __init__(self, most: int, backoff: float) -> None:
        self._backoff = backoff
        self._refusals = 0  # one after another, those of requests sent together counted once
        self._most = float(most)
        self._allowed = float(most)
        self._under_way = 0
        self._not_before = 0.0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the time of one request."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._under_way < int(self._allowed))
                wait = self._not_before - _now()
                if wait <= 0:
                    self._under_way += 1
                    break
            # Spread, so that those who wait do not all come back in the same moment.
            await asyncio.sleep(wait * random.uniform(1.0, 1.25))
        try:
            yield
        finally:
            async with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def answered(self) -> None:
        """A request got its reply: one may soon be added."""
        self._refusals = 0
        self._allowed = min(self._most, self._allowed + GAIN)

    def too_many(self, retry_after: float | None) -> None:
        """The endpoint refused a request for there being too many; `retry_after` is its wish, in seconds."""
        if self._not_before <= _now():  # refusals of requests sent together are one sign, not many
            self._allowed = max(1.0, self._allowed / 2)
            self._refusals += 1
        # An endpoint that wishes for no wait and refuses again is not hammered.
        own = self._backoff * 2 ** min(10, self._refusals - (retry_after is not None) * 3)
        wait = min(LONGEST_WAIT, max(own, retry_after or 0.0))
        self._not_before = max(self._not_before, _now() + wait)


def _now() -> float:
    """Seconds of the event loop's clock, which no change of the system's time moves."""
    return asyncio.get_running_loop().time()
