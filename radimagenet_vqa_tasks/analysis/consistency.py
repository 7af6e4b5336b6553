"""What a model says of one image, taken together, where a benchmark asks several questions about each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.answers import (
    Answers,
    by_image,
    cluster_of,
    offers_default,
    option_of,
    score_of,
    share_of,
)
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.contradictions import CHECKS, Check
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.numbers import RateRow, fields
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import NOTHING, Estimate, accuracy
from radimagenet_vqa_tasks.analysis.table import INTERVALS, arm_notes, interval, together
from radimagenet_vqa_tasks.benchmarks import MAIN, cell_called
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY


@dataclass(frozen=True)
class Rate:
    """A share of one arm's images or questions.

    Attributes:
        expected: what it would be: if two answers were independent, or if every answer were right; NaN without such.
    """

    name: str
    title: str
    estimate: Estimate
    expected: float = math.nan


def consistency_sheets(arms: Sequence[Arm], scheme: Scheme) -> list[Sheet]:
    """Both closed questions right, answers that contradict each other, and how often "yes" and "no finding" are said.

    Raises RunError where no arm answers a benchmark that asks several questions about each image.
    """
    arms = [arm for arm in arms if has_images_together(arm)]
    if not arms:
        raise RunError(
            f"consistency is about all questions of one image, as {MAIN.title} asks them, and no run here answers them"
        )
    images = [by_image(arm.records) for arm in arms]
    judged = together({arm.label: arm_notes(arm, scheme) for arm in arms})
    parts = (
        (_BOTH_TITLE, "independent", [both_right(one, scheme) for one in images], _BOTH_NOTES),
        (_CONTRADICTIONS_TITLE, "", [contradictions(one, scheme) for one in images], _CONTRADICTION_NOTES),
        (_YES_TITLE, "true", [yes_rates(arm.records, scheme) for arm in arms], _YES_NOTES),
        (_NO_FINDING_TITLE, "true", [no_finding(one) for one in images], _NO_FINDING_NOTES),
    )
    return [
        _sheet(title, head, arms, rates, [f"{INTERVALS} of: how many they rest on.", *notes, *judged], scheme)
        for title, head, rates, notes in parts
    ]


def has_images_together(arm: Arm) -> bool:
    """Whether its answers about one image can be held together: with swapped images they are about several."""
    return arm.benchmark.together and arm.arm != "swapped"


def consistency_rows(arm: Arm, scheme: Scheme) -> list[RateRow]:
    """All rates of one arm."""
    images = by_image(arm.records)
    rates = (both_right(images, scheme), contradictions(images, scheme), yes_rates(arm.records, scheme))
    return rate_rows(arm, [rate for some in (*rates, no_finding(images)) for rate in some], scheme)


def both_right(images: Mapping[str, Answers], scheme: Scheme) -> list[Rate]:
    """How often Closed+ and Closed- of a subject are both right; `expected` is the product of the two accuracies."""
    return [
        rate
        for subject, which, wanted in _BOTH
        if (rate := _both(images, scheme, subject, f"{subject}{which}", wanted)).estimate.n
    ]


# On a normal image both of the pathology's closed questions have the answer "no", which a default answer gets right.
_BOTH: tuple[tuple[str, str, bool | None], ...] = (
    ("anatomy", "", None),
    ("pathology", "", None),
    ("pathology", ", abnormal images", True),
    ("pathology", ", normal images", False),
)


def _both(images: Mapping[str, Answers], scheme: Scheme, subject: str, title: str, abnormal: bool | None) -> Rate:
    scores, clusters = [], []
    for answers in images.values():
        pair = [score_of(answers, f"{subject}_closed_{sign}", scheme) for sign in ("pos", "neg")]
        is_abnormal = answers[f"{subject}_closed_pos"].facets.get("abnormal") if None not in pair else None
        if None not in pair and (abnormal is None or is_abnormal is abnormal):
            scores.append((pair[0] or 0.0, pair[1] or 0.0))
            clusters.append(cluster_of(answers))
    kind = "" if abnormal is None else "_abnormal" if abnormal else "_normal"
    name = f"both_right_{subject}{kind}"
    if not scores:
        return Rate(name, title, NOTHING)
    positive, negative = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    return Rate(name, title, accuracy([a * b for a, b in scores], clusters), positive * negative)


def contradictions(images: Mapping[str, Answers], scheme: Scheme) -> list[Rate]:
    """How often two answers about one image cannot both be meant, one rate a check."""

    def rate(check: Check) -> Rate:
        return Rate(check.name, check.title, share_of(images, lambda answers: check.test(answers, scheme)))

    return [rate(check) for check in CHECKS]


def yes_rates(records: Sequence[Record], scheme: Scheme) -> list[Rate]:
    """How often each closed cell's readable answers are "yes"; `expected` is how often "yes" is right there."""
    rates = []
    for name, group in scheme.by_cell(records).items():
        read = [record for record in group if record.extracted in ("yes", "no")]
        if cell_called(name).format == "closed" and read:
            said = [float(record.extracted == "yes") for record in read]
            true = sum(record.target == "yes" for record in read) / len(read)
            estimate = accuracy(said, [record.cluster for record in read])
            cell = cell_called(name)
            rates.append(Rate(f"yes_{name}", f"{cell.subject} {cell.title}", estimate, true))
    return rates


