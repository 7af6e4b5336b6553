"""What the runs of one benchmark show, in sentences: made by rule from the numbers of its tables."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from radimagenet_vqa_tasks.analysis.agreement import kappa_rows
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.chance import chance_level
from radimagenet_vqa_tasks.analysis.compare import differences, obstacles, pair
from radimagenet_vqa_tasks.analysis.measure import AVG, Measured, Scheme, grouped, mean_of, measure
from radimagenet_vqa_tasks.analysis.paired import Difference
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.analysis.table import name_of
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.report.grounding import looks
from radimagenet_vqa_tasks.scoring.record import Outcome

TOLD = 3  # runs of which each has a sentence of its own
AT_LEAST = 10  # questions of a group that is named as the weakest
_FACETS = ("location", "organ", "subject", "modality")  # in which the weakest group is looked for: the first there is
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})_\d{6}")


@dataclass(frozen=True)
class Finding:
    """The answer to one of a reader's questions."""

    question: str
    sentences: list[str]


@dataclass(frozen=True)
class _Told:
    """An arm, its numbers, and the one number that stands for it."""

    arm: Arm
    measured: Mapping[str, Measured]
    whole: Measured

    @property
    def name(self) -> str:
        return plain(self.arm.label, 40)


def findings(arms: Sequence[Arm], scheme: Scheme) -> list[Finding]:
    """What one benchmark's arms show; nothing where there is nothing to say."""
    told = [_told(arm, scheme) for arm in arms if arm.records]
    seeing = sorted((one for one in told if one.arm.with_image), key=_rank)
    found = [
        Finding("What was run", _ran(arms)),
        Finding("Does it look at the image", looks(arms, scheme)),
        Finding("How good", _good(seeing)),
        Finding("How sure", _sure(seeing, scheme)),
        Finding("Can the reading be trusted", _read(told)),
        Finding("Where it fails", _fails(seeing, scheme)),
    ]
    return [one for one in found if one.sentences]


def _told(arm: Arm, scheme: Scheme) -> _Told:
    measured = measure(arm.records, scheme)
    if arm.benchmark.averaged and not math.isnan(measured[AVG].estimate.value):
        return _Told(arm, measured, measured[AVG])
    asked = {name: of_cell for name, of_cell in scheme.by_cell(arm.records).items() if of_cell}
    return _Told(arm, measured, mean_of(asked, scheme))


def _rank(one: _Told) -> float:
    value = one.whole.estimate.value
    return 1.0 if math.isnan(value) else -value


def _ran(arms: Sequence[Arm]) -> list[str]:
    names = list(dict.fromkeys(plain(arm.name, 40) for arm in arms))
    questions = sorted({len(arm.records) for arm in arms})
    images = max(len({record.image for record in arm.records}) for arm in arms)
    sample = " of the embedded sample" if any(arm.is_sample for arm in arms) else ""
    blind = sum(not arm.with_image for arm in arms)
    how = "without the images" if blind == len(arms) else "with and without the images" if blind else "with the images"
    days = _days(path for arm in arms for path in arm.logs)
    asked = " to ".join(f"{number:,}" for number in dict.fromkeys((questions[0], questions[-1])))
    return [
        f"{_list(names, 4)}: {asked} questions about {images:,} images{sample}, {how}{f', {days}' if days else ''}.",
    ]


def _days(logs: Iterable[Path]) -> str:
    """When the logs were written, by their names."""
    days = sorted({"-".join(found.groups()) for path in logs if (found := _DATE.match(path.name))})
    return " to ".join(dict.fromkeys((days[0], days[-1]))) if days else ""


def _list(names: Sequence[str], most: int) -> str:
    shown = list(names[:most]) + ([f"{len(names) - most} more"] if len(names) > most else [])
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _good(seeing: Sequence[_Told]) -> list[str]:
    if not seeing:
        return []
    ends = list(seeing) if len(seeing) <= TOLD else [seeing[0], seeing[-1]]
    said = [f"{one.name}: {_percent(one.whole.estimate)} right{_mean(one)}." for one in ends]
    if len(seeing) > TOLD:
        said = [f"Of {len(seeing)} runs the best and the last:", *said]
    level = chance_level(seeing[0].arm.records)
    return said if math.isnan(level) else [*said, f"Uniform guessing gets {100 * level:.1f} % of all questions."]


def _mean(one: _Told) -> str:
    count = sum(1 for name, of_cell in one.measured.items() if name != AVG and of_cell.asked)
    return f" on average over {count} kinds of questions" if count > 1 else ""


