"""`radvqa build --check`: does a copy of a data set hold what the paper says, and does it leak?

Looks at the three configurations of a folder laid out as the hub's, the released data or data that were built.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from radimagenet_vqa_tasks.build.card import ROWS_OF_IMAGE
from radimagenet_vqa_tasks.build.duplicates import Leakage, Seen, as_json, leakage
from radimagenet_vqa_tasks.build.pictures import Picture, look_at, picture
from radimagenet_vqa_tasks.build.plan import PARTS, SPLITS_OF
from radimagenet_vqa_tasks.data.provenance import built
from radimagenet_vqa_tasks.data.verification import Finding
from radimagenet_vqa_tasks.errors import DataError

# The released data set's rows, from its card; the benchmark's from the paper, section 3.2.
RELEASED_IMAGES: Mapping[tuple[str, str], int] = {
    ("alignment", "train"): 750_009,
    ("alignment", "val"): 83_668,
    ("instruct", "train"): 750_009,
    ("instruct", "val"): 83_668,
    ("benchmark", "test"): 1_000,
}
RELEASED_NORMALS = 281
SHOWN = 5


@dataclass(frozen=True)
class _Part:
    """The files of one split of one configuration, and the images that its rows name, in their order."""

    config: str
    split: str
    files: Sequence[Path]
    rows: int
    images: Mapping[str, dict[str, object]]  # path -> metadata


def check(folder: Path, report: Path | None = None, workers: int | None = None) -> list[Finding]:
    """Every finding about the copy in `folder`; the names behind them go into the JSON file `report`.

    Raises DataError where there is nothing to look at.
    """
    parts = [part for config in PARTS for split in SPLITS_OF[config] if (part := _part(folder, config, split))]
    if not parts:
        raise DataError(f"{folder} holds none of {', '.join(f'{part}/*.parquet' for part in PARTS)}.")
    own = any(built(file) for part in parts for file in part.files[:1])
    found = leakage(list(_seen(parts, workers)))
    if report:
        report.write_text(json.dumps(as_json(found), indent=1), encoding="utf-8")
    return [*_counts(parts, own), *_labels(parts, own), *_configs(parts), *_leaks(found)]


def _part(folder: Path, config: str, split: str) -> _Part | None:
    files = sorted((folder / config).glob(f"{split}-*.parquet"))
    if not files:
        return None
    images: dict[str, dict[str, object]] = {}
    rows = 0
    for file in files:
        table = _read(file, ["image.path", "metadata"])
        rows += len(table)
        paths = pc.struct_field(table["image"], "path").to_pylist()
        for place, (path, said) in enumerate(zip(paths, table["metadata"].to_pylist(), strict=True)):
            images.setdefault(path or f"{file.name}:{place // ROWS_OF_IMAGE[config]}", said)
    return _Part(config, split, files, rows, images)


def _read(file: Path, columns: list[str]) -> pa.Table:
    try:
        return pq.ParquetFile(file).read(columns=columns)  # which can leave an image's bytes unread
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file} cannot be read: {error}. Fetch it again.") from error


def _counts(parts: Sequence[_Part], own: bool) -> Iterator[Finding]:
    for part in parts:
        images, expected = len(part.images), RELEASED_IMAGES[part.config, part.split]
        text = f"{part.config} {part.split}: {images:,} images, {part.rows:,} rows"
        wrong = part.rows != images * ROWS_OF_IMAGE[part.config]
        if wrong:
            text += f"; {ROWS_OF_IMAGE[part.config]} rows an image would be {images * ROWS_OF_IMAGE[part.config]:,}"
        if not own:
            text += f"; published: {expected:,} images"
        yield Finding(wrong or (not own and images != expected), text)
        normals = sum(said["pathology"] == "normal" for said in part.images.values())
        text = f"{part.config} {part.split}: {normals:,} normal images ({normals / max(1, images):.1%})"
        if part.config == "benchmark" and not own:
            yield Finding(normals != RELEASED_NORMALS, f"{text}; published: {RELEASED_NORMALS}")
        else:
            yield Finding(False, text)


def _labels(parts: Sequence[_Part], own: bool) -> Iterator[Finding]:
    """The labels of the MRI images against the released counts."""
    trained = [part for part in parts if part.config == "alignment"]
    if own or not trained:
        return
    found = Counter(
        str(said["pathology"]) for part in trained for said in part.images.values() if said["modality"] == "mri"
    )
    expected = released_mri_labels()
    different = [label for label in {**expected, **found} if found[label] != expected.get(label, 0)]
    yield Finding(
        bool(different),
        f"labels of the MRI images: {len(found)}, {found.total():,} images; released: {len(expected)}, "
        f"{sum(expected.values()):,} images",
    )
    for label in different[:SHOWN]:
        yield Finding(True, f"label {label}: {found[label]:,} MRI images; released: {expected.get(label, 0):,}")
    if len(different) > SHOWN:
        yield Finding(True, f"and {len(different) - SHOWN} labels more whose counts differ")


def released_mri_labels() -> dict[str, int]:
    """Raw label -> MRI images of the released training and validation splits together."""
    text = resources(__package__).joinpath("released_mri_labels.csv").read_text(encoding="utf-8")
    return {row["label"]: int(row["images"]) for row in csv.DictReader(text.splitlines())}


def _configs(parts: Sequence[_Part]) -> Iterator[Finding]:
    """Captions and questions should be about the same images."""
    of = {(part.config, part.split): set(part.images) for part in parts}
    for split in SPLITS_OF["alignment"]:
        if ("alignment", split) in of and ("instruct", split) in of:
            only = of["alignment", split] ^ of["instruct", split]
            yield Finding(bool(only), f"images in one of alignment and instruct only ({split}): {len(only):,}")


def _seen(parts: Sequence[_Part], workers: int | None) -> Iterator[Seen]:
    """Every picture once: instruct has alignment's, and is looked at where that is missing."""
    there = {part.config for part in parts}
    for part in parts:
        if part.config == "instruct" and "alignment" in there:
            continue
        tasks = [(file, group) for file in part.files for group in range(pq.ParquetFile(file).num_row_groups)]
        done: set[str] = set()
        for one in look_at(tasks, _row_group, len(part.images), workers):
            said = part.images.get(one.name)
            if one.name not in done:
                done.add(one.name)
                label = (str(said["location"]), str(said["pathology"])) if said else ("", "")
                yield Seen(part.split, label, one)


