"""Reads which images there are and what they show: RadImageNet's folders and tables, or a table of one's own.

RadImageNet is `CT|MR|US/<body part>/<pathology>/<image>`, with tables RadiologyAI_{train,val,test}.csv of the columns
`filename,label`. A table of one's own has `path,modality,region,pathology`, in any spelling of the taxonomy's words,
and may have `split` and `patient`.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from pathlib import Path

from radimagenet_vqa_tasks.build.questions import LabelledImage
from radimagenet_vqa_tasks.build.vocabulary import ULTRASOUND, UnknownWordError, Vocabulary
from radimagenet_vqa_tasks.errors import DataError

SPLITS = ("train", "val", "test")
_SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val", "test": "test"}
SHARES = (("train", 75), ("val", 10), ("test", 15))
"""Percent of the images, or patients, that each split gets where no table says: RadImageNet's own."""

OWN_COLUMNS = ("path", "modality", "region", "pathology")
_OWN = (*OWN_COLUMNS, "split", "patient")  # the order of `_Row`
_IMAGE_NAMES = (".png", ".jpg", ".jpeg")
_SHOWN = 3


@dataclass
class Source:
    """The labelled images of a folder.

    Attributes:
        root: the folder that the images' paths start in.
        images: split -> its images, in the order of their paths.
        notes: what a person should know: what was left out, and how the splits were made.
    """

    root: Path
    images: dict[str, list[LabelledImage]]
    notes: list[str] = field(default_factory=list)


@dataclass
class _Faults:
    """What is wrong, by kind; one message in the end."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, what: str) -> None:
        self.found.setdefault(kind, []).append(what)

    def raise_any(self, root: Path) -> None:
        if not self.found:
            return
        lines = []
        for kind, cases in self.found.items():
            different = list(dict.fromkeys(cases))
            more = f" and {len(different) - _SHOWN:,} more" if len(different) > _SHOWN else ""
            lines.append(f"{kind}: {'; '.join(different[:_SHOWN])}{more}")
        raise DataError(f"{root}: {'. '.join(lines)}. Nothing was written.")


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table, or one file of a folder without one. `split` and `patient` may be ""."""

    path: str
    modality: str
    region: str
    pathology: str
    split: str = ""
    patient: str = ""
    label: str = ""


def labelled(root: Path, tables: Sequence[Path], seed: int, words: Vocabulary) -> Source:
    """The labelled images below `root`, by split.

    Raises DataError, in one message, for what is missing, unknown or contradictory. `seed` deals the images into
    splits where no table does.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder. Name the one that holds the images.")
    notes: list[str] = []
    faults = _Faults()
    files = set(_files(root))
    tables = tables or _own_tables(root)
    rows = [row for table in tables for row in _table(table, files, faults)] if tables else _folder(files)
    rows = _without_ultrasound(rows, notes)
    resolve = cache(partial(_resolve, words))
    images = [(row, image) for row in rows if (image := _labelled(row, resolve, faults))]
    _check_files(rows, files, bool(tables), faults, notes)
    faults.raise_any(root)
    if not images:
        raise DataError(
            f"{root} holds no labelled CT or MRI image. It should be laid out as CT/<body part>/<pathology>/*.png and "
            f"MR/..., or come with --csv, a table of the columns {','.join(OWN_COLUMNS)}."
        )
    notes += _lonely(image for _, image in images)
    return Source(root, _by_split(images, seed, notes), notes)


def _files(root: Path) -> Iterator[str]:
    top = str(root)
    for folder, _, names in os.walk(top):
        below = folder[len(top) :].replace(os.sep, "/").lstrip("/")
        for name in names:
            if name.lower().endswith(_IMAGE_NAMES):
                yield f"{below}/{name}" if below else name


def _own_tables(root: Path) -> list[Path]:
    """RadImageNet's tables beside the images, or beside the folder of the images."""
    for folder in (root, root.parent):
        found = [folder / f"RadiologyAI_{split}.csv" for split in SPLITS]
        if any(table.is_file() for table in found):
            return [table for table in found if table.is_file()]
    return []


def _table(table: Path, files: set[str], faults: _Faults) -> Iterator[_Row]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            columns = [name.strip().casefold() for name in next(reader, ())]
            if {"filename", "label"} <= set(columns):
                yield from _radimagenet_rows(table, _picked(reader, columns, ("filename", "label")), files, faults)
            elif set(OWN_COLUMNS) <= set(columns):
                yield from _own_rows(table, _picked(reader, columns, _OWN), faults)
            else:
                missing = [name for name in OWN_COLUMNS if name not in columns]
                faults.add(
                    "a table lacks columns", f"{table} has no {', '.join(missing)} (found: {', '.join(columns)})"
                )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        faults.add("a table cannot be read", f"{table} ({getattr(error, 'strerror', None) or error})")


def _split_of(table: Path) -> str:
    """The split that a table's name ends in, or ""."""
    return _SPLIT_NAMES.get(table.stem.replace("-", "_").rsplit("_", 1)[-1].casefold(), "")


_Line = tuple[int, list[str]]


def _picked(lines: Iterable[list[str]], columns: Sequence[str], wanted: Sequence[str]) -> Iterator[_Line]:
    """The number of each line and its cells in the order of `wanted`; "" where there is no such cell."""
    places = [columns.index(name) if name in columns else len(columns) for name in wanted]
    for number, line in enumerate(lines, start=2):
        if line:
            padded = line + [""] * (len(columns) + 1 - len(line))
            yield number, [padded[place].strip() for place in places]


