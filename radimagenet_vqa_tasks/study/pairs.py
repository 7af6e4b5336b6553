"""One run's answers to one benchmark, with the images and in another arm: what examples are taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain


@dataclass(frozen=True)
class Pair:
    """The two arms: `blind` is the answers without the images, or with others."""

    seeing: Arm
    blind: Arm


def pairs_of(run: Run, families: Sequence[Benchmark]) -> dict[str, Pair]:
    """A run's pairs by the name of the benchmark. Raises RunError where it has none."""
    found = {
        family.name: Pair(run.arm(family), run.arm(family, "textonly"))
        for family in families
        if {"image", "textonly"} <= {arm.arm for arm in run.arms if arm.benchmark is family}
    }
    if not found:
        raise RunError(
            f"{plain(run.folder, None)} has no benchmark answered both with and without the images (of "
            f"{', '.join(family.title for family in families)}). `radvqa study shortcuts --model ...` asks both."
        )
    return found
