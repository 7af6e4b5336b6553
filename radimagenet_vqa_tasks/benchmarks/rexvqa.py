"""ReXVQA (`rajpurkarlab/ReXVQA`, test): multiple-choice questions about chest X-ray studies of one or more views.

The images are in another repository, `rajpurkarlab/ReXGradient-160K`. The authors have published neither prompt nor
scorer: the prompt is ours, and there is no paper protocol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    MC_PROMPT,
    Benchmark,
    Cell,
    Fit,
    PrintedRows,
    Question,
    Source,
    by_name,
)
from radimagenet_vqa_tasks.benchmarks.rexvqa_rows import (
    FACETS,
    FOLDER,
    REQUIRED,
    TASKS,
    first,
    frontal,
    prediction,
    question,
)

SIZES = {40_557: "the sum of the paper's Table 1", 40_826: "the figure of the paper's text"}

# The columns of Table 2, in the order of TASKS.
COLUMNS = ("presence", "location_and_distribution", "negation", "differential_diagnosis", "geometric_information")


def _whole(questions: Sequence[Question]) -> Iterable[str]:
    if len(questions) not in SIZES:
        yield f"the test split has 40,557 or 40,826 questions; here are {len(questions):,} (for a part, use --limit)"


def _figures(questions: Sequence[Question], rows: int) -> Iterator[tuple[str, bool]]:
    yield f"questions: {rows:,}, {SIZES.get(rows, 'which is no published figure')}", rows in SIZES
    counts = Counter(one.cell for one in questions)
    for name, (title, size) in TASKS.items():
        yield f"{title}: {counts[f'rexvqa_{name}']:,}; Table 1: {size:,}", True


def _study(asked: Question) -> str:
    """Of another study's pictures nothing is known."""
    return asked.cluster


SOURCE = Source(
    "rexvqa",
    "ReXVQA",
    "rajpurkarlab/ReXVQA",
    "test",
    "metadata/test_vqa_data.json",
    alone="test_vqa_data.json",
    document=True,
    beside="deid_png.part*",
    folder=FOLDER,
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
        clustered_on="studies",
        whole=_whole,
        figures=_figures,
        facets=(*FACETS, "views"),
        topic="category",
        free_facets=("category", "subcategory", "class", "views"),
        views={"frontal": frontal, "first": first},
        label=_study,
        fits=lambda asked, label: Fit(None),
        related=_study,
        published="rexvqa",
        printed=PrintedRows(
            "2",
            {f"rexvqa_{name}": column for name, column in zip(TASKS, COLUMNS, strict=True)},
            mean="overall",
            unread="failed_extractions",
            questions="a private test set of 41,007 questions",
        ),
        prediction=prediction,
        position=50,
    ),
)
