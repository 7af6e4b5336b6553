"""A stratified sample: the benchmark's images, with the regions, pathologies and normals of the whole in proportion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

from radimagenet_vqa_tasks.build.questions import LabelledImage, salt
from radimagenet_vqa_tasks.errors import DataError

NORMALS = 0.281
"""The share of images without pathology in the benchmark (the paper, section 3.2)."""

_Key = TypeVar("_Key", bound=tuple[str, ...])


def sample(images: Sequence[LabelledImage], wanted: int, seed: int, normals: float = NORMALS) -> list[LabelledImage]:
    """`wanted` of the images, in the order of their paths.

    The share of normals is kept first; within the normals and the others, each modality, region and pathology has its
    share by largest remainder. Which images of a stratum are taken is drawn by seed and path. Raises DataError where
    there are fewer images than wanted.
    """
    if wanted > len(images):
        raise DataError(
            f"the benchmark is to have {wanted:,} images, and its split has {len(images):,}. "
            "Ask for fewer with --images."
        )
    normal = [image for image in images if not image.is_abnormal]
    abnormal = [image for image in images if image.is_abnormal]
    of_normals = min(len(normal), max(wanted - len(abnormal), round(normals * wanted)))
    chosen = _stratified(normal, of_normals, seed) + _stratified(abnormal, wanted - of_normals, seed)
    return sorted(chosen, key=lambda image: image.path)


def _stratified(images: Sequence[LabelledImage], wanted: int, seed: int) -> list[LabelledImage]:
    strata: dict[tuple[str, str, str], list[LabelledImage]] = defaultdict(list)
    for image in images:
        strata[image.modality, image.location, image.pathology].append(image)
    shares = largest_remainder({key: len(members) for key, members in strata.items()}, wanted)
    salted = salt(seed, "benchmark")
    chosen = []
    for key, members in strata.items():
        chosen += sorted(members, key=lambda image: sha256(salted + image.path.encode()).digest())[: shares[key]]
    return chosen


def largest_remainder(sizes: Mapping[_Key, int], wanted: int) -> dict[_Key, int]:
    """`wanted` seats dealt in proportion to `sizes`; the seats left over go to the largest remainders, ties by name."""
    total = sum(sizes.values())
    if not total:
        return dict.fromkeys(sizes, 0)
    shares = {key: wanted * size // total for key, size in sizes.items()}
    left = wanted - sum(shares.values())
    by_remainder = sorted(sizes, key=lambda key: (-(wanted * sizes[key] % total), key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares
