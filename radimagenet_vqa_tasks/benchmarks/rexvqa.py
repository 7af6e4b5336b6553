"""ReXVQA (`rajpurkarlab/ReXVQA`, test): multiple-choice questions about chest X-ray studies of one or more views.

The images are in another repository, `rajpurkarlab/ReXGradient-160K`. Records hold the radiologist's report and an
explanation of the answer; only the columns named here are ever read. The authors have published neither prompt nor
scorer: the prompt is ours, and there is no paper protocol.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    LETTERS,
    MC_PROMPT,
    Benchmark,
    Cell,
    Fit,
    Question,
    Row,
    RowFaultError,
    Source,
    by_name,
    text,
)
from radimagenet_vqa_tasks.benchmarks.lists import parse_list, parse_texts

FACETS = {"category": "category", "subcategory": "subcategory", "class": "class", "sex": "PatientSex"}
REQUIRED = ("id", "question", "options", "correct_answer", "task_name", "study_id", "ImagePath", "ImageViewPosition")

# By the first word of a record's task_name: title, and the questions of the test split by Table 1.
TASKS = {
    "presence": ("Presence", 14_078),
    "location": ("Location", 2_365),
    "negation": ("Negation", 15_369),
    "differential": ("Differential", 8_563),
    "geometric": ("Geometric", 182),
}
SIZES = {40_557: "the sum of the paper's Table 1", 40_826: "the figure of the paper's text"}


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
    views = parse_list(row.fields["ImageViewPosition"] or "[]")
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
            "views": ", ".join(view or "unknown" for view in views),
        },
        files=tuple(_below(path) for path in parse_texts(row.fields["ImagePath"])),
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
    _, found, name = path.rpartition(f"{SOURCE.folder}/")
    if not found:
        raise RowFaultError(f"the ImagePath {path!r} is not below {SOURCE.folder}/")
    return name


def _whole(questions: Sequence[Question]) -> Iterable[str]:
    if len(questions) not in SIZES:
        yield f"the test split has 40,557 or 40,826 questions; here are {len(questions):,} (for a part, use --limit)"


def _figures(questions: Sequence[Question], rows: int) -> Iterator[tuple[str, bool]]:
    yield f"questions: {rows:,}, {SIZES.get(rows, 'which is no published figure')}", rows in SIZES
    counts = Counter(one.cell for one in questions)
    for name, (title, size) in TASKS.items():
        yield f"{title}: {counts[f'rexvqa_{name}']:,}; Table 1: {size:,}", True


def _label(asked: Question) -> str:
    """Of another study nothing is known. Groups of studies, not single ones, so that the draw takes no time."""
    return hashlib.sha256(asked.cluster.encode("utf-8", "surrogatepass")).hexdigest()[0]


SOURCE = Source(
    "rexvqa",
    "ReXVQA",
    "rajpurkarlab/ReXVQA",
    "test",
    "metadata/test_vqa_data.json",
    alone="test_vqa_data.json",
    document=True,
    beside="deid_png.part*",
    folder="deid_png",
    images_from="rajpurkarlab/ReXGradient-160K",
    gated=True,
    note="Gated, as its images are. No revision is pinned: none has been published.",
)

BENCHMARKS = (
    Benchmark(
        name="rexvqa",
        title=SOURCE.title,
        source=SOURCE,
        cells=by_name(*(Cell(f"rexvqa_{name}", "", "mc", title, MC_PROMPT) for name, (title, _) in TASKS.items())),
        columns=(*REQUIRED, *FACETS.values()),
        images=(),
        question=question,
        whole=_whole,
        figures=_figures,
        facets=(*FACETS, "views"),
        label=_label,
        fits=lambda asked, label: Fit(None),
        published="rexvqa",
        position=50,
    ),
)
