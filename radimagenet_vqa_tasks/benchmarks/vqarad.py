"""VQA-RAD (`flaviagiammarino/vqa-rad`, test): an image, a question and an answer, and nothing else.

A question is closed if its answer is yes or no, as in the paper's tool. Many questions share an image, and some are
there twice; both are told by content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    CLOSED_PROMPT,
    OPEN_PROMPT,
    Benchmark,
    Cell,
    Question,
    Row,
    RowFaultError,
    Source,
    by_name,
    numbered,
    size_fault,
    text,
)

QUESTIONS = 451  # of the test split


def question(row: Row) -> Question:
    """One row as a question. Raises RowFaultError."""
    target = text(row, "answer")
    text(row, "question")
    if not row.digest:
        raise RowFaultError("the image is missing")
    closed = target.lower() in ("yes", "no")
    asked = row.fields["question"]
    content = hashlib.sha256(repr((asked, row.fields["answer"])).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Question(
        question=asked,
        target=target.lower() if closed else target,
        format="closed" if closed else "open",
        key=f"{row.digest}:{content}",
        cluster=row.digest,
        cell="vqarad_closed" if closed else "vqarad_open",
    )


def _figures(questions: Sequence[Question], rows: int) -> Iterator[tuple[str, bool]]:
    repeated = sum("#" in one.key for one in questions)
    yield f"rows that are there before, with the same image and answer: {repeated}", True


SOURCE = Source(
    "vqarad",
    "VQA-RAD",
    "flaviagiammarino/vqa-rad",
    "test",
    "data/test-*.parquet",
    alone="test-*.parquet",
    revision="bcf91e7654fb9d51c8ab6a5b82cacf3fafd2fae9",
    note="The commit is the one that other evaluations name.",
)

BENCHMARKS = (
    Benchmark(
        name="vqarad",
        title=SOURCE.title,
        source=SOURCE,
        cells=by_name(
            Cell("vqarad_open", "", "open", "Open", OPEN_PROMPT, "judge", tool_lowers=True),
            Cell("vqarad_closed", "", "closed", "Closed", CLOSED_PROMPT, "yes_no"),
        ),
        columns=("image", "question", "answer"),
        question=question,
        derive=numbered,
        whole=lambda questions: size_fault(questions, QUESTIONS),
        figures=_figures,
        paper_figures=(4, 6),
        position=20,
    ),
)
