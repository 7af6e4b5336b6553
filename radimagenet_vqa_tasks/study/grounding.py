"""`radvqa study grounding`: whether a model looks, from its answers to the same questions in several arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.figures import laid_out
from radimagenet_vqa_tasks.analysis.figures.figure import Figure, Look, settings
from radimagenet_vqa_tasks.analysis.figures.grounding import grounding_figures
from radimagenet_vqa_tasks.analysis.grounding import WITHOUT, Grounding, grounding, runs_of
from radimagenet_vqa_tasks.analysis.grounding_line import lines_sheet
from radimagenet_vqa_tasks.analysis.grounding_sheets import grounding_sheets
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.study.examples import SWAPPED, UNSEEN, Kind, page
from radimagenet_vqa_tasks.study.pairs import Pair
from radimagenet_vqa_tasks.study.results import Results

SCHEMA = "radvqa.study.grounding/1"


def results(runs: Sequence[Run], families: Sequence[Benchmark], scheme: Scheme) -> Results:
    """Words, tables, figures and examples of these runs on these benchmarks, or on all that they have.

    Raises RunError where a run has no benchmark in several arms, or its arms do not compare.
    """
    several = [of_run for run in runs for of_run in _several(run, families)]
    found = [grounding(of_run, scheme) for of_run in several]
    words = lines_sheet([arm for of_run in several for arm in of_run.values()], scheme)
    sheets = [*([words] if words else []), *(sheet for one in found for sheet in grounding_sheets(one, scheme))]
    chosen = [one for of_run in several for one in _examples(of_run)]
    return Results("grounding", SCHEMA, sheets, list(_figures(found)), page(chosen))


def _several(run: Run, families: Sequence[Benchmark]) -> list[dict[ArmName, Arm]]:
    arms = [arm for arm in run.arms if not families or arm.benchmark in families]
    found = runs_of(arms)
    if not found:
        raise RunError(
            f"{plain(run.folder, None)} has no benchmark answered with the images and in another arm too. `radvqa "
            "study grounding --model ...` asks all five."
        )
    return found


def _figures(found: Sequence[Grounding]) -> Iterator[Figure]:
    with settings("light"):
        for number, one in enumerate(found, start=1):
            yield from map(laid_out, grounding_figures(one, number, Look("light")))


def _examples(of_run: Mapping[ArmName, Arm]) -> Iterator[tuple[Pair, Sequence[Kind]]]:
    seeing = of_run["image"]
    if "swapped" in of_run:
        yield Pair(seeing, of_run["swapped"]), SWAPPED
    for name in WITHOUT:
        if name in of_run:
            yield Pair(seeing, of_run[name]), UNSEEN