def _row_group(task: tuple[Path, int]) -> list[Picture]:
    file, group = task
    cells = pq.ParquetFile(file).read_row_group(group, columns=["image"])["image"].to_pylist()
    found, before = [], None
    for place, cell in enumerate(cells):
        name = (cell or {}).get("path") or f"{file.name}:{group}:{place}"
        if name != before:
            found.append(picture(name, (cell or {}).get("bytes") or b""))
        before = name
    return found


def _leaks(found: Leakage) -> Iterator[Finding]:
    yield _named(False, "blank pictures", found.blank)
    yield _named(False, "pictures that are there more than once, in one split and under one label", found.repeated)
    yield _named(False, "pictures under two labels", found.two_labels)
    for pair in (("train", "val"), ("train", "test"), ("val", "test")):
        leak = "test" in pair
        yield _named(leak, f"pictures in both {pair[0]} and {pair[1]}", found.shared.get(pair, []))
        if leak:
            yield _named(False, f"pairs of {pair[0]} and {pair[1]} that look alike", found.near.get(pair, []))


def _named(is_fault: bool, what: str, cases: Sequence[str | Sequence[str]]) -> Finding:
    first = cases[0] if cases else ""
    example = first if isinstance(first, str) else " = ".join(first[:3])
    return Finding(is_fault and bool(cases), f"{what}: {len(cases):,}{f', for instance {example}' if cases else ''}")
