"""Writes a data set of the benchmark's shape: its schema, counts and composition, with noise for images.

    python tools/shaped_data.py FOLDER [--side PIXELS]

The benchmark is gated, so tests and measurements need a stand-in of the same size: 1,000 images of nine questions,
281 of them normal, RGB PNG of about the benchmark's file size. Nothing can be learnt from it.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from make_sample import SCHEMA
from numpy.typing import NDArray
from PIL import Image

from radimagenet_vqa_tasks.build.questions import LabelledImage, nine_questions
from radimagenet_vqa_tasks.taxonomy import labels_for, regions

IMAGES = 1000
NORMAL = 281


def labelled_images(images: int = IMAGES, normal: int = NORMAL) -> Iterator[LabelledImage]:
    """Images over all regions, modalities and labels, in turn; the first `normal` of them without pathology."""
    places = [(name, modality) for name, region in regions().items() for modality in region.modalities]
    for index in range(images):
        location, modality = places[index % len(places)]
        labels = labels_for(location, modality)
        pathology = "normal" if index < normal else labels[index // len(places) % len(labels)].raw
        yield LabelledImage(f"benchmark_{index:04d}.png", location, modality, pathology)


def table(images: int = IMAGES, normal: int = NORMAL, side: int = 224) -> pa.Table:
    """The rows, with images of `side` x `side` pixels."""
    random = np.random.default_rng(0)
    rows = []
    for image in labelled_images(images, normal):
        grey = random.integers(0, 128, (side, side, 1), dtype=np.uint8)
        pixels = _png(grey.repeat(3, axis=2))
        rows += [{"image": {"bytes": pixels, "path": image.path}, **row} for row in nine_questions(image)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def write_hub_copy(folder: Path, rows: pa.Table) -> Path:
    """Lay `rows` out as the hub does: a card that names the configuration, and its Parquet file. Returns the file."""
    file = folder / "benchmark" / "test-00000-of-00001.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    card = "configs:\n- config_name: benchmark\n  data_files:\n  - split: test\n    path: benchmark/test-*\n"
    (folder / "README.md").write_text(f"---\n{card}---\n", encoding="utf-8")
    pq.write_table(rows, file, row_group_size=100)
    return file


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=224)
    options = parser.parse_args()
    file = write_hub_copy(options.folder, table(side=options.side))
    print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
