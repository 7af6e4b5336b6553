"""Whether a model looks, in a line of words with numbers: made by rule, one a run and benchmark.

What a line decides (for each subject whether its own image helps) is one family after Holm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.decisions import ALPHA
from radimagenet_vqa_tasks.analysis.grounding import Grounding, followed, grounding, mirage, runs_of
from radimagenet_vqa_tasks.analysis.grounding_rows import InWordsRow
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.numbers import fields
from radimagenet_vqa_tasks.analysis.paired import Difference, average_difference, holm
from radimagenet_vqa_tasks.analysis.sheet import Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.record import ArmName

TITLE = "Does it look at the image?"

_OVER: Mapping[ArmName, str] = {
    "swapped": "another image",
    "blank": "a blank one",
    "textonly": "none",
    "told": "none, and told so",
}
"""What the own image is held against; the first that there is decides.

Any image may change a model's default, and so its accuracy, without being read. Only that the own image makes the own
answer likelier than another image does shows that it is read.
"""

_WITHOUT: Mapping[ArmName, str] = {"textonly": "without an image", "told": "told so", "blank": "with a blank one"}


def lines_sheet(arms: Sequence[Arm], scheme: Scheme) -> Sheet | None:
    """A line for each run that asked the same in several arms, as a sheet of words; None where none did."""
    rows = in_words_rows(arms, scheme)
    return Sheet(TITLE, [], [], [row.in_words for row in rows], fields(rows)) if rows else None


def in_words_rows(arms: Sequence[Arm], scheme: Scheme) -> list[InWordsRow]:
    """The same as rows."""
    runs = [(of_run["image"], line(of_run, scheme)) for of_run in runs_of(arms)]
    return [InWordsRow(family=seeing.benchmark.name, run=seeing.name, in_words=words) for seeing, words in runs]


def line(arms: Mapping[ArmName, Arm], scheme: Scheme) -> str:
    """One run's line; where its arms do not compare, why."""
    seeing = arms["image"]
    who = f"{plain(seeing.name, 60)}, {seeing.benchmark.title}"
    try:
        found = grounding(arms, scheme)
    except RunError as error:
        return f"{who}: not said, for {error}"
    return f"{who}: {' '.join(_sentences(found, scheme))}"


def _sentences(found: Grounding, scheme: Scheme) -> Iterator[str]:
    decisive, *others = (name for name in _OVER if name in found.paired)
    also: ArmName | None = "textonly" if "textonly" in others else None
    subjects = _subjects(found, decisive)
    gains = {subject: _gain(found, decisive, cells, scheme) for subject, cells in subjects.items()}
    p_values = holm([one.p for one in gains.values()])
    for (subject, gain), p in zip(gains.items(), p_values, strict=True):
        points = f"{_points(gain)} over {_OVER[decisive]}"
        if also:
            points += f", {100 * _gain(found, also, subjects[subject], scheme).value:+.1f} over {_OVER[also]}"
        said = _verdict(subject or "the answer", gain, p, is_read=decisive == "swapped")
        yield f"{said}: {points}{_following(found, subjects[subject])}."
    mirages = [f"{_share(one)} {said}" for arm, said in _WITHOUT.items() if (one := _mirage(found, arm))]
    if mirages:
        yield f"Answers as if there were an image: {', '.join(mirages)}."


def _subjects(found: Grounding, arm: ArmName) -> dict[str, list[str]]:
    """The cells that have been asked in both arms, by what they ask about."""
    subjects: dict[str, list[str]] = {}
    for name, pairs in found.paired[arm].cells.items():
        if pairs:
            subjects.setdefault(found.arms["image"].cells[name].subject, []).append(name)
    return subjects


def _gain(found: Grounding, arm: ArmName, cells: Sequence[str], scheme: Scheme) -> Difference:
    return average_difference({cell: found.paired[arm].pairs(cell, scheme) for cell in cells})


def _verdict(subject: str, gain: Difference, p: float, *, is_read: bool) -> str:
    """In words whether the image is read or, where only its absence was tried, whether it changes how much is right."""
    does = f"reads {subject} from the image" if is_read else f"gains by the image in {subject}"
    if math.isnan(p):
        return f"Too few images to say whether it {does}"
    if p >= ALPHA:
        return f"Not shown that it {does}"
    return f"{does[0].upper()}{does[1:]}" if gain.value > 0 else f"Is worse at {subject} with its image"


def _points(one: Difference) -> str:
    return f"{100 * one.value:+.1f} points [{100 * one.low:+.1f}, {100 * one.high:+.1f}]"


def _following(found: Grounding, cells: Sequence[str]) -> str:
    """What answers follow where there are more than two; closed questions count only where there are no others."""
    if "swapped" not in found.paired:
        return ""
    kinds = found.arms["image"].cells
    rich = [cell for cell in cells if kinds[cell].format != "closed"]
    shares = followed(found.paired["swapped"], rich) or followed(found.paired["swapped"], cells)
    if shares is None:
        return ""
    shown, own = shares
    followed_one = f"{_share(shown)} [{100 * shown.low:.1f}, {100 * shown.high:.1f}]"
    return f"; with another image {followed_one} are right for that one, {_share(own)} for the own"


def _mirage(found: Grounding, arm: ArmName) -> Estimate | None:
    return mirage(found.arms[arm]) if arm in found.arms else None


def _share(one: Estimate) -> str:
    return f"{100 * one.value:.1f} %"
