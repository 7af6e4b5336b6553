"""Whether a model looks: one run's answers to the same questions in several arms, as numbers. docs/protocols.md: arms.

Everything is paired by question and clustered on images. Nothing here reads a text: what an answer says of the picture
that was shown in the place of the question's own is a score in its record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from radimagenet_vqa_tasks.analysis.answers import by_image
from radimagenet_vqa_tasks.analysis.arms import SHOWN, Arm
from radimagenet_vqa_tasks.analysis.chance import chance_level, uniform
from radimagenet_vqa_tasks.analysis.compare import Paired, differences, obstacles, pair
from radimagenet_vqa_tasks.analysis.consistency import Rate, contradictions, no_finding
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme, value_of
from radimagenet_vqa_tasks.analysis.paired import Difference, difference, holm
from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy, average
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import SHOWN_RIGHT, STRICT, ArmName, Record

WITHOUT: tuple[ArmName, ...] = ("textonly", "told", "blank")
"""The arms in which there is nothing to see, so that declining is the right thing to do."""

CELL = "cell"  # what mirages are broken down by, beside the benchmark's topic

_SILENT = frozenset({"empty", "unfinished"})  # reasons of answers that say nothing at all


@dataclass(frozen=True)
class Gain:
    """What a question's own image adds to another arm.

    Attributes:
        cell: its name, or "Avg".
        seen, unseen: accuracy with the image, and in the arm, on the questions that both have.
        difference: the one minus the other.
        p_holm: corrected over all gains of the run.
        chance: what uniform guessing gets right; NaN where there is nothing to guess among, and for Avg.
        corrected: the gain as a share of what there is to gain over guessing; of Avg the mean of its cells'.
    """

    arm: ArmName
    cell: str
    seen: float
    unseen: float
    difference: Difference
    p_holm: float
    chance: float
    corrected: float

    @property
    def corrected_interval(self) -> tuple[float, float]:
        """The difference's interval on the same scale; NaN for Avg, whose cells are scaled one by one."""
        return _corrected(self.difference.low, self.chance), _corrected(self.difference.high, self.chance)


@dataclass(frozen=True)
class Mirage:
    """Of some answers in an arm without a picture: as if there were one, saying so, and saying nothing at all.

    The three sum to 1. An answer that says nothing is none that was made up, and owns nothing up either: it counts
    among the answers and is no mirage. Answers without a verdict are left out, and so are open answers that an LLM
    judged incorrect, for it does not tell whether they decline.

    Attributes:
        by, group: "cell" and its name, or the benchmark's topic and what was asked about.
    """

    arm: ArmName
    by: str
    group: str
    answered: Estimate
    declined: float
    silent: float


@dataclass(frozen=True)
class Same:
    """How often the letter, yes, no or phrase is the same with and without the picture, where both could be read."""

    arm: ArmName
    cell: str
    estimate: Estimate


@dataclass(frozen=True)
class Follows:
    """What the answers say where another picture is shown, for which another answer would be right and can be given.

    Attributes:
        shown, own: right for the picture that was shown; for the one that was taken away (memory, or prior).
        neither: not right for just one of the two.
        chance: what a uniform guess would be right for, of the picture that was shown; NaN where it is not known.
        lean: shown minus own: above 0 where answers follow the picture.
        effect: what the own picture in the place of the other does to the share of answers that are right for it.
    """

    cell: str
    shown: Estimate
    own: Estimate
    neither: Estimate
    chance: float
    lean: Difference
    effect: Difference


@dataclass(frozen=True)
class Grounding:
    """All of it for one run and benchmark.

    `no_finding` and `contradictions` are RadImageNet-VQA's alone, by arm. In the arm "swapped" the former goes by the
    pictures that were shown; the latter is not there, for nine questions of an image were asked of nine others.
    """

    arms: Mapping[ArmName, Arm]
    paired: Mapping[ArmName, Paired]
    gains: Sequence[Gain]
    mirages: Sequence[Mirage]
    same: Sequence[Same]
    follows: Sequence[Follows]
    no_finding: Mapping[ArmName, Sequence[Rate]]
    contradictions: Mapping[ArmName, Sequence[Rate]]


