"""A small tree in RadImageNet's layout, made of the sample's scans."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import make_sample

from radimagenet_vqa_tasks.taxonomy import region_of


def lay_out(root: Path, every: int = 1) -> Path:
    """Put every so many'th scan into folders as RadImageNet does; the embedded sample's are the test split."""
    rows: dict[str, list[tuple[str, str]]] = {"train": [], "val": [], "test": []}
    for scan in make_sample.read_scans()[::every]:
        image = scan.image
        folder = region_of(image.location).folders.get(image.modality)
        if folder is None:  # the CT of hip and spine
            continue
        body = folder.removeprefix("mri")
        path = Path({"ct": "CT", "mri": "MR"}[image.modality], body, image.pathology, image.path)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(make_sample.SCANS / image.path, root / path)
        split = {"held_out": "test", "neighbour": "test", "unused": "val", "train": "train"}[scan.part]
        rows[split].append((f"radiology_ai/{path.as_posix()}", image.pathology))
    for split, lines in rows.items():
        with (root / f"RadiologyAI_{split}.csv").open("w", encoding="utf-8", newline="") as table:
            csv.writer(table).writerows([("filename", "label"), *lines])
    return root
