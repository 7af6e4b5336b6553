"""The benchmarks that a study can ask: which tasks that are, and how many questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES, Family
from radimagenet_vqa_tasks.data.sources import SOURCE_OF, Copies
from radimagenet_vqa_tasks.errors import RunError

SAMPLE = "radvqa_sample"


@dataclass(frozen=True)
class Benchmark:
    """A family of questions, or its part on the embedded sample."""

    family: Family
    sample: bool = False

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"{self.family.title} (embedded sample)" if self.sample else self.family.title

    def tasks(self, *, with_image: bool) -> list[str]:
        """The names of its tasks, with or without the images."""
        prefix, suffix = f"{SAMPLE}_" if self.sample else "radvqa_", "" if with_image else "_textonly"
        return [f"{prefix}{cell}{suffix}" for cell in self.family.cells]

    def counts(self, copies: Copies) -> Mapping[str, int]:
        """How many questions each cell has. Reads the data set, which the evaluation then need not read again."""
        from radimagenet_vqa_tasks.data.families import question_columns

        data = copies.get(SOURCE_OF[self.family.name])
        return Counter(question_columns(self.family.name, None if self.sample else data, sample=self.sample)["cell"][:])


FOUR = ("radvqa", "vqarad", "slake", "mmmu_med")
"""The benchmarks of the paper's Figure 4."""

_KNOWN: Mapping[str, Benchmark] = {
    **{name: Benchmark(FAMILIES[name]) for name in FOUR},
    SAMPLE: Benchmark(FAMILIES["radvqa"], sample=True),
}


def named(names: Iterable[str]) -> list[Benchmark]:
    """The benchmarks of these names, all four of Figure 4 without one. Raises RunError for an unknown name."""
    found: dict[str, Benchmark] = {}
    for name in tuple(names) or FOUR:
        if name not in _KNOWN:
            near = get_close_matches(name, _KNOWN, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(_KNOWN)}."
            raise RunError(f"--benchmark {name}: there is no benchmark {name!r}. {hint}")
        found[name] = _KNOWN[name]
    if {"radvqa", SAMPLE} <= found.keys():
        raise RunError(f"--benchmark: radvqa and {SAMPLE} ask the same kinds of question; choose one of them")
    return list(found.values())
