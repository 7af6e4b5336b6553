"""The labelled answers that judges are measured against, and the measuring.

`labelled.jsonl` has one answer a line: what was asked, the right answer, what a model might reply, whether that is
right and, in words that a clinician can check, why. docs/rule_judge.md has the rules that the labels follow.

    measured = measure(lambda case: my_judge(case.question, case.answer, case.response), labelled_answers())
    measured.agreement, measured.kappa, measured.disagreements

Judges are compared on what the score counts: `correct` or not. `incorrect` and `unparsed` both count as 0, and a
language model that judges cannot tell them apart.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from radimagenet_vqa_tasks.build.questions import TEMPLATES
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.judge.verdict import Outcome
from radimagenet_vqa_tasks.taxonomy import MODALITIES, NO_PATHOLOGY, labels_for, regions

FILE = "labelled.jsonl"
LABELS = ("correct", "incorrect", "unparsed")
PARTS = tuple(f"development_{number}" for number in range(1, 9))
SUBJECTS = ("anatomy", "pathology")
KINDS = (
    *("synonym", "abbreviation", "typo", "upstream_spelling", "laterality", "dress", "verbose", "hedge", "negation"),
    *("normal", "hypernym", "wrong_label", "wrong_region", "several_labels", "refusal"),
)


class LabelledError(DataError, ValueError):
    """A line of the labelled answers is wrong; the message names the line."""


@dataclass(frozen=True)
class Labelled:
    """One labelled answer.

    Attributes:
        id: unique, stable; it alone decides the part.
        part: one of `PARTS`. The rule judge was improved on these, one after the other; each was held out until it was
            measured and looked at. All have been.
        subject: "anatomy" or "pathology".
        location: the region that the image shows.
        modality: "ct" or "mri".
        kind: what makes the answer worth a line, one of `KINDS`.
        question: in the words of the paper's templates.
        answer: the right answer, in the benchmark's spelling.
        response: what a model might reply.
        label: "correct", "incorrect" or "unparsed".
        why: the reason for the label.
    """

    id: str
    part: str
    subject: str
    location: str
    modality: str
    kind: str
    question: str
    answer: str
    response: str
    label: str
    why: str

    @property
    def is_correct(self) -> bool:
        return self.label == "correct"


@dataclass(frozen=True)
class Judged:
    """A labelled answer and a judge's outcome on it."""

    case: Labelled
    outcome: Outcome

    @property
    def agrees(self) -> bool:
        return self.case.is_correct == (self.outcome == "correct")


@dataclass(frozen=True)
class Measured:
    """What a judge made of labelled answers. Shares and kappa are NaN where nothing was judged."""

    judged: Sequence[Judged]
    missing: int = 0

    @property
    def agreement(self) -> float:
        """The share of answers that judge and label agree on."""
        return sum(each.agrees for each in self.judged) / len(self.judged) if self.judged else float("nan")

    @property
    def kappa(self) -> float:
        """Cohen (1960): agreement beyond that of two who say correct as often, but independently."""
        n = len(self.judged) or 1
        labelled = sum(each.case.is_correct for each in self.judged) / n
        accepted = sum(each.outcome == "correct" for each in self.judged) / n
        chance = labelled * accepted + (1 - labelled) * (1 - accepted)
        return (self.agreement - chance) / (1 - chance) if chance < 1 else float("nan")

    @property
    def disagreements(self) -> list[Judged]:
        return [each for each in self.judged if not each.agrees]

    @property
    def wrongly_accepted(self) -> list[Judged]:
        return [each for each in self.disagreements if each.outcome == "correct"]

    @property
    def wrongly_refused(self) -> list[Judged]:
        return [each for each in self.disagreements if each.case.is_correct]

    def of(self, **wanted: str) -> Measured:
        """The same verdicts on the cases whose fields have these values: `of(kind="typo", part="development_8")`."""
        chosen = (
            each for each in self.judged if all(getattr(each.case, name) == value for name, value in wanted.items())
        )
        return Measured(tuple(chosen))


def measure(judge: Callable[[Labelled], Outcome], cases: Iterable[Labelled]) -> Measured:
    """Ask a judge about every case. What it leaves missing is counted and left out."""
    judged = [Judged(case, judge(case)) for case in cases]
    kept = tuple(each for each in judged if each.outcome != "missing")
    return Measured(kept, missing=len(judged) - len(kept))


@cache
def labelled_answers() -> tuple[Labelled, ...]:
    """The bundled set, read and validated once."""
    return read_labelled(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))


def read_labelled(text: str, source: str = FILE) -> tuple[Labelled, ...]:
    """Labelled answers from JSON lines. Raises `LabelledError`, which names `source`, the line and the fault."""
    found: list[Labelled] = []
    # Not splitlines(), which would cut a response at the odder line separators that JSON lets stand.
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1):
        try:
            found.append(_labelled(line))
        except ValueError as error:
            raise LabelledError(f"{source}, line {number}: {error}") from error
    repeated = [key for key, count in Counter(case.id for case in found).items() if count > 1]
    if repeated:
        raise LabelledError(f"{source}: the id {repeated[0]!r} stands on more than one line")
    return tuple(found)


def part_of(key: str) -> str:
    """The part of the answer with this id: by when it was written, which the id begins with, then by the id's hash."""
    byte = hashlib.sha256(key.encode()).digest()[0]
    written = key.split("-", 1)[0]
    if written == "new":
        return "development_4" if byte % 3 == 0 else "development_3"
    later = {"drawn": "development_5", "last": "development_6", "final": "development_7", "fresh": "development_8"}
    return later.get(written, "development_2" if byte % 2 else "development_1")


def _labelled(line: str) -> Labelled:
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise ValueError("a JSON object is expected")
    names = {each.name for each in fields(Labelled)}
    if set(entry) != names:
        raise ValueError(f"the fields {sorted(set(entry) ^ names)} are missing or unknown")
    for name, value in entry.items():
        if not isinstance(value, str) or not (value or name == "response"):
            raise ValueError(f"{name} must be a text that is not empty, not {value!r}")
    case = Labelled(**entry)
    _check_choices(case)
    if case.answer not in _answers(case):
        raise ValueError(f"{case.answer!r} is no {case.subject} answer of {case.location} in {case.modality}")
    if case.question not in {each.format(anatomy=case.location) for each in TEMPLATES[f"{case.subject}_open"]}:
        raise ValueError(f"the question {case.question!r} is none of the templates")
    return case


def _check_choices(case: Labelled) -> None:
    choices: dict[str, Iterable[Any]] = {
        "part": (part_of(case.id),),
        "subject": SUBJECTS,
        "location": regions(),
        "modality": MODALITIES,
        "kind": KINDS,
        "label": LABELS,
    }
    for name, known in choices.items():
        value = getattr(case, name)
        if value not in known:
            raise ValueError(f"{name} is {value!r}, must be {' or '.join(known)}")


def _answers(case: Labelled) -> set[str]:
    if case.modality not in regions()[case.location].modalities:
        return set()
    if case.subject == "anatomy":
        return {case.location}
    return {NO_PATHOLOGY, *(label.name for label in labels_for(case.location, case.modality))}
