"""The benchmarks, one file each: everything that is particular to one stands there and nowhere else.

A file names what it defines in `BENCHMARKS`. Every look-up is made from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Cell, Embedded, Source


def _found() -> list[Benchmark]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    every = [benchmark for module in modules for benchmark in getattr(module, "BENCHMARKS", ())]
    return sorted(every, key=lambda one: (one.position, one.name))


BENCHMARKS: Mapping[str, Benchmark] = {one.name: one for one in _found()}
"""Every benchmark by its name, in the order of the documentation."""

BENCHMARK_OF: Mapping[str, Benchmark] = {cell: one for one in BENCHMARKS.values() for cell in one.cells}
"""Every cell's benchmark."""

SOURCES: Mapping[str, Source] = {one.source.name: one.source for one in BENCHMARKS.values()}
"""Every data set by the name that `--data` has for it."""

EMBEDDED: Mapping[str, Embedded] = {
    one.embedded.fingerprint: one.embedded for one in BENCHMARKS.values() if one.embedded
}
"""What the package holds of the benchmarks, by fingerprint."""

MAIN = next(iter(BENCHMARKS.values()))
"""The benchmark that the pack is named after."""


def cell_called(name: str) -> Cell:
    """The cell of any benchmark by its name. Raises KeyError."""
    return BENCHMARK_OF[name].cells[name]
