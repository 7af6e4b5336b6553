"""What can be got right without looking: uniform guessing, and what is known before the image is seen.

Every level is computed from the questions alone, as the expected share of right answers. Frequencies that a level needs
are counted on one half of the images and used on the other, so that no question helps to answer itself.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS
from radimagenet_vqa_tasks.benchmarks.radvqa import named_region
from radimagenet_vqa_tasks.models.guessing import candidates, draw, likeliest
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

Question = Record  # for the levels that read its text, with `question`
Level = Callable[[Question], float | None]  # the chance of a right answer; None where the level says nothing of it

UNIFORM = "chance"
PUBLISHED = "prior"
COMMONEST = "commonest"
NORMAL = "always normal"
NAMED_REGION = "by region"

EXPLAINED: Mapping[str, str] = {
    UNIFORM: "uniform guessing among options, yes and no, regions, or labels (of the region that the question names)",
    PUBLISHED: "what the paper's frequencies make likeliest (--model radvqa_prior)",
    COMMONEST: "the commonest answer (or letter) to questions of that subject and format",
    NORMAL: f'"{NO_PATHOLOGY}", or no, wherever that is an answer',
    NAMED_REGION: "the commonest pathology of the region that the question names, of all where it names none",
}
"""The levels' names, in order, and what they are."""


def chance_level(questions: Sequence[Question]) -> float:
    """What uniform guessing gets right; NaN where a question has no list of answers to guess from, or there is none."""
    return _mean(map(uniform, questions))


def levels(questions: Sequence[Question]) -> dict[str, dict[str, float]]:
    """Of each cell of one family's questions every level; NaN where a level says nothing of the cell."""
    cells: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        cells[question.cell].append(question)
    commonest = commonest_answer(questions)
    return {
        name: {level: _mean(map(of, asked)) for level, of in _levels(asked, commonest).items()}
        for name, asked in cells.items()
    }


def uniform(question: Question) -> float | None:
    """The chance that one of the candidates, drawn evenly, is right; None where they cannot be listed."""
    answers = candidates(question.cell, question.format, question.choices, question.question or "")
    return (question.target in answers) / len(answers) if answers else None


def _levels(questions: Sequence[Question], commonest: Level) -> dict[str, Level]:
    """The levels for one cell's questions, fitted to them where they need frequencies."""
    return {
        UNIFORM: uniform,
        PUBLISHED: _published,
        COMMONEST: commonest,
        NORMAL: _normal if any(map(_offers_normal, questions)) else _nothing,
        NAMED_REGION: _region_pathology(questions) if all(map(_names_pathology, questions)) else _nothing,
    }


def _nothing(question: Question) -> None:
    return None


def _mean(chances: Iterable[float | None]) -> float:
    found = list(chances)
    known = [chance for chance in found if chance is not None]
    return sum(known) / len(known) if known and len(known) == len(found) else math.nan


def _published(question: Question) -> float | None:
    text, choices = question.question, question.choices or ()
    if text is None:
        return None
    answer = likeliest(text, choices, yes_no=question.format == "closed")
    return float(answer.casefold() == str(question.target).casefold())


def _offers_normal(question: Question) -> bool:
    if question.format == "mc":
        return NO_PATHOLOGY in _folded(question)
    return question.facets.get("subject") in ("abnormality", "pathology")


def _normal(question: Question) -> float | None:
    """Always "no pathology seen", or "no"; where that is no option, any of them."""
    target = str(question.target)
    if question.format == "closed":
        return float(target == "no")
    if question.format == "open":
        return float(target == NO_PATHOLOGY)
    return _in(target, [NO_PATHOLOGY], question) if _offers_normal(question) else uniform(question)


def commonest_answer(questions: Sequence[Question]) -> Level:
    """The commonest answer to questions of a subject and format, counted on the other half of the images.

    Closed+ and Closed- are one kind of question: nothing in a question says which of them it is.
    """

    def kind(question: Question) -> str:
        return f"{cell_called(question.cell).subject} {question.format}"

    counts = _counted(questions, lambda question: str(question.target), kind)
    return lambda question: _share(str(question.target), _commonest(counts[_half(question), kind(question)]))


def _names_pathology(question: Question) -> bool:
    return question.facets.get("subject") == "pathology" and question.format != "closed"


def _region_pathology(questions: Sequence[Question]) -> Level:
    abnormal = [question for question in questions if question.facets.get("abnormal")]
    by_region = _counted(abnormal, _pathology, lambda question: str(question.facets["location"]))
    overall = _counted(abnormal, _pathology, lambda question: "")

    def level(question: Question) -> float | None:
        if question.question is None:
            return None
        region = named_region(question.question)
        counts = by_region[_half(question), region] if region else overall[_half(question), ""]
        if question.format == "mc":
            counts = Counter({name: counts[name] for name in _folded(question) if name != NO_PATHOLOGY})
        return _in(str(question.target), _commonest(counts), question)

    return level


def _pathology(question: Question) -> str:
    return str(question.facets["pathology"])


def _counted(
    questions: Sequence[Question], value: Callable[[Question], str], group: Callable[[Question], str]
) -> dict[tuple[int, str], Counter[str]]:
    """Of each half and group, how often each value is there in the OTHER half."""
    counts: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for question in questions:
        counts[1 - _half(question), group(question)][value(question)] += 1
    return counts


def _half(question: Question) -> int:
    return draw(question.cluster, 2)


def _commonest(counts: Mapping[str, int]) -> list[str]:
    most = max(counts.values(), default=0)
    return [value for value, count in counts.items() if count == most]


def _in(target: str, answers: Sequence[str], question: Question) -> float:
    """The chance that one of these answers is right; of a multiple-choice question they are its options' texts."""
    if question.format == "mc":
        target = dict(zip(LETTERS, _folded(question), strict=False)).get(target, "")
    return _share(target, answers)


def _share(target: str, answers: Sequence[str]) -> float:
    return (target in answers) / len(answers) if answers else 0.0


def _folded(question: Question) -> list[str]:
    return [str(choice).casefold() for choice in question.choices or ()]