def _sure(seeing: Sequence[_Told], scheme: Scheme) -> list[str]:
    if not seeing:
        return []
    first, *others = seeing
    rivals = [one for one in others if not obstacles(first.arm, one.arm)]
    said = [_against(first, one, scheme) for one in rivals[: TOLD - 1]]
    if len(others) > len(rivals):
        said.append(f"{len(others) - len(rivals)} of the runs cannot be compared with it; the tables say why.")
    estimate = first.whole.estimate
    if len(seeing) == 2 and rivals:
        said += _agreement(first.arm, rivals[0].arm)
    if not said and not math.isnan(estimate.low):
        width = 50 * (estimate.high - estimate.low)
        about = f"{estimate.clusters:,} {first.arm.clustered_on}"
        said.append(f"{estimate.n:,} questions about {about} leave {width:.1f} points either way.")
    return said


def _against(first: _Told, other: _Told, scheme: Scheme) -> str:
    one = _whole_difference(other.arm, first.arm, scheme)
    if one is None:
        return f"{first.name} and {other.name} share no questions."
    if one.low <= 0 <= one.high:
        return f"{first.name} and {other.name} cannot be told apart: {_points(one)} on the same questions."
    return f"{first.name} is better than {other.name} by {_points(one)} on the same questions."


def _agreement(first: Arm, second: Arm) -> list[str]:
    """How far two runs give the same answers; of more runs there is a figure."""
    found = next(row for row in kappa_rows([first, second]) if row.first != row.second)
    if math.isnan(found.kappa):
        return []
    said = f"{found.kappa:.2f} [{found.low:.2f}, {found.high:.2f}]"
    return [f"Their closed and multiple-choice answers agree with a kappa of {said}."]


def _whole_difference(first: Arm, second: Arm, scheme: Scheme) -> Difference | None:
    """Second minus first in their mean, or in their only cell."""
    found = differences(pair(first, second, scheme), scheme)
    known = [one for one in found.values() if not math.isnan(one.value)]
    if AVG in found and not math.isnan(found[AVG].value):
        return found[AVG]
    return known[0] if len(known) == 1 else None


def _read(told: Sequence[_Told]) -> list[str]:
    said, clean = [], []
    for one in told:
        counts = Counter(record.outcome for record in one.arm.records)
        parts = [
            f"{counts[outcome]:,} {words} ({100 * counts[outcome] / len(one.arm.records):.1f} %)"
            for outcome, words in _UNREAD.items()
            if counts[outcome]
        ]
        if parts:
            said.append(f"{one.name}: {', '.join(parts)}.")
        else:
            clean.append(one.name)
    if len(clean) == len(told):
        said = ["Every answer could be read and judged."]
    elif len(said) > TOLD:
        said = [*said[:TOLD], f"{len(said) - TOLD} more runs have such answers: see the table."]
    judges = sorted({plain(judge) for one in told for judge in one.arm.judges})
    return [*said, *([f"Open answers were judged by {_list(judges, TOLD)}."] if judges else [])]


_UNREAD: dict[Outcome, str] = {
    "declined": "declined to answer, counted as wrong",
    "unparsed": "could not be read, counted as wrong",
    "missing": "have no verdict and are left out",
}


def _fails(seeing: Sequence[_Told], scheme: Scheme) -> list[str]:
    """The first run's weakest kind of question, by what it gains over guessing, and its weakest group."""
    said = []
    for one in seeing[:TOLD]:
        margins = {
            name: cell.estimate.value - chance_level(scheme.by_cell(one.arm.records)[name])
            for name, cell in one.measured.items()
            if name != AVG and cell.estimate.n >= AT_LEAST
        }
        known = {name: margin for name, margin in margins.items() if not math.isnan(margin)}
        if len(known) > 1:
            cell = min(known, key=lambda name: known[name])
            where = f"{name_of(cell, one.arm.cells)}, {_percent(one.measured[cell].estimate)}"
            margin = f"{100 * known[cell]:+.1f} points"
            said.append(f"{one.name}: least above guessing ({margin}) in {where}{_weakest(one.arm, scheme)}.")
    return said


def _weakest(arm: Arm, scheme: Scheme) -> str:
    facet = next((name for name in _FACETS if name in arm.benchmark.facets and name != "subject"), None)
    if facet is None:
        return ""
    groups = {
        value: one
        for value, one in grouped(arm.records, facet, scheme).items()
        if one.estimate.n >= AT_LEAST and one.estimate.clusters > 1
    }
    if len(groups) < 2:
        return ""
    value = min(groups, key=lambda name: groups[name].estimate.value)
    return f"; by {facet} least right for {plain(value, 40)}, {_percent(groups[value].estimate)}"


def _percent(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "nothing known to be"
    interval = "" if math.isnan(estimate.low) else f" [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"
    return f"{100 * estimate.value:.1f} %{interval}"


def _points(one: Difference) -> str:
    return f"{100 * one.value:.1f} points [{100 * one.low:.1f}, {100 * one.high:.1f}]"
