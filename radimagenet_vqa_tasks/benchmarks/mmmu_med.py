"""MMMU's five Health & Medicine subjects (`MMMU/MMMU`, validation).

Only multiple-choice questions are asked, as in the paper. A question has up to seven images; its text and options
refer to them as "<image 1>", and the model sees them in that order before the text. The options are a string that
holds a Python list: it is parsed, never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    LETTERS,
    MC_PROMPT,
    Benchmark,
    Cell,
    Question,
    Row,
    RowFaultError,
    Source,
    by_name,
)
from radimagenet_vqa_tasks.benchmarks.lists import parse_texts

QUESTIONS = 30  # a subject, those without options included
COLUMNS = ("id", "question", "options", "answer", "question_type", "subfield", "topic_difficulty")
IMAGE_COLUMNS = tuple(f"image_{number}" for number in range(1, 8))

SUBJECTS = {
    "Basic_Medical_Science": "Basic Medical Science",
    "Clinical_Medicine": "Clinical Medicine",
    "Diagnostics_and_Laboratory_Medicine": "Diagnostics and Laboratory Medicine",
    "Pharmacy": "Pharmacy",
    "Public_Health": "Public Health",
}
"""The hub's configurations and their names for people. A row's id tells its configuration: "validation_Pharmacy_7"."""

_ID = re.compile(r"validation_(?P<subject>\w+)_\d+")


def _cell_name(subject: str) -> str:
    return f"mmmu_med_mc_{subject.lower().removesuffix('_and_laboratory_medicine')}"


def question(row: Row) -> Question | None:
    """One row as a question; None for one that is not multiple-choice. Raises RowFaultError."""
    try:
        return _asked(row)
    except RowFaultError as error:
        raise RowFaultError(f"question {row.fields['id']!r}: {error}") from None


def _asked(row: Row) -> Question | None:
    fields = row.fields
    named = _ID.fullmatch(str(fields["id"]))
    if named is None or named["subject"] not in SUBJECTS:
        raise RowFaultError(f"its id names none of the subjects {', '.join(SUBJECTS)} of the validation split")
    if fields["question_type"] not in ("multiple-choice", "open"):
        raise RowFaultError(f"the question_type {fields['question_type']!r} is neither 'multiple-choice' nor 'open'")
    if fields["question_type"] == "open":
        return None
    if not (fields["question"] or "").strip():
        raise RowFaultError("the question is empty")
    if not row.digest:
        raise RowFaultError("it has no image")
    try:
        choices = parse_options(fields["options"])
    except ValueError as error:
        raise RowFaultError(f"options {error}") from None
    letters = LETTERS[: len(choices)]
    if not fields["answer"] or fields["answer"] not in set(letters):
        raise RowFaultError(f"the answer {fields['answer']!r} is not one of the letters {', '.join(letters)}")
    return Question(
        question=fields["question"],
        target=fields["answer"],
        format="mc",
        key=fields["id"],
        cluster=row.digest,
        cell=_cell_name(named["subject"]),
        choices=choices,
        facets={
            "subject": SUBJECTS[named["subject"]],
            "subfield": fields["subfield"] or "",
            "topic_difficulty": fields["topic_difficulty"] or "",
        },
    )


def parse_options(options: str | None) -> list[str]:
    """The list of texts that a string holds in Python's notation. Raises ValueError, saying what is wrong with it."""
    parsed = parse_texts(options)
    if not 2 <= len(parsed) <= len(LETTERS):
        raise ValueError(f"holds {len(parsed)} options")
    return parsed


def _figures(questions: Sequence[Question], rows: int) -> Iterator[tuple[str, bool]]:
    yield f"questions of the subject: {rows}; published: {QUESTIONS}", rows == QUESTIONS
    yield f"left out, since they are not multiple-choice: {rows - len(questions)}", True


SOURCE = Source(
    "mmmu_med",
    "MMMU",
    "MMMU/MMMU",
    "validation",
    "{}/validation-*.parquet",
    configurations=tuple(SUBJECTS),
    revision="98e6ac0cb9b7b2cd2c991b85a50762edc4aedc68",
    note="The commit is the one that other evaluations name.",
)

BENCHMARKS = (
    Benchmark(
        name="mmmu_med",
        title="MMMU-Med-val",
        source=SOURCE,
        # The paper's tool asks these with another prompt and draws an option where it reads none: no paper protocol.
        cells=by_name(
            *(Cell(_cell_name(name), "", "mc", title, MC_PROMPT, part=name) for name, title in SUBJECTS.items())
        ),
        columns=(
            "id",
            "question",
            "options",
            "answer",
            "question_type",
            "subfield",
            "topic_difficulty",
            *IMAGE_COLUMNS,
        ),
        images=IMAGE_COLUMNS,
        question=question,
        figures=_figures,
        facets=("subject", "subfield", "topic_difficulty"),
        topic="subject",
        paper_figures=(4,),
        one_data_set=False,
        group="radvqa_mmmu_med_mc",
        position=40,
    ),
)
