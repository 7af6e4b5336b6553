"""Results that are handed to the host before they are complete.

The host calls the scoring hook in a few threads, one question a call, and a verdict takes a network's time. So the hook
returns at once, verdicts arrive at the judge's own concurrency, and a result is completed when it is first needed: by
the aggregation, or when the host copies it to another process.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any


class Late(dict[str, Any]):
    """A dict that `complete` fills in, once, when it is settled. `complete` may wait; it fills in its siblings too."""

    def __init__(self, known: dict[str, Any], complete: Callable[[], None]) -> None:
        super().__init__(known)
        self._complete = complete

    def settle(self) -> None:
        """Wait until the dict is complete."""
        self._complete()

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        self.settle()
        return dict, (dict(self),)


def late_results(
    known: dict[str, dict[str, Any]], rest: Callable[[], dict[str, dict[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """`known` by metric, each to be updated with what `rest` says of it when it is settled. `rest` runs once."""
    lock = Lock()
    done = False

    def complete() -> None:
        nonlocal done
        with lock:
            if not done:
                for metric, values in rest().items():
                    results[metric].update(values)
                done = True

    results: dict[str, dict[str, Any]] = {metric: Late(values, complete) for metric, values in known.items()}
    return results


def settled(result: dict[str, Any]) -> dict[str, Any]:
    """The result, complete."""
    if isinstance(result, Late):
        result.settle()
    return result