def runs_of(arms: Sequence[Arm]) -> list[dict[ArmName, Arm]]:
    """The arms of each run that asked the same with the images and in other arms too, in the order of `arms`."""
    found: dict[object, dict[ArmName, Arm]] = {}
    for arm in arms:
        found.setdefault((arm.name, arm.benchmark.name, arm.fingerprint, arm.major), {})[arm.arm] = arm
    return [of_run for of_run in found.values() if "image" in of_run and len(of_run) > 1]


def grounding(arms: Mapping[ArmName, Arm], scheme: Scheme) -> Grounding:
    """The numbers of one run's arms, "image" among them. Raises RunError where they do not compare."""
    if "image" not in arms or len(arms) < 2:
        raise RunError("whether a model looks needs its answers with the images and in at least one other arm")
    seeing = arms["image"]
    paired: dict[ArmName, Paired] = {name: pair(arm, seeing, scheme) for name, arm in arms.items() if name != "image"}
    for name, one in paired.items():
        if why := obstacles(one.first, seeing):
            raise RunError(
                f"the answers of {plain(seeing.name)} with the images do not compare with those {SHOWN[name]}: "
                f"{'; '.join(why)}."
            )
    asked = {name: arm.records for name, arm in arms.items() if arm.benchmark.together}
    if "swapped" in asked:
        asked["swapped"] = _of_the_shown(asked["swapped"], seeing.records)
    images = {name: by_image(records) for name, records in asked.items()}
    return Grounding(
        arms,
        paired,
        _gains(paired, scheme),
        [one for name in WITHOUT if name in arms for one in _mirages(arms[name], scheme)],
        [one for pairs in paired.values() for one in _same(pairs)],
        _follows(paired["swapped"]) if "swapped" in paired else [],
        {name: no_finding(of_arm) for name, of_arm in images.items()},
        {name: contradictions(of_arm, scheme) for name, of_arm in images.items() if name != "swapped"},
    )


def _of_the_shown(swapped: Sequence[Record], seeing: Sequence[Record]) -> list[Record]:
    """The swapped answers as answers about the pictures that were shown: with their facets and right answers."""
    by_key = {record.key: record for record in seeing}
    return [
        replace(record, facets=source.facets, target=record.shown.target)
        for record in swapped
        if record.shown and record.shown.target is not None and (source := by_key.get(record.shown.key))
    ]


def _gains(paired: Mapping[ArmName, Paired], scheme: Scheme) -> list[Gain]:
    found = {(name, cell): one for name, pairs in paired.items() for cell, one in differences(pairs, scheme).items()}
    corrected = dict(zip(found, holm([one.p for one in found.values()]), strict=True))
    gains = []
    for (name, cell), one in found.items():
        if cell != AVG and not one.n:
            continue
        levels = {of: chance_level([first for first, _ in of_cell]) for of, of_cell in paired[name].cells.items()}
        asked = paired[name].cells if cell == AVG else (cell,)
        shares = [_corrected(found[name, of].value, levels[of]) for of in asked]
        chance = levels.get(cell, math.nan)
        means = [_means(paired[name], of, scheme) for of in asked]
        seen, unseen = (sum(column) / len(column) for column in zip(*means, strict=True))
        share = sum(shares) / len(shares)
        gains.append(Gain(name, cell, seen, unseen, one, corrected[name, cell], chance, share))
    return gains


def _means(paired: Paired, cell: str, scheme: Scheme) -> tuple[float, float]:
    """The accuracies with the image and in the arm, on what both have."""
    seen, unseen, _ = paired.pairs(cell, scheme)
    return (sum(seen) / len(seen), sum(unseen) / len(unseen)) if seen else (math.nan, math.nan)


def _corrected(gain: float, chance: float) -> float:
    return gain / (1 - chance) if chance < 1 else math.nan