def _radimagenet_rows(table: Path, lines: Iterable[_Line], files: set[str], faults: _Faults) -> Iterator[_Row]:
    split = _split_of(table)
    for number, (filename, label) in lines:
        path = _relative(filename, files)
        row = _from_path(path, split, label)
        if row is None:
            faults.add("a path without CT|MR/<body part>/<pathology>", f"{table.name} line {number}: {path!r}")
        else:
            yield row


def _relative(name: str, files: set[str]) -> str:
    """A table's file name as it is below the root, which may be a folder that the table names too."""
    path = name.replace("\\", "/").removeprefix("./")
    if path not in files:
        shorter = path.partition("/")[2]
        return shorter if shorter in files else path
    return path


def _from_path(path: str, split: str = "", label: str = "") -> _Row | None:
    parts = path.rsplit("/", 4)
    if len(parts) < 4 or parts[-4].casefold() not in ("ct", "mr", *ULTRASOUND):
        return None
    modality, region, pathology = parts[-4:-1]
    return _Row(path, modality, region, pathology, split, label=label)


def _own_rows(table: Path, lines: Iterable[_Line], faults: _Faults) -> Iterator[_Row]:
    for number, cells in lines:
        row = _Row(*cells)
        split = _SPLIT_NAMES.get(row.split.casefold(), "") if row.split else _split_of(table)
        empty = [name for name, cell in zip(OWN_COLUMNS, cells, strict=False) if not cell]
        if empty:
            faults.add("an empty cell", f"{table.name} line {number}: {', '.join(empty)}")
        elif row.split and not split:
            faults.add("an unknown split", f"{table.name} line {number}: {row.split!r}")
        else:
            yield replace(row, split=split, path=row.path.replace("\\", "/").removeprefix("./"))


def _folder(files: Iterable[str]) -> list[_Row]:
    return [row for path in sorted(files) if (row := _from_path(path))]


def _without_ultrasound(rows: Iterable[_Row], notes: list[str]) -> list[_Row]:
    kept, left = [], 0
    for row in rows:
        if row.modality.casefold() in ULTRASOUND:
            left += 1
        else:
            kept.append(row)
    if left:
        notes.append(f"{left:,} ultrasound images are left out: the paper's data are CT and MRI")
    return kept


_Resolve = Callable[[str, str, str], "tuple[str, str, str] | str"]


def _resolve(words: Vocabulary, modality: str, region: str, pathology: str) -> tuple[str, str, str] | str:
    """The taxonomy's (region, modality, folder name) for these words, or what is wrong with them."""
    try:
        modality = words.modality(modality)
        region = words.region(modality, region)
        return region, modality, words.pathology(region, pathology)
    except UnknownWordError as error:
        return str(error)


def _labelled(row: _Row, resolve: _Resolve, faults: _Faults) -> LabelledImage | None:
    found = resolve(row.modality, row.region, row.pathology)
    if isinstance(found, str):
        faults.add("not in the taxonomy", found)
        return None
    if row.label and not _agree(row.label, row.pathology):
        faults.add("table and folder disagree", f"{row.path} is labelled {row.label!r}")
    return LabelledImage(row.path, *found)


@lru_cache(maxsize=4096)
def _agree(label: str, folder: str) -> bool:
    """Whether a table's label names the folder, alone or behind a modality and a body part; a number says nothing."""
    said, shown = (" ".join(text.replace("_", " ").replace("-", " ").casefold().split()) for text in (label, folder))
    return said.isdigit() or said == shown or said.endswith(f" {shown}")


def _check_files(rows: Sequence[_Row], files: set[str], listed: bool, faults: _Faults, notes: list[str]) -> None:
    for path, count in Counter(row.path for row in rows).items():
        if count > 1:
            faults.add("an image is listed more than once", path)
        if path not in files:
            faults.add("a file is missing", path)
    if listed:
        others = map(_from_path, files - {row.path for row in rows})
        unlisted = sum(found is None or found.modality.casefold() not in ULTRASOUND for found in others)
        if unlisted:
            notes.append(f"{unlisted:,} images that no table lists are left out")


def _lonely(images: Iterable[LabelledImage]) -> list[str]:
    """Labels with one image: it can be in the training data or in the benchmark, never in both."""
    counts = Counter((image.modality, image.location, image.pathology) for image in images)
    alone = [
        f"{pathology} ({modality}, {region})" for (modality, region, pathology), count in counts.items() if count < 2
    ]
    return [f"{len(alone)} labels have one image only: {', '.join(sorted(alone)[:_SHOWN])}"] if alone else []


def _by_split(
    images: Sequence[tuple[_Row, LabelledImage]], seed: int, notes: list[str]
) -> dict[str, list[LabelledImage]]:
    splits: dict[str, list[LabelledImage]] = {split: [] for split in SPLITS}
    dealt = by_patient = 0
    for row, image in images:
        if not row.split:
            dealt += 1
            by_patient += bool(row.patient)
        splits[row.split or _dealt(seed, row.patient or row.path)].append(image)
    if dealt:
        shares = ", ".join(f"{split} {share} %" for split, share in SHARES)
        how = "by patient" if by_patient == dealt else "one by one: slices of one patient may be on both sides"
        notes.append(f"no table says which split {dealt:,} images are in: they were dealt ({shares}) {how}")
    for split in splits.values():
        split.sort(key=lambda image: image.path)
    return splits


def _dealt(seed: int, name: str) -> str:
    drawn = int.from_bytes(hashlib.sha256(f"{seed}\x1fsplit\x1f{name}".encode()).digest()[:8], "big") % 100
    for split, share in SHARES:
        if drawn < share:
            return split
        drawn -= share
    raise AssertionError("the shares add up to a hundred")
