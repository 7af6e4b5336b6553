"""`radvqa verify`: is this copy of a data set the one that the paper, or its authors, describe?

Unlike the tasks, which stop at the first thing that is wrong, it looks at everything and reports every finding.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.data.adapter import Adapted, adapted, image_files, whole_faults
from radimagenet_vqa_tasks.data.fingerprints import known_fingerprint
from radimagenet_vqa_tasks.data.images import decode, said
from radimagenet_vqa_tasks.data.provenance import marked
from radimagenet_vqa_tasks.data.rows import data_parts
from radimagenet_vqa_tasks.data.sources import built_images, local_copies
from radimagenet_vqa_tasks.errors import DataError, RadVQAError

SIZES = 5  # sizes of images that are told apart, the commonest ones

# Where an image is: the question or row that names it, and its stored form {bytes, path}.
_Placed = tuple[str, Mapping[str, Any] | None]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    is_fault: bool
    text: str

    def __str__(self) -> str:
        return f"{'FAULT' if self.is_fault else 'ok   '} {self.text}"


def verify(data: Path | None, source: str, *, sample: bool = False) -> list[Finding]:
    """Every finding about a local copy, the hub's data or the sample. Raises where there is nothing to look at.

    `source` is a name of `benchmarks.SOURCES`; all benchmarks that are made of the whole data set are looked at.
    """
    findings: list[Finding] = []
    benchmarks = [
        one for one in BENCHMARKS.values() if one.source.name == source and (one.averaged or not one.embedded)
    ]
    with local_copies({source: data} if data else {}):
        for benchmark in benchmarks:
            for rows in data_parts(benchmark, data, sample=sample):
                try:
                    findings += _findings(benchmark, rows, whole=not sample)
                except DataError as error:
                    findings.append(Finding(True, str(error)))
    return findings


def _findings(benchmark: Benchmark, rows: Dataset, *, whole: bool) -> Iterator[Finding]:
    found = adapted(benchmark, rows)
    built = built_images(benchmark.source.name) if whole else None
    faults = [*found.faults, *(whole_faults(benchmark, found.questions, built) if whole else ())]
    yield from (Finding(True, fault) for fault in faults)
    if not faults:
        yield Finding(False, f"every question of {benchmark.title} has what it needs, and its answer can be one")
    counts = Counter((one.cell, one.format) for one in found.questions)
    listed = ", ".join(f"{cell} {count:,} ({form})" for (cell, form), count in counts.items())
    yield Finding(not counts, f"{benchmark.title}: {len(found.questions):,} questions: {listed}")
    files: Mapping[str, Path] = {}
    try:
        files = image_files(benchmark, found.questions)
    except RadVQAError as error:
        yield Finding(True, str(error))
    images = len({one.image for one in found.questions})
    digest = known_fingerprint(found.rows, [] if benchmark.source.images_from else list(files.values()))
    if built:
        yield Finding(False, f"built data, not {benchmark.title}: made by `radvqa build`")
        digest = marked(digest)
    yield Finding(False, f"fingerprint {digest}: {len(found.rows):,} rows, {images:,} images")
    named = ((name, {"bytes": None, "path": str(path)}) for name, path in files.items())
    yield from _images(named if files else _stored(benchmark, found))
    if whole and not built:
        for said, published in benchmark.figures(found.questions, len(found.rows)):
            yield Finding(not published, said)


def _stored(benchmark: Benchmark, found: Adapted) -> Iterator[_Placed]:
    """The images as a run sees them: a row may hold bytes, and never the name of a file."""
    for row, cell in found.images.each():
        if cell or len(benchmark.images) == 1:  # of several columns, some may be empty
            yield f"row {row}", cell


def _images(cells: Iterable[_Placed]) -> Iterator[Finding]:
    seen: dict[tuple[bytes, str | None], str] = {}  # many rows hold the same image
    sizes: Counter[str] = Counter()
    faulty = False
    for place, cell in cells:
        stored, path = (cell["bytes"], cell["path"]) if cell else (None, None)
        image = (hashlib.sha256(stored or b"").digest(), None if stored else path)
        if image not in seen:
            size, seen[image] = _size_or_fault(cell)
            sizes[size] += 1
        if seen[image]:
            faulty = True
            yield Finding(True, f"{place}: {seen[image]} (path {path!r})")
    if not faulty:
        listed = ", ".join(f"{count:,} of {size}" for size, count in sizes.most_common(SIZES))
        more = f", and {len(sizes) - SIZES:,} more sizes" if len(sizes) > SIZES else ""
        yield Finding(False, f"every image can be decoded: {listed}{more}")


def _size_or_fault(cell: Mapping[str, Any] | None) -> tuple[str, str]:
    try:
        image = decode(dict(cell) if cell else None, owner="")
    except DataError as error:
        return "", said(error.__cause__ or error)
    return f"{image.width} x {image.height}", ""
