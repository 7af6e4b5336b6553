"""A bootstrap over clusters, which the formulas of the package are held against: it knows nothing of them.

One matrix product gives all replicates of all cells; benchmarks/analysis.py measures it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

CHUNK = 500  # replicates at a time: a row of weights for each cluster in each of them


def weights(clusters: int, replicates: int, seed: int = 0) -> Matrix:
    """How often each cluster is drawn in each replicate: (replicates, clusters)."""
    drawn = np.random.default_rng(seed).integers(clusters, size=(replicates, clusters))
    places = drawn + clusters * np.arange(replicates)[:, None]
    return np.bincount(places.ravel(), minlength=replicates * clusters).reshape(replicates, clusters).astype(float)


def means(cells: Mapping[str, tuple[Sequence[float], Sequence[Hashable]]], replicates: int, seed: int = 0) -> Matrix:
    """The replicates of each cell's mean: (replicates, cells), the cells in the given order."""
    index: dict[Hashable, int] = {}
    for _, clusters in cells.values():
        for cluster in clusters:
            index.setdefault(cluster, len(index))
    totals = np.zeros((len(index), 2 * len(cells)))
    for column, (values, clusters) in enumerate(cells.values()):
        rows = [index[cluster] for cluster in clusters]
        np.add.at(totals[:, 2 * column], rows, values)
        np.add.at(totals[:, 2 * column + 1], rows, 1)
    parts = [
        weights(len(index), min(CHUNK, replicates - start), seed + start) @ totals
        for start in range(0, replicates, CHUNK)
    ]
    sums = np.concatenate(parts)
    found: Matrix = sums[:, ::2] / sums[:, 1::2]
    return found
