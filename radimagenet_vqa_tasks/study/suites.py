"""What a study can ask: which tasks that are, and how many questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Question
from radimagenet_vqa_tasks.data.sources import Copies
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.tasks import tasks_of


@dataclass(frozen=True)
class Suite:
    """A benchmark, or what the package holds of it."""

    benchmark: Benchmark
    sample: bool = False

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"{self.benchmark.title} (embedded sample)" if self.sample else self.benchmark.title

    def tasks(self, arm: ArmName) -> list[str]:
        """The names of its tasks in one arm."""
        return [task.name for task in tasks_of(self.benchmark, arm, sample=self.sample)]

    def questions(self, copies: Copies, arm: ArmName) -> list[tuple[Question, int]]:
        """Every question of an arm, and how many images are shown with it; without reading any image.

        Reads the data set, which the evaluation then need not read again. Raises DataError or RunError.
        """
        from radimagenet_vqa_tasks.data.rows import questions_of

        data = None if self.sample else copies.get(self.benchmark.source.name)
        return questions_of(self.benchmark, arm, data, sample=self.sample)


FOUR = tuple(name for name, one in BENCHMARKS.items() if 4 in one.paper_figures)
"""The benchmarks of the paper's Figure 4."""

SAMPLES = tuple(one.embedded.group for one in BENCHMARKS.values() if one.embedded)
"""What the package itself holds of benchmarks."""

_KNOWN: Mapping[str, Suite] = {
    **{name: Suite(one) for name, one in BENCHMARKS.items()},
    **{one.embedded.group: Suite(one, sample=True) for one in BENCHMARKS.values() if one.embedded},
}


def named(names: Iterable[str]) -> list[Suite]:
    """The suites of these names, all four of Figure 4 without one. Raises RunError for an unknown name."""
    found: dict[str, Suite] = {}
    for name in tuple(names) or FOUR:
        if name not in _KNOWN:
            near = get_close_matches(name, _KNOWN, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(_KNOWN)}."
            raise RunError(f"--benchmark {name}: there is no benchmark {name!r}. {hint}")
        found[name] = _KNOWN[name]
    twice = Counter(suite.benchmark.name for suite in found.values())
    for name, count in twice.items():
        if count > 1:
            both = " and ".join(one for one, suite in found.items() if suite.benchmark.name == name)
            raise RunError(f"--benchmark: {both} ask the same kinds of question; choose one of them")
    return list(found.values())
