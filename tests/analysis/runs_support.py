"""Made-up runs for the tests of tables and comparisons: records as the scoring hook writes them, without the host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.judge.verdict import is_papers_judge
from radimagenet_vqa_tasks.scoring.outcomes import scores_of
from radimagenet_vqa_tasks.scoring.record import Record, as_dict

STAMP = "20260101_120000"
DATA = "0123456789abcdef"
REGIONS = ("brain", "knee", "lung")

Right = Callable[[int, str], bool]


def record(image: int, cell: str, right: bool = True, **changed: Any) -> Record:
    """One record; every third image is of the same region, every second one is abnormal. See `set_fields`."""
    kind = cell_called(cell)
    target = {"mc": "B", "closed": "no" if cell.endswith("_neg") else "yes", "open": "knee"}[kind.format]
    wrong = {"mc": "A", "closed": "yes" if target == "no" else "no", "open": None}[kind.format]
    made = Record(
        key=f"image{image}:{cell}",
        cluster=f"image{image}",
        cell=cell,
        format=kind.format,
        arm="image",
        facets={
            "subject": kind.subject,
            "template": cell,
            "location": REGIONS[image % 3],
            "modality": "mri",
            "pathology": "no pathology seen" if image % 2 else "fracture",
            "abnormal": image % 2 == 0,
        },
        question="What is it?",
        choices=("fracture", "hematoma", "no pathology seen", "muscle strain") if kind.format == "mc" else (),
        target=target,
        response='He said "record": {"key": 1}',
        fingerprint=DATA,
        version="1-A",
        extracted=(target if right else wrong) if kind.format != "open" else None,
        outcome="correct" if right else "incorrect",
        scores={},
        judge="rule" if kind.format == "open" else None,
    )
    claimed = kind.format != "open" or is_papers_judge(changed.get("judge"))
    return set_fields(made, **{"in_paper": right if claimed else None, **changed})


def set_fields(of: Record, **changed: Any) -> Record:
    """Change a record in place: fields by their names, other names are facets; `scores` follow outcome and in_paper."""
    in_paper = changed.pop("in_paper", of.in_paper)
    for name, value in changed.items():
        if name in Record.__struct_fields__:
            setattr(of, name, value)
        else:
            of.facets = {**of.facets, name: value}
    if "scores" not in changed:
        of.scores = scores_of(of.outcome, in_paper)
    return of


def changed(of: Record, **fields: Any) -> Record:
    """A copy with other values."""
    return set_fields(msgspec.structs.replace(of), **fields)


def records(
    images: int, right: Right = lambda image, cell: True, cells: Iterable[str] = CELLS, **changed: Any
) -> list[Record]:
    """The records of all cells on so many images."""
    return [record(image, cell, right(image, cell), **changed) for cell in cells for image in range(images)]


def arm(name: str = "model", found: list[Record] | None = None, **fields: Any) -> Arm:
    """An arm of these records."""
    found = records(4) if found is None else found
    first = found[0]
    return Arm(name, found, first.arm, fingerprint=first.fingerprint, version=first.version, **fields)


def line(of: Record | Mapping[str, Any]) -> str:
    """A record's line in a sample log, with the host's fields around it."""
    record = as_dict(of) if isinstance(of, Record) else of
    response = {"doc_id": 0, "filtered_resps": record.get("response"), "target": record.get("target")}
    return json.dumps({**response, "accuracy": {"score": 1}, "record": record, "input": "What is it?"}) + "\n"


def write(
    folder: Path,
    found: Iterable[Record],
    *,
    stamp: str = STAMP,
    prefix: str = "radvqa_",
    model: str | None = "publisher/model",
    model_args: str = "",
    sizes: Mapping[str, int] | None = None,
) -> list[Path]:
    """A run's folder, as the host leaves it: one log a task, and the results beside them unless `model` is None."""
    folder.mkdir(parents=True, exist_ok=True)
    logs: dict[str, list[str]] = {}
    for one in found:
        task = f"{prefix}{one.cell}{'' if one.with_image else '_textonly'}"
        logs.setdefault(task, []).append(line(one))
    for task, lines in logs.items():
        (folder / f"{stamp}_samples_{task}.jsonl").write_text("".join(lines), encoding="utf-8")
    if model is not None:
        counted = {task: {"original": (sizes or {}).get(task, len(lines))} for task, lines in logs.items()}
        config = {"model": "backend", "model_args": model_args or f"pretrained={model}"}
        results = {"config": config, "model_name": model, "n-samples": counted}
        (folder / f"{stamp}_results.json").write_text(json.dumps(results), encoding="utf-8")
    return [folder / f"{stamp}_samples_{task}.jsonl" for task in logs]
