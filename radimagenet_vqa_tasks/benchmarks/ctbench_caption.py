"""CT-Bench's lesions to be described: the rows of Metadata.csv of the test split, with the lesion's box and without."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    Benchmark,
    Cell,
    Contrast,
    Fit,
    PrintedRows,
    Prompt,
    Question,
    Row,
    RowFaultError,
    by_name,
    cell_faults,
    text,
)
from radimagenet_vqa_tasks.benchmarks.ctbench import BOXES, SOURCE
from radimagenet_vqa_tasks.benchmarks.ctbench_records import split_of

LESIONS = 3_197  # of the test split (Table 3)
# What the published script asks GPT-4V.
ASKED = "Describe this CT lesion image in radiology terms. Lesion ID: {}"
TABLE_5 = (
    ("BLEU-1", "bleu_1"),
    ("METEOR", "meteor"),
    ("ROUGE-1", "rouge_1"),
    ("BERTScore", "bertscore_f1"),
    ("cosine", "cosine"),
)
CELLS = {box: f"ctbench_caption_{box}" for box in BOXES}


def question(row: Row) -> Question | None:
    """One lesion with its box; None for one of another split. Raises RowFaultError."""
    lesion, named = text(row, "lesion_idx"), text(row, "dataset")
    split = split_of(named)
    if split is None:
        raise RowFaultError(f"lesion {lesion!r}: its dataset {named!r} is none of train, validation and test")
    if split != "test":
        return None
    return Question(
        question=ASKED.format(lesion),
        target=text(row, "description"),
        format="caption",
        key=f"bbox:{lesion}",
        cluster=lesion,
        cell=CELLS["bbox"],
        facets={"box": BOXES["bbox"], "size": (row.fields.get("size") or "").strip()},
        files=(f"lesion_bbox/{lesion}.png",),
    )


def _with_and_without(questions: Sequence[Question]) -> list[Question]:
    bare = [
        replace(
            one,
            key=one.key.replace("bbox", "nobox", 1),
            cell=CELLS["nobox"],
            facets={**one.facets, "box": BOXES["nobox"]},
            files=(one.files[0].replace("bbox", "nobox", 1),),
        )
        for one in questions
    ]
    return [*questions, *bare]


def _places(name: str) -> tuple[str, ...]:
    folder, _, file = name.partition("/")
    return name, f"{folder}/lesion_{file}"


def _figures(questions: Sequence[Question], rows: int) -> Iterator[tuple[str, bool]]:
    yield f"lesions of all splits: {rows:,}; Table 3: 20,335", rows == 20_335
    repeated = sum(
        count > 1 for count in Counter(one.target for one in questions if one.cell == CELLS["bbox"]).values()
    )
    yield f"descriptions that several lesions share: {repeated:,}", True


def _label(asked: Question) -> str:
    """Of another lesion nothing is known. Groups of lesions, not single ones, so that the draw takes no time."""
    return hashlib.sha256(asked.cluster.encode("utf-8", "surrogatepass")).hexdigest()[0]


_CELLS = by_name(
    *(
        Cell(CELLS[box], "", "caption", title, Prompt(), size=LESIONS, part=SOURCE.configurations[-1])
        for box, title in BOXES.items()
    )
)

BENCHMARKS = (
    Benchmark(
        name="ctbench_caption",
        title="CT-Bench, captions",
        source=SOURCE,
        cells=_CELLS,
        columns=("lesion_idx", "description", "dataset"),
        also=("size",),
        images=(),
        places=_places,
        question=question,
        derive=_with_and_without,
        whole=lambda questions: cell_faults(questions, _CELLS),
        figures=_figures,
        facets=("box", "size"),
        averaged=False,
        contrasts=(
            Contrast("What the box adds", "with box", "without box", {"Captions": (CELLS["bbox"], CELLS["nobox"])}),
        ),
        label=_label,
        fits=lambda asked, label: Fit(None),
        published="ct_bench",
        printed=PrintedRows(
            "5",
            {
                f"{name} {box}": f"{column}_{box.replace(' ', '_')}"
                for name, column in TABLE_5
                for box in BOXES.values()
            },
            mean="",
        ),
        position=64,
    ),
)
