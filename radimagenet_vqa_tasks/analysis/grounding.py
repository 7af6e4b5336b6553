"""Whether a model looks: one run's answers to the same questions in several arms, as numbers. docs/protocols.md: arms.

Everything is paired by question and clustered on images. Nothing here reads a text: what an answer says of the picture
that was shown in the place of the question's own is a score in its record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.answers import by_image
from radimagenet_vqa_tasks.analysis.arms import SHOWN, Arm
from radimagenet_vqa_tasks.analysis.chance import chance_level
from radimagenet_vqa_tasks.analysis.compare import Paired, differences, obstacles, pair
from radimagenet_vqa_tasks.analysis.consistency import Rate, contradictions, no_finding
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme
from radimagenet_vqa_tasks.analysis.paired import Difference, difference, holm
from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import SHOWN_RIGHT, STRICT, ArmName, Record

WITHOUT: tuple[ArmName, ...] = ("textonly", "told", "blank")
"""The arms in which there is nothing to see, so that declining is the right thing to do."""

_SILENT = frozenset({"empty", "unfinished"})  # reasons of answers that say nothing at all


@dataclass(frozen=True)
class Gain:
    """What a question's own image adds to another arm.

    Attributes:
        cell: its name, or "Avg".
        difference: accuracy with the image minus accuracy in the arm.
        p_holm: corrected over all gains of the run.
        chance: what uniform guessing gets right; NaN where there is nothing to guess among, and for Avg.
        corrected: the gain as a share of what there is to gain over guessing; of Avg the mean of its cells'.
    """

    arm: ArmName
    cell: str
    difference: Difference
    p_holm: float
    chance: float
    corrected: float


@dataclass(frozen=True)
class Mirage:
    """Of a cell's answers in an arm without a picture: as if there were one, saying so, and saying nothing at all.

    The three sum to 1. Answers without a verdict are left out, and so are open answers that an LLM judged incorrect,
    for it does not tell whether they decline.
    """

    arm: ArmName
    cell: str
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
        lean: shown minus own: above 0 where answers follow the picture.
        effect: what the own picture in the place of the other does to the share of answers that are right for it.
    """

    cell: str
    shown: Estimate
    own: Estimate
    neither: Estimate
    lean: Difference
    effect: Difference


@dataclass(frozen=True)
class Grounding:
    """All of it for one run and benchmark; `no_finding` and `contradictions` are RadImageNet-VQA's alone, by arm."""

    arms: Mapping[ArmName, Arm]
    gains: Sequence[Gain]
    mirages: Sequence[Mirage]
    same: Sequence[Same]
    follows: Sequence[Follows]
    no_finding: Mapping[ArmName, Sequence[Rate]]
    contradictions: Mapping[ArmName, Sequence[Rate]]


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
    images = {name: by_image(arm.records) for name, arm in arms.items() if arm.benchmark.together}
    return Grounding(
        arms,
        _gains(paired, scheme),
        [one for name in WITHOUT if name in arms for one in _mirages(arms[name], scheme)],
        [one for pairs in paired.values() for one in _same(pairs)],
        _follows(paired["swapped"]) if "swapped" in paired else [],
        {name: no_finding(of_arm) for name, of_arm in images.items()},
        {name: contradictions(of_arm, scheme) for name, of_arm in images.items()},
    )


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
        gains.append(Gain(name, cell, one, corrected[name, cell], chance, sum(shares) / len(shares)))
    return gains


def _corrected(gain: float, chance: float) -> float:
    return gain / (1 - chance) if chance < 1 else math.nan


def _mirages(arm: Arm, scheme: Scheme) -> list[Mirage]:
    found = []
    for cell, records in scheme.by_cell(arm.records).items():
        known = [record for record in records if _is_known(record)]
        if known:
            declined = [record.outcome == "declined" for record in known]
            silent = [record.outcome == "unparsed" and record.reason in _SILENT for record in known]
            answered = [float(not (no or nothing)) for no, nothing in zip(declined, silent, strict=True)]
            estimate = accuracy(answered, [record.cluster for record in known])
            found.append(Mirage(arm.arm, cell, estimate, sum(declined) / len(known), sum(silent) / len(known)))
    return found


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
    found = []
    for cell, records in paired.cells.items():
        telling = [(other, own) for other, own in records if _tells(other) and STRICT in own.scores]
        if not telling:
            continue
        clusters = [other.cluster for other, _ in telling]
        shown, own, seen = (
            [scores[name] for scores in column]
            for name, column in (
                (SHOWN_RIGHT, [other.scores for other, _ in telling]),
                (STRICT, [other.scores for other, _ in telling]),
                (STRICT, [with_own.scores for _, with_own in telling]),
            )
        )
        neither = [float(a == b) for a, b in zip(shown, own, strict=True)]
        found.append(
            Follows(
                cell,
                accuracy(shown, clusters),
                accuracy(own, clusters),
                accuracy(neither, clusters),
                lean=difference((shown, own, clusters)),
                effect=difference((seen, own, clusters)),
            )
        )
    return found


def _tells(record: Record) -> bool:
    """Whether the answer can be right for the picture that was shown without being right for the question's own."""
    if record.shown is None or record.shown.target == record.target:
        return False
    return SHOWN_RIGHT in record.scores and STRICT in record.scores
