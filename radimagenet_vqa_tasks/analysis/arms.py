"""Arms: one run's answers to one benchmark's questions, all with or all without the images; what numbers are made of.

Answers with and without the images, to different data, or by different major versions of the tasks never add up to one
number.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF, BENCHMARKS, EMBEDDED, MAIN
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Cell
from radimagenet_vqa_tasks.data.provenance import is_built
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.scoring.logs import Log
from radimagenet_vqa_tasks.scoring.record import ARMS, ArmName, Record

_Identity = tuple[ArmName, str, str, str]  # arm, benchmark, fingerprint, N of the version N-X

SAID: Mapping[ArmName, str] = {
    "textonly": "text only",
    "told": "told that there is no image",
    "blank": "blank image",
    "swapped": "another image",
}
"""What stands behind a run's name where the model was not shown the questions' own images."""

SHOWN: Mapping[ArmName, str] = {
    "image": "with the images",
    "textonly": "without the images",
    "told": "without the images, and told so",
    "blank": "with blank images",
    "swapped": "with other images",
}
"""The arms in a sentence."""


@dataclass(frozen=True)
class Arm:
    """One run's answers to the questions of one data set, all with or all without the image.

    Attributes:
        name: of the run; hostile text, like everything that comes from a file.
        logs: the sample logs that the records come from.
        expected: how many questions each cell has in the data set, where that is known.
        asked_words: how the model was asked, by the digests in the records, where the words are kept.
        is_sample: whether the questions are the embedded sample's and not the benchmark's.
    """

    name: str
    records: Sequence[Record]
    arm: ArmName = "image"
    fingerprint: str = ""
    version: str = ""
    is_sample: bool = False
    logs: tuple[Path, ...] = ()
    expected: Mapping[str, int] = field(default_factory=dict)
    asked_words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The arm's name in tables."""
        return self.name if self.with_image else f"{self.name} ({SAID[self.arm]})"

    @property
    def with_image(self) -> bool:
        """Whether the model saw the questions' own images."""
        return self.arm == "image"

    @cached_property
    def clustered_on(self) -> str:
        """What errors are clustered on, in the plural: images, where no record says more."""
        family = self.benchmark
        if self.is_sample and family.embedded:
            return family.embedded.clustered_on if any(record.picture for record in self.records) else "images"
        return family.clustered_on

    @property
    def captions(self) -> bool:
        """Whether the answers are captions, which are neither right nor wrong."""
        return any(cell.format == "caption" for cell in self.cells.values())

    @property
    def is_built(self) -> bool:
        """Whether the questions are about data that `radvqa build` made, and not the benchmark's."""
        return is_built(self.fingerprint)

    @property
    def major(self) -> str:
        """The N of the task version N-X: scores of different N do not compare."""
        return self.version.partition("-")[0]

    @cached_property
    def benchmark(self) -> Benchmark:
        """The benchmark that the questions are of."""
        return BENCHMARK_OF[self.records[0].cell] if self.records else MAIN

    @property
    def cells(self) -> Mapping[str, Cell]:
        """The benchmark's cells, asked or not."""
        return self.benchmark.cells

    @cached_property
    def judges(self) -> tuple[str, ...]:
        """Who judged the open answers."""
        return tuple(sorted({record.judge for record in self.records if record.judge}))

    @cached_property
    def asked(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """The digests of how the questions of each cell and format were asked; "" where a record does not tell."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for record in self.records:
            if record.outcome != "missing":
                found[record.cell, record.format].add(record.asked)
        return {asked: frozenset(digests) for asked, digests in found.items()}

    @cached_property
    def partial(self) -> str:
        """What is missing of the data set's questions, in words; empty where nothing is, or nothing is known."""
        asked = Counter(record.cell for record in self.records)
        fewer = [name for name in self.cells if 0 < asked[name] < self.expected.get(name, 0)]
        absent = [name for name in self.cells if not asked[name]]
        said = [f"{asked[name]:,} of {self.expected[name]:,} in {name}" for name in fewer[:3]]
        said += [f"{len(fewer) - 3} more cells likewise"] if len(fewer) > 3 else []
        return ", ".join(said + ([f"nothing in {', '.join(absent)}"] if absent else []))


def arms_of(
    name: str, logs: Sequence[Log], expected: Mapping[Path, int | None], words: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[Arm, ...], list[str]]:
    """The arms in one run's logs, their records in the order of the cells, and a sentence for what is odd.

    `expected` is how many questions each log's task has, where that is known; `words` is how its model was asked, by
    the digests in the records.
    """
    groups: dict[_Identity, dict[str, Record]] = defaultdict(dict)
    sources: dict[_Identity, list[Log]] = defaultdict(list)
    repeated = 0
    for log in logs:
        for identity, records in _by_identity(log.records).items():
            found = {record.key: record for record in records}
            repeated += len(found.keys() & groups[identity].keys())
            groups[identity] = found | groups[identity]
            sources[identity].append(log)
    notes = []
    if repeated:
        notes.append(f"{repeated:,} questions of {plain(name)} are in several logs; their first answer counts")
    if len({identity[1:] for identity in groups}) > len({identity[1] for identity in groups}):
        notes.append(f"{plain(name)} has answers to several data sets or task versions, which are kept apart")
    order = list(BENCHMARKS)
    ordered = sorted(groups, key=lambda identity: (order.index(identity[1]), ARMS.index(identity[0]), identity))
    arms = [_arm(name, groups[identity], identity, sources[identity], expected) for identity in ordered]
    return tuple(replace(arm, asked_words=words) for arm in arms), notes


def _arm(
    name: str,
    records: Mapping[str, Record],
    identity: _Identity,
    logs: Sequence[Log],
    expected: Mapping[Path, int | None],
) -> Arm:
    by_cell: dict[str, list[Record]] = {cell: [] for cell in BENCHMARKS[identity[1]].cells}
    for record in records.values():
        by_cell[record.cell].append(record)
    sizes = {cell: size for log in logs if (size := expected[log.path]) for cell in _cells(log.records)}
    return Arm(
        name,
        [record for of_cell in by_cell.values() for record in of_cell],
        arm=identity[0],
        fingerprint=identity[2] or _digest(record.fingerprint for record in records.values()),
        version=max({record.version for record in records.values()}),
        is_sample=any(record.fingerprint in EMBEDDED for record in records.values()),
        logs=tuple(log.path for log in logs),
        expected=sizes,
    )


def _by_identity(records: Sequence[Record]) -> dict[_Identity, list[Record]]:
    """Records by what keeps arms apart; the X of a version does not change scores, see the change log."""
    groups: dict[tuple[ArmName, str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.arm, record.cell, record.fingerprint, record.version].append(record)
    merged: dict[_Identity, list[Record]] = defaultdict(list)
    for (arm, cell, fingerprint, version), group in groups.items():
        family = BENCHMARK_OF[cell]
        data = fingerprint if family.one_data_set else ""
        merged[arm, family.name, data, version.partition("-")[0]] += group
    return merged


def _cells(records: Iterable[Record]) -> set[str]:
    return {record.cell for record in records}


def _digest(fingerprints: Iterable[str]) -> str:
    """One fingerprint for several data sets."""
    return hashlib.sha256(" ".join(sorted(set(fingerprints))).encode()).hexdigest()[:16]
