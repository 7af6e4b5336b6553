"""A progress bar on the terminal for verdicts, silent where there is none."""

from __future__ import annotations

from tqdm import tqdm

from radimagenet_vqa_tasks.judge.llm.usage import Usage
from radimagenet_vqa_tasks.judge.verdict import Verdict


class Progress:
    """One bar; its length grows with what has been asked, unless `total` is known."""

    def __init__(self, title: str, total: int | None = None) -> None:
        self._title = title
        self._total = total
        self._usage: Usage | None = None
        self._bar: tqdm | None = None

    def follow(self, usage: Usage) -> None:
        """Show the length and the failures that these counters say."""
        self._usage = usage

    def verdict(self, verdict: Verdict) -> None:
        """One verdict more."""
        if self._bar is None:  # the bar appears with the first verdict, not over the host's own bars
            self._bar = tqdm(desc=self._title, unit="answer", total=self._total, disable=None, leave=True)
        if self._usage:
            self._bar.total = self._total or self._usage.asked
            self._bar.set_postfix({"cached": self._usage.cached, "missing": self._usage.outcomes["missing"]}, False)
        self._bar.update()

    def close(self) -> None:
        """Leave the bar as it is and free the line."""
        if self._bar is not None:
            self._bar.close()