def mirage(arm: Arm) -> Estimate | None:
    """The share of all of an arm's answers that are given as if there were a picture; None where nothing is known."""
    known = [record for record in arm.records if _is_known(record)]
    return _mirage(arm.arm, "", "", known).answered if known else None


def _mirages(arm: Arm, scheme: Scheme) -> list[Mirage]:
    known = [record for record in arm.records if _is_known(record)]
    topic = arm.benchmark.topic
    groups: dict[tuple[str, str], list[Record]] = {(CELL, cell): [] for cell in arm.cells}
    for record in known:
        groups[CELL, scheme.cell(record)].append(record)
    for record in known:
        groups.setdefault((topic, value_of(record, topic)), []).append(record)
    return [_mirage(arm.arm, by, group, records) for (by, group), records in groups.items() if records]


def _mirage(arm: ArmName, by: str, group: str, records: Sequence[Record]) -> Mirage:
    declined = [record.outcome == "declined" for record in records]
    silent = [record.outcome == "unparsed" and record.reason in _SILENT for record in records]
    answered = [float(not (no or nothing)) for no, nothing in zip(declined, silent, strict=True)]
    estimate = accuracy(answered, [record.cluster for record in records])
    return Mirage(arm, by, group, estimate, sum(declined) / len(records), sum(silent) / len(records))


def _is_known(record: Record) -> bool:
    if record.format == "open" and record.judge != "rule" and record.outcome == "incorrect":
        return False
    return record.outcome != "missing"


def _same(paired: Paired) -> list[Same]:
    found = []
    for cell, records in paired.cells.items():
        read = [(one, other) for one, other in records if None not in (one.extracted, other.extracted)]
        if read:
            same = [float(one.extracted == other.extracted) for one, other in read]
            found.append(Same(paired.first.arm, cell, accuracy(same, [one.cluster for one, _ in read])))
    return found


def _follows(paired: Paired) -> list[Follows]:
    telling = {cell: told for cell, records in paired.cells.items() if (told := _telling(records))}
    return [_followed(cell, *told) for cell, told in telling.items()]


def followed(paired: Paired, cells: Sequence[str]) -> tuple[Estimate, Estimate] | None:
    """Over some cells, each counting the same, the shares of answers that follow the shown and the own image.

    None where no question tells.
    """
    telling = {cell: told[0] for cell in cells if (told := _telling(paired.cells[cell]))}
    if not telling:
        return None
    shown, own = (
        average({cell: ([one.scores[name] for one in of], [one.cluster for one in of]) for cell, of in telling.items()})
        for name in (SHOWN_RIGHT, STRICT)
    )
    return shown, own


def _telling(records: Sequence[tuple[Record, Record]]) -> tuple[Sequence[Record], Sequence[Record]] | None:
    """The answers with another picture that tell what they follow, and those to the same questions with their own."""
    found = [(other, own) for other, own in records if _tells(other) and STRICT in own.scores]
    return ([other for other, _ in found], [own for _, own in found]) if found else None


def _followed(cell: str, others: Sequence[Record], owns: Sequence[Record]) -> Follows:
    clusters = [other.cluster for other in others]
    shown, own = ([other.scores[name] for other in others] for name in (SHOWN_RIGHT, STRICT))
    seen = [record.scores[STRICT] for record in owns]
    neither = [float(a == b) for a, b in zip(shown, own, strict=True)]
    return Follows(
        cell,
        accuracy(shown, clusters),
        accuracy(own, clusters),
        accuracy(neither, clusters),
        _chance_of_shown(others),
        lean=difference((shown, own, clusters)),
        effect=difference((seen, own, clusters)),
    )


def _chance_of_shown(records: Sequence[Record]) -> float:
    levels = [uniform(replace(record, target=record.shown.target)) for record in records if record.shown]
    known = [level for level in levels if level is not None]
    return sum(known) / len(known) if len(known) == len(levels) > 0 else math.nan


def _tells(record: Record) -> bool:
    """Whether the answer can be right for the picture that was shown without being right for the question's own."""
    if record.shown is None or record.shown.target == record.target:
        return False
    return SHOWN_RIGHT in record.scores and STRICT in record.scores
