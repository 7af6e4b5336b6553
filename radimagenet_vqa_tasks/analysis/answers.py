"""What the answers to the questions about one image say: the letter's option, yes or no, right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

Answers = Mapping[str, Record]  # one image's records by cell


def by_image(records: Iterable[Record]) -> dict[str, Answers]:
    """The records of each image by cell."""
    images: dict[str, dict[str, Record]] = {}
    for record in records:
        images.setdefault(record.image, {}).setdefault(record.cell, record)
    return dict(images)


def offers_default(record: Record | None) -> bool:
    """Whether "no pathology seen" is one of a question's options."""
    return record is not None and NO_PATHOLOGY in (str(one).casefold() for one in record.choices or ())


def option_of(record: Record) -> str | None:
    """The option that was chosen, in lower case; None where no letter of an option was read."""
    letter, choices = record.extracted, record.choices or ()
    position = ord(letter) - ord("A") if isinstance(letter, str) and len(letter) == 1 else -1
    return str(choices[position]).casefold() if 0 <= position < len(choices) else None


def said(answers: Answers, cell: str) -> str | None:
    """The yes, no or letter that was read; None where nothing was."""
    record = answers.get(cell)
    extracted = record.extracted if record is not None else None
    return extracted if isinstance(extracted, str) else None


def score_of(answers: Answers, cell: str, scheme: Scheme) -> float | None:
    """1 or 0; None where the question is not there or its answer has no verdict."""
    record = answers.get(cell)
    return None if record is None else scheme.score(record)


def share_of(images: Mapping[str, Answers], test: Callable[[Answers], bool | None]) -> Estimate:
    """The share of images for which `test` holds, of those for which it is not None."""
    found = [(held, cluster_of(answers)) for answers in images.values() if (held := test(answers)) is not None]
    return accuracy([float(held) for held, _ in found], [cluster for _, cluster in found])


def cluster_of(answers: Answers) -> str:
    """What the image shares with others; itself where nothing is known."""
    return next(iter(answers.values())).cluster
