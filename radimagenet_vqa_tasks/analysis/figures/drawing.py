"""Which figures some arms support, drawn in the order in which they are best looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.compare import obstacles
from radimagenet_vqa_tasks.analysis.figures.cells import cells_figure
from radimagenet_vqa_tasks.analysis.figures.figure import Figure, Look, Theme, settings
from radimagenet_vqa_tasks.analysis.figures.grounding import grounding_figures
from radimagenet_vqa_tasks.analysis.figures.groups import REGION, pathologies_figure, regions_figure
from radimagenet_vqa_tasks.analysis.figures.pairs import blind_figure, differences_figure, kappa_figure
from radimagenet_vqa_tasks.analysis.figures.reliability import reliability_figure
from radimagenet_vqa_tasks.analysis.grounding import grounding, runs_of
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.pathologies import FACET as PATHOLOGY
from radimagenet_vqa_tasks.analysis.table import by_family
from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.scoring.record import ArmName, Record

EACH = 4  # runs of which every one gets figures of its own


def draw(arms: Sequence[Arm], theme: Theme = "light", scheme: Scheme | None = None) -> list[Figure]:
    """The figures that these arms support, benchmark by benchmark; the same arms give the same bytes."""
    scheme = scheme or Scheme()
    figures = []
    with settings(theme):
        for group in by_family(arms):
            name = group[0].benchmark.name
            drawn = map(laid_out, _of_family(group, scheme, Look(theme)))
            figures += [one if name == MAIN.name else replace(one, name=f"{name}-{one.name}") for one in drawn]
    return figures


def write(figures: Iterable[Figure], folder: Path) -> list[Path]:
    """Each figure as SVG and PNG in `folder`, which is made if need be; the files' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for figure in figures:
        for suffix, content in ((".svg", figure.svg), (".png", figure.png)):
            path = folder / f"{figure.name}{suffix}"
            path.write_bytes(content)
            paths.append(path)
    return paths


def laid_out(figure: Figure) -> Figure:
    """The figure with everything in its place, once for all forms; each would find the same places again."""
    if engine := figure.drawing.get_layout_engine():
        engine.execute(figure.drawing)
        figure.drawing.set_layout_engine("none")
    return figure


def _of_family(arms: Sequence[Arm], scheme: Scheme, look: Look) -> Iterator[Figure]:
    # Other arms have figures of their own; here all without images would look alike.
    main = [arm for arm in arms if arm.arm in ("image", "textonly")] or arms
    yield cells_figure(main, scheme, look)
    seeing = [arm for arm in arms if arm.with_image]
    yield from filter(None, (*_compared(arms, seeing, scheme, look), *_each(seeing, scheme, look)))
    if any(map(_reads_otherwise, (record for arm in main for record in arm.records))):
        yield reliability_figure(main, look)


def _compared(arms: Sequence[Arm], seeing: Sequence[Arm], scheme: Scheme, look: Look) -> Iterator[Figure | None]:
    several = [of_run for of_run in runs_of(arms) if _compare(of_run)]
    for number, of_run in enumerate([one for one in several if set(one) == {"image", "textonly"}][:EACH], start=1):
        yield blind_figure(of_run["image"], of_run["textonly"], number, scheme, look)
    for number, of_run in enumerate([one for one in several if set(one) != {"image", "textonly"}][:EACH], start=1):
        yield from grounding_figures(grounding(of_run, scheme), number, look)
    alike = [arm for arm in seeing if not obstacles(seeing[0], arm)]
    if len(alike) > 1:
        yield differences_figure(alike, scheme, look)
    if len(alike) > 2:  # of two there is one number, which needs no figure
        yield kappa_figure(alike, look)


def _reads_otherwise(record: Record) -> bool:
    """Whether an answer could not be counted as right or wrong, or the paper's tool counts it otherwise."""
    if record.outcome not in ("correct", "incorrect"):
        return True
    return record.in_paper is not None and bool(record.in_paper) != (record.outcome == "correct")


def _each(seeing: Sequence[Arm], scheme: Scheme, look: Look) -> Iterator[Figure | None]:
    for number, arm in enumerate(seeing[:EACH], start=1):
        if REGION in arm.benchmark.facets:
            yield regions_figure(arm, number, scheme, look)
        if PATHOLOGY in arm.benchmark.facets:
            yield pathologies_figure(arm, number, scheme, look)


def _compare(of_run: Mapping[ArmName, Arm]) -> bool:
    return not any(obstacles(arm, of_run["image"]) for arm in of_run.values())
