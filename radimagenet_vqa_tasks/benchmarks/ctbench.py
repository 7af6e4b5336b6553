"""CT-Bench (arXiv 2602.14879): what a lesion on CT slices is, where it is, how large; with its box drawn or without.

Seven kinds of questions in two forms: for language models with one rendered picture (qa_llm.json), for CLIP-type models
with the slices or candidates one by one (qa_clip.json). Both splits of both forms are benchmarks on the same folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from radimagenet_vqa_tasks.benchmarks import ctbench_records as records
from radimagenet_vqa_tasks.benchmarks.benchmark import (
    MC_PROMPT,
    Benchmark,
    Cell,
    Contrast,
    PaperRule,
    Pictures,
    PrintedRows,
    Prompt,
    Question,
    Row,
    Source,
    by_name,
    cell_faults,
    numbered,
)
from radimagenet_vqa_tasks.scoring.record import ARMS

Split = Literal["test", "validation"]
Form = Literal["llm", "clip"]

# By q_type: title, questions of the test split with a box and without (Table 4; validation has half), and what the
# images of a question for CLIP-type models are, with what a language model is asked about them (ours).
TYPES: dict[str, tuple[str, int, int, Pictures, str]] = {
    "img2txt": ("Img2txt", 200, 200, "views", "Which description fits the lesion in this CT image best?"),
    "ct2txt": (
        "CT2txt",
        200,
        200,
        "slices",
        "Which description fits the lesion in the middle of these CT slices best?",
    ),
    "txt2img": ("Txt2img", 200, 200, "options", ""),
    "txt2bbox": ("Txt2bbox", 100, 0, "options", ""),
    "img2attrib": ("Img2attrib", 100, 100, "views", "What are the attributes of the lesion in this CT image?"),
    "ct2attrib": ("CT2attrib", 100, 100, "slices", "What are the attributes of the lesion amid these CT slices?"),
    "img2size": ("Img2size", 100, 100, "views", "How long is the longer axis of the lesion in this CT image?"),
}
BOXES = {"bbox": "with box", "nobox": "without box"}

# That of the published runner, character for character.
LLM_PROMPT = Prompt(
    post="\nPlease provide the output in the following format:\n"
    '{\n  "selected_option": "<selected_option>",\n  "explanation": "<explanation>"\n}',
    options="\nOptions:\n",
    mark=": ",
)
PICK_PROMPT = Prompt("\nWhich of these CT images, in their order, fits the description best?\n", MC_PROMPT.post)


def _cells(prefix: str, form: Form, share: int) -> Iterator[Cell]:
    for kind, (title, *sizes, pictures, _) in TYPES.items():
        shown: Pictures = pictures if form == "clip" else "views"
        prompt = LLM_PROMPT if form == "llm" else PICK_PROMPT if pictures == "options" else MC_PROMPT
        for (box, said), size in zip(BOXES.items(), sizes, strict=True):
            if size:
                name, part = f"{prefix}_{kind}_{box}", f"qa_{form}.json"
                rule: PaperRule | None = "selected" if form == "llm" else None
                yield Cell(name, title, "mc", said, prompt, rule, size=size // share, part=part, pictures=shown)


def _reader(prefix: str, form: Form, split: Split) -> Callable[[Row], Question | None]:
    asked = {kind: one[4] for kind, one in TYPES.items()}

    def question(row: Row) -> Question | None:
        found = records.question(row, split, asked if form == "clip" else dict.fromkeys(TYPES, ""))
        return found and replace(found, cell=f"{prefix}_{found.cell}")

    return question


SOURCE = Source(
    "ctbench",
    "CT-Bench",
    "CT-Bench",
    "test",
    "{}",
    configurations=("qa_llm.json", "qa_clip.json", "Metadata.csv"),
    document=True,
    elsewhere="kaggle.com/datasets/cd1661d6d6aeab08b8eb99b58885b4489d76fc5ac07d5aac76cae577e6426e2f",
    note="CC BY-NC-SA 4.0.",
)


def _column(cell: str) -> str:
    kind, box = cell.split("_")[-2:]
    return f"{kind}_{BOXES[box].replace(' ', '_')}"


def _contrasts(prefix: str) -> tuple[Contrast, ...]:
    boxed = {one[0]: (f"{prefix}_{kind}_bbox", f"{prefix}_{kind}_nobox") for kind, one in TYPES.items() if one[2]}
    slices = {
        f"{title}, {said}": (f"{prefix}_img2{what}_{box}", f"{prefix}_ct2{what}_{box}")
        for what, title in (("txt", "Descriptions"), ("attrib", "Attributes"))
        for box, said in BOXES.items()
    }
    return (
        Contrast("What the box adds (Figure 2)", "with box", "without box", boxed),
        Contrast("One slice against nine (Figure 3)", "one slice", "nine slices", slices),
    )


def _benchmark(name: str, form: Form, split: Split, position: int) -> Benchmark:
    cells = by_name(*_cells(name, form, share=1 if split == "test" else 2))
    return Benchmark(
        name=name,
        title=f"{SOURCE.title}{' for CLIP' if form == 'clip' else ''}{'' if split == 'test' else f', {split}'}",
        source=SOURCE,
        cells=cells,
        columns=("lesion_idx", "q_type", "correct_choice"),
        also=("question", "choices", "image_path", "image_paths", "text", "split", "bbox_type"),
        images=(),
        places=lambda path: (f"{form}/{split}/{path}", f"{form}/{path}", path),
        question=_reader(name, form, split),
        derive=numbered,
        whole=lambda questions: cell_faults(questions, cells),
        figures=records.figures,
        facets=("kind", "box", "bbox_type"),
        groups={f"radvqa_{name}_{box}": tuple(cell for cell in cells if cell.endswith(f"_{box}")) for box in BOXES},
        arms=ARMS if split == "test" else ("image",),
        label=records.label,
        fits=records.fits,
        contrasts=_contrasts(name),
        published="ct_bench" if split == "test" else None,
        printed=PrintedRows("6", {cell: _column(cell) for cell in cells}, "average_total", people="7")
        if split == "test"
        else None,
        position=position,
    )


BENCHMARKS = (
    _benchmark("ctbench", "llm", "test", 60),
    _benchmark("ctbench_validation", "llm", "validation", 61),
    _benchmark("ctbench_clip", "clip", "test", 62),
    _benchmark("ctbench_clip_validation", "clip", "validation", 63),
)
