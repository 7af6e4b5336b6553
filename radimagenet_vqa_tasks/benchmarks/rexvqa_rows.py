"""ReXVQA's records as questions, and questions as the file of its public leaderboard has them.

Records hold the radiologist's report and an explanation of the answer; only the columns named here are ever read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, Question, Row, RowFaultError, text
from radimagenet_vqa_tasks.benchmarks.lists import parse_list, parse_texts

FOLDER = "deid_png"
FACETS = {"category": "category", "subcategory": "subcategory", "class": "class", "sex": "PatientSex"}
REQUIRED = ("id", "question", "options", "correct_answer", "task_name", "study_id", "ImagePath", "ImageViewPosition")
FRONTAL = {"PA", "AP", "POSTEROANTERIOR", "ANTEROPOSTERIOR"}

# By the first word of a record's task_name: title, and the questions of the test split by Table 1.
TASKS = {
    "presence": ("Presence", 14_078),
    "location": ("Location", 2_365),
    "negation": ("Negation", 15_369),
    "differential": ("Differential", 8_563),
    "geometric": ("Geometric", 182),
}


def question(row: Row) -> Question:
    """One row as a question. Raises RowFaultError."""
    try:
        return _asked(row)
    except ValueError as error:
        raise RowFaultError(f"question {row.fields['id']!r}: {error}") from None


def _asked(row: Row) -> Question:
    options, answer, task = (
        choices(parse_texts(row.fields["options"])),
        text(row, "correct_answer"),
        text(row, "task_name"),
    )
    cell = next((name for name in TASKS if task.casefold().startswith(name)), None)
    if cell is None:
        raise RowFaultError(f"the task_name {task!r} is none of the five tasks")
    if not 2 <= len(options) <= len(LETTERS):
        raise RowFaultError(f"it has {len(options)} options")
    letters = LETTERS[: len(options)]
    if answer not in set(letters):
        raise RowFaultError(f"the correct_answer {answer!r} is not one of the letters {', '.join(letters)}")
    files = tuple(_below(path) for path in parse_texts(row.fields["ImagePath"]))
    named = parse_list(row.fields["ImageViewPosition"] or "[]")
    return Question(
        question=text(row, "question"),
        target=answer,
        format="mc",
        key=str(row.fields["id"]),
        cluster=text(row, "study_id"),
        cell=f"rexvqa_{cell}",
        choices=options,
        facets={
            **{name: row.fields[column] or "" for name, column in FACETS.items()},
            "views": ", ".join(view or "unknown" for view in named),
        },
        files=files,
        views=tuple(view or "" for view in [*named, *[""] * len(files)][: len(files)]),
    )


def choices(options: Sequence[str]) -> list[str]:
    """Options without their letters, where each has its own. Raises RowFaultError where letters are out of order."""
    found = [re.fullmatch(r"\s*\(?([A-Z])[.):]\s*(\S.*)", option, re.DOTALL) for option in options]
    marked = [match for match in found if match]
    if len(marked) < len(options):
        return list(options)
    if [match[1] for match in marked] != list(LETTERS[: len(options)]):
        raise RowFaultError("the letters of its options are out of order")
    return [match[2].rstrip() for match in marked]


def _below(path: str) -> str:
    _, found, name = path.rpartition(f"{FOLDER}/")
    if not found:
        raise RowFaultError(f"the ImagePath {path!r} is not below {FOLDER}/")
    return name


def frontal(views: Sequence[str]) -> Sequence[int]:
    """The places of the views from the front or the back; of the first image where none is known to be one."""
    found = [place for place, view in enumerate(views) if re.sub(r"[\W_]", "", view).upper() in FRONTAL]
    return found or [0]


def first(views: Sequence[str]) -> Sequence[int]:
    """The place of the first image."""
    return [0]


def prediction(asked: Question, answer: str) -> dict[str, object]:
    """A question and the letter that was answered ("" for none) in the form of ReXrank's example file.

    The example also shows the report and the patient's data, which are read nowhere here.
    """
    return {
        "image_path": [f"{FOLDER}/{name}" for name in asked.files],
        "frontal_lateral": list(asked.views),
        "split": "test",
        "study_id": asked.cluster,
        "question": asked.question,
        "options": [f"{letter}. {choice}" for letter, choice in zip(LETTERS, asked.choices, strict=False)],
        "correct_answer": asked.target,
        "category": asked.facets["category"],
        "subcategory": asked.facets["subcategory"],
        "model_prediction": answer,
    }
