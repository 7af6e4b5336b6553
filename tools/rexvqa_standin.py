"""Writes a stand-in of ReXVQA and the images of ReXGradient-160K, laid out as the hub lays them out.

    python tools/rexvqa_standin.py FOLDER
    radvqa verify --family rexvqa --data FOLDER

The schema, the counts and the oddities of the original, with questions of our own on projections made of the sample's
slices; nothing can be measured with it. Oddities: lists as texts, views without a name, 16-bit images, and reports and
explanations in every record, which no model may see: each holds `PLANTED`.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from comparators import variant
from PIL import Image

from radimagenet_vqa_tasks.benchmarks.rexvqa_rows import TASKS

PLANTED = "PLANTED-REPORT"
STUDIES, VIEWS, PARTS = 60, ("PA", "LATERAL"), 3
PARTS_OF_REPORT = ("Indication", "Comparison", "Findings", "Impression", "correct_answer_explanation")
NAMES = (
    "Presence Assessment",
    "Location and Distribution Assessment",
    "Negation Assessment",
    "Differential Diagnosis",
    "geometric_information_assessment",
)


def image_name(study: int, view: int) -> str:
    """Where an image is below deid_png/."""
    return f"P{study:03}/A{study:03}/studies/1.{study}/series/1.{view}/instances/1.{study}.{view}.png"


def record(number: int, task: str, studies: int = STUDIES) -> dict[str, Any]:
    """One question about one study; every second study has two views, every third question lists as texts."""
    study = number % studies
    views = VIEWS[: 1 + study % 2]
    paths = [f"../deid_png/{image_name(study, view)}" for view in range(len(views))]
    named: list[str | None] = [None if study % 7 == 0 else view for view in views]
    options = [f"{word} {number % 11}" for word in ("A. Clear", "B. Hazy", "C. Small", "D. Large")]
    as_texts = number % 3 == 0
    return {
        "question": f"What does view {number % 5} of this chest show?",
        "options": repr(options) if as_texts else options,
        "correct_answer": "ABCD"[number % 4],
        "task_name": task,
        "category": ("Lungs", "Bones", "Bony structures")[number % 3],
        "subcategory": "Airspace",
        "class": "abnormal" if number % 2 else "normal",
        "study_id": f"S{study:03}",
        "ImagePath": json.dumps(paths) if as_texts else paths,
        "ImageViewPosition": repr(named) if as_texts else named,
        "PatientSex": "MF"[study % 2],
        "PatientAge": "045Y",
        **{name: f"{PLANTED} in {name}" for name in PARTS_OF_REPORT},
    }


def records(studies: int = STUDIES) -> dict[str, dict[str, Any]]:
    """The test split's questions by their ids, as many of each task as the paper's Table 1 has."""
    tasks = [task for (_, size), task in zip(TASKS.values(), NAMES, strict=True) for _ in range(size)]
    return {f"q{number}": record(number, task, studies) for number, task in enumerate(tasks)}


def write(
    folder: Path,
    rows: Mapping[str, Any] | list[Any] | None = None,
    studies: int = STUDIES,
    picture: Callable[[int, int], bytes] | None = None,
) -> None:
    """Lay records (by default the whole test split) out as the two repositories do, in one folder.

    `picture` makes the file of a study's view; by default it is one of the sample's slices.
    """
    (folder / "metadata").mkdir(parents=True, exist_ok=True)
    text = json.dumps(records(studies) if rows is None else rows)
    (folder / "metadata" / "test_vqa_data.json").write_text(text, encoding="utf-8")
    packed = pa.Codec("zstd").compress(_tar(studies, picture or _png), asbytes=True)
    size = -(-len(packed) // PARTS)
    for part in range(PARTS):
        (folder / f"deid_png.part{part:02}").write_bytes(packed[part * size : (part + 1) * size])


def _tar(studies: int, picture: Callable[[int, int], bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for study in range(studies):
            for view in range(1 + study % 2):
                member = tarfile.TarInfo(f"deid_png/{image_name(study, view)}")
                content = picture(study, view)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _png(study: int, view: int) -> bytes:
    """A 12-bit picture in a 16-bit file, or every fifth study's in 8 bits."""
    pixels = np.asarray(variant(study).pixels)
    shown = pixels.T if view else pixels
    buffer = io.BytesIO()
    Image.fromarray(shown if study % 5 == 0 else shown.astype(np.uint16) * 16).save(buffer, "PNG")
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    write(folder)
    print(f"--data rexvqa={folder}")


if __name__ == "__main__":
    main()
