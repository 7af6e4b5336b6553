"""What judging took: calls, cached verdicts, tokens and, with prices given, money."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Prices:
    """Money per million tokens, in whatever currency the endpoint bills."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """What these tokens cost."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


def money(amount: float) -> str:
    """An amount with two places, or as many as it takes to be told from nothing."""
    return f"{amount:.2f}" if amount >= 0.01 or not amount else f"{amount:.1g}"


@dataclass
class Usage:
    """Counters of one judge.

    Attributes:
        asked: verdicts that were asked for.
        cached: of these, read from the cache.
        shared: of these, taken from an identical question that was under way.
        requests: requests sent to the endpoint, retries included.
        outcomes: verdicts given, by outcome.
        failures: of these the missing ones, by reason.
        replies: replies that came; those without a count of tokens are `uncounted`.
        prompt_tokens, completion_tokens: as the endpoint counts them, over all its replies to this judge.
    """

    asked: int = 0
    cached: int = 0
    shared: int = 0
    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    replies: int = 0
    uncounted: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def summary(self, prices: Prices | None = None) -> str:
        """One line for people."""
        parts = [
            f"{self.asked:,} verdicts",
            f"{self.requests:,} requests",
            f"{self.cached:,} from the cache",
            f"{self.shared:,} shared",
            self._counted(f"{self.prompt_tokens:,} + {self.completion_tokens:,} tokens", "tokens not counted"),
        ]
        if prices:
            cost = money(prices.of(self.prompt_tokens, self.completion_tokens))
            parts.append(self._counted(f"cost {cost}", "cost unknown"))
        if self.failures:
            why = ", ".join(f"{reason} {count:,}" for reason, count in self.failures.most_common())
            parts.append(f"{sum(self.failures.values()):,} missing ({why})")
        return ", ".join(parts)

    def _counted(self, known: str, unknown: str) -> str:
        """What is said of a count: not 0 where the endpoint does not count, and not all where it does at times."""
        if not self.uncounted:
            return known
        return unknown if self.uncounted >= self.replies else f"at least {known}"
