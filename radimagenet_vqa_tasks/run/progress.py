"""One bar for a whole run: how many of all requests, how fast, how long still, how many failed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from types import ModuleType
from typing import Any

from tqdm import tqdm


class Progress:
    """The bar. It is moved by responses that arrive, and by the backends' own bars, which it takes the place of."""

    def __init__(self, shown: bool | None = None) -> None:
        first = int(os.environ.get("RANK", 0)) == 0
        self._shown = first if shown is None else shown
        self._bar: Any = None
        self._lock = Lock()
        self._checked = self._failures = 0
        self._singly = False

    @contextmanager
    def of(self, total: int, done: int = 0) -> Iterator[None]:
        """The bar of `total` requests, of which `done` are known already."""
        self._checked, self._failures = done, 0
        # Where there is no terminal, a line now and then is enough: nobody watches it move.
        interval = 0.1 if sys.stderr.isatty() else 30.0
        with tqdm(
            total=total, initial=done, desc="Asking", unit="request", disable=not self._shown, mininterval=interval
        ) as self._bar:
            yield
        self._bar = None

    def arrived(self, *, failed: bool = False) -> None:
        """One more response."""
        with self._lock:
            self._singly = True
            self._failures += failed
            if failed:
                self._bar.set_postfix(failed=self._failures, refresh=False)
            self._move(1)

    def reached(self, more: int) -> None:
        """A batch of `more` is answered: the bar stands there, whatever has moved it before."""
        with self._lock:
            self._checked += more
            self._bar.n = self._checked
            self._bar.refresh()

    def moved(self, steps: int) -> None:
        """A backend's own bar has moved; where responses arrive one by one they have moved this one already."""
        with self._lock:
            self._move(0 if self._singly else steps)

    def _move(self, steps: int) -> None:
        if self._bar is not None:
            self._bar.update(min(steps, self._bar.total - self._bar.n))


@contextmanager
def in_place_of_the_backends_bars(progress: Progress, modules: list[ModuleType]) -> Iterator[None]:
    """While the context lasts, bars that these modules make are not shown, and move `progress`."""

    class Quiet(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            progress.moved(int(n or 0))

    before = [(module, module.__dict__["tqdm"]) for module in modules if module.__dict__.get("tqdm") is tqdm]
    for module, _ in before:
        module.__dict__["tqdm"] = Quiet
    try:
        yield
    finally:
        for module, bar in before:
            module.__dict__["tqdm"] = bar