def no_finding(images: Mapping[str, Answers]) -> list[Rate]:
    """How often nothing is found, on normal images and on abnormal ones; `expected` is how often that is right."""
    rates = [_no_finding(images, kind, *question) for question in _NO_FINDING for kind in ("normal", "abnormal")]
    return [rate for rate in rates if rate.estimate.n]


def _no_finding(
    images: Mapping[str, Answers], kind: str, cell: str, title: str, finds_nothing: Callable[[Record], bool | None]
) -> Rate:
    records = [answers[cell] for answers in images.values() if cell in answers]
    records = [record for record in records if record.facets.get("abnormal") is (kind == "abnormal")]
    found = [(record, nothing) for record in records if (nothing := finds_nothing(record)) is not None]
    estimate = accuracy([float(nothing) for _, nothing in found], [record.cluster for record, _ in found])
    right = sum(_nothing_is_right(record) for record, _ in found) / len(found) if found else math.nan
    return Rate(f"no_finding_{cell}_{kind}", f"{title}, {kind} images", estimate, right)


def _nothing_is_right(record: Record) -> bool:
    if record.format == "closed":
        return record.target == "no"
    return record.facets.get("abnormal") is False


def _denied(record: Record) -> bool | None:
    return None if record.extracted is None else record.extracted == "no"


def _default(record: Record) -> bool | None:
    choice = option_of(record)
    return None if choice is None or not offers_default(record) else choice == NO_PATHOLOGY


def _called_normal(record: Record) -> bool | None:
    if record.judge != "rule" or record.outcome not in ("correct", "incorrect"):
        return None
    return record.reason == "normal"


_NO_FINDING: tuple[tuple[str, str, Callable[[Record], bool | None]], ...] = (
    ("abnormality_closed", "abnormality Closed: no", _denied),
    ("pathology_open", "pathology Open: normal", _called_normal),
    ("pathology_closed_pos", "pathology Closed+: no", _denied),
    ("pathology_closed_neg", "pathology Closed-: no", _denied),
    ("pathology_mc", f'pathology MC: "{NO_PATHOLOGY}"', _default),
)


_BOTH_TITLE = "Closed+ and Closed- of one image both right, %"
_BOTH_NOTES = (
    "independent: the product of the two accuracies, what answers that know nothing of each other would give. A model "
    "that always says yes, or always no, has one of the two right and never both, except for the pathology questions "
    'of normal images, where "no" is right twice.',
)
_CONTRADICTIONS_TITLE = "Answers about one image that contradict each other, %"
_CONTRADICTION_NOTES = (
    "Of the images whose answers could be read and of which the row's first half is true. Called normal, abnormal: "
    f'the answer to abnormality Closed; "{NO_PATHOLOGY}" must be an option, for else every choice is a pathology. '
    "Affirmed (closed): yes to the pathology of Closed+ or of Closed-.",
    "Region chosen against affirmed: the right region chosen but denied in Closed+ or another one affirmed in Closed-; "
    "or another region chosen and the right one affirmed in Closed+.",
    "Open rows: an open answer judged correct names the target; that another one was named is known from the rule "
    "judge's reason only. An open answer that is wrong for another reason contradicts nothing.",
)
_YES_TITLE = "How often closed questions are answered yes, % of the readable answers"
_YES_NOTES = ("true: how often yes is the right answer to the same questions.",)
_NO_FINDING_TITLE = "How often nothing is found, % of the readable answers"
_NO_FINDING_NOTES = (
    "true: how often that is right. A model whose default is to find nothing does so on the abnormal images too. MC: "
    f"of the questions that offer \"{NO_PATHOLOGY}\". Open: by the rule judge's reason, not known of an LLM judge's.",
)


def _sheet(
    title: str,
    expected: str,
    arms: Sequence[Arm],
    rates: Sequence[Sequence[Rate]],
    notes: Sequence[str],
    scheme: Scheme,
) -> Sheet:
    """One row a rate that some arm has; for each arm its share, what is expected, and n."""
    found = [{rate.name: rate for rate in of_arm} for of_arm in rates]
    titles = {rate.name: rate.title for of_arm in rates for rate in of_arm if rate.estimate.n}
    columns = [(arm.label, head) for arm in arms for head in (["%", expected] if expected else ["%"])]
    rows = [
        [Item(titles[name]), *(item for of_arm in found for item in _items(of_arm.get(name), bool(expected)))]
        for name in titles
    ]
    data = [row for arm, of_arm in zip(arms, rates, strict=True) for row in rate_rows(arm, of_arm, scheme)]
    return Sheet(title, ["", *columns], rows, notes, fields(data))


def _items(rate: Rate | None, expected: bool) -> list[Item]:
    if rate is None or not rate.estimate.n:
        return [Item("-"), *([Item("-")] if expected else [])]
    share = Item(f"{100 * rate.estimate.value:.1f}", f"{interval(rate.estimate)} of {rate.estimate.n:,}")
    return [share, *([Item(f"{100 * rate.expected:.1f}")] if expected else [])]


def rate_rows(arm: Arm, rates: Sequence[Rate], scheme: Scheme) -> list[RateRow]:
    """The rates that rest on anything."""
    return [
        RateRow(
            run=arm.name,
            arm=arm.arm,
            with_image=arm.with_image,
            rate=rate.name,
            share=rate.estimate.value,
            low=rate.estimate.low,
            high=rate.estimate.high,
            expected=rate.expected,
            n=rate.estimate.n,
            images=rate.estimate.clusters,
            protocol=scheme.protocol,
            closed_by=scheme.closed_by,
        )
        for rate in rates
        if rate.estimate.n
    ]
