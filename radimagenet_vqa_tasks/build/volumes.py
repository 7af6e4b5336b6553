"""`radvqa build volumes`: labelled volumes to axial slices, with captions and questions about organs and lesions.

As the paper does with KiTS22 and AbdomenAtlas (arXiv 2512.17396, appendix C.1), whose questions are not printed: the
wordings here are ours. Volumes and masks are NIfTI; what a mask's numbers mean, a label map says. Slices are shown as
radiologists see them: the patient's right on the left of the picture, anterior on top, CT in a soft-tissue window.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image

from radimagenet_vqa_tasks.build.layouts import Case, Structure
from radimagenet_vqa_tasks.errors import DataError, RunError

SIDE = 224  # pixels, as RadImageNet's images
WINDOW = (40.0, 400.0)
"""Centre and width, in Hounsfield units, of the soft-tissue window that abdominal CT is read in."""

MR_PERCENTILES = (1.0, 99.0)
"""The grey values of an MRI volume between which its slices are shown: MRI has no absolute scale."""

LEAST = 0.0005
"""The share of a slice's pixels that a structure must cover to be asked about: about 25 pixels of 224 x 224."""

Array = NDArray[np.float32]
Mask = NDArray[np.int32]


LabelMap = Mapping[int, Structure]


@dataclass(frozen=True)
class Slice:
    """One axial slice: its picture as PNG, and the structures that are on it, largest first."""

    name: str
    png: bytes
    modality: str
    structures: tuple[Structure, ...]


def read_label_map(file: Path) -> dict[int, Structure]:
    """A label map of one's own: YAML or JSON, number -> name, or number -> {name, kind, organ}.

    Raises DataError where it is not one.
    """
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = {int(number): _structure(entry) for number, entry in entries.items()}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"{file} is no label map ({error}). Write one line a number, for instance `2: {{name: kidney tumor, kind: "
            "lesion, organ: kidney}`."
        ) from error
    wrong = [one.name for one in found.values() if one.kind not in ("organ", "lesion")]
    if wrong or not found:
        raise DataError(
            f"{file}: {wrong[0]!r} is neither an organ nor a lesion." if wrong else f"{file} names nothing."
        )
    return found


def _structure(entry: Any) -> Structure:
    if isinstance(entry, str):
        return Structure(entry)
    return Structure(str(entry["name"]), str(entry.get("kind", "organ")), str(entry.get("organ", "")))


def nibabel() -> Any:
    """The library that reads NIfTI. Raises RunError where it is not installed."""
    try:
        import nibabel as library
    except ImportError as error:
        raise RunError("reading volumes needs nibabel. Run: pip install 'radimagenet-vqa-tasks[build]'") from error
    return library


def slices(case: Case, every: int = 1) -> Iterator[Slice]:
    """Every `every`th axial slice of a case that shows at least one structure.

    Raises DataError where a file is no volume, or image and mask do not match.
    """
    volume, spacing, affine = _oriented(case.image)
    labels: Mask = np.zeros(volume.shape, np.int32)
    for file, number in case.masks:
        mask, _, of_mask = _oriented(file)
        if mask.shape != volume.shape or not np.allclose(of_mask, affine, atol=1e-2):
            raise DataError(
                f"{file} and {case.image} do not lie on each other: shapes {mask.shape} and {volume.shape}, or another "
                "position in space. Take the mask that was drawn on this image."
            )
        values = np.rint(mask).astype(np.int32)
        labels = np.where(values > 0, values if number is None else number, labels)
    unknown = sorted(set(np.unique(labels).tolist()) - {0} - set(case.labels))
    if unknown:
        raise DataError(f"{case.masks[0][0]} holds the label {unknown[0]}, which the label map does not name.")
    grey = _windowed(volume, case.modality)
    for index in range(0, volume.shape[2], every):
        if found := _structures(labels[:, :, index], case.labels):
            png = _png(grey[:, :, index], spacing)
            yield Slice(f"{case.name}/axial_{index:04d}.png", png, case.modality, found)


def _oriented(file: Path) -> tuple[Array, tuple[float, float], NDArray[np.float64]]:
    """A volume turned so that its axes run to the patient's left, back and head; its spacing there, and its place."""
    library = nibabel()
    try:
        image = library.load(str(file))
        turned = library.as_closest_canonical(image)
        values = np.asarray(turned.dataobj, dtype=np.float32)
    except (OSError, EOFError, ValueError, library.filebasedimages.ImageFileError) as error:
        raise DataError(f"{file} is no volume that can be read: {error}. Fetch it again.") from error
    if values.ndim != 3:
        raise DataError(f"{file} has {values.ndim} dimensions; an image or a mask has three.")
    # Canonical axes run right, anterior, superior: flipped, so that rows go down to the back and columns to the left.
    across, down = (float(one) for one in turned.header.get_zooms()[:2])
    return values[::-1, ::-1, :], (across, down), turned.affine


def _windowed(volume: Array, modality: str) -> NDArray[np.uint8]:
    if modality == "ct":
        low, high = WINDOW[0] - WINDOW[1] / 2, WINDOW[0] + WINDOW[1] / 2
    else:
        low, high = (float(one) for one in np.percentile(volume, MR_PERCENTILES))
    finite = np.nan_to_num(volume, nan=low, posinf=high, neginf=low)
    return np.rint((np.clip(finite, low, high) - low) / max(high - low, 1e-6) * 255).astype(np.uint8)


def _structures(labels: Mask, names: LabelMap) -> tuple[Structure, ...]:
    numbers, counts = np.unique(labels, return_counts=True)
    shown = [(-count, names[number]) for number, count in zip(numbers.tolist(), counts.tolist(), strict=True) if number]
    enough = [one for one in shown if -one[0] >= max(1, LEAST * labels.size)]
    by_size = sorted(enough, key=lambda one: (one[0], one[1].name))
    return tuple(dict.fromkeys(structure for _, structure in by_size))


def _png(grey: NDArray[np.uint8], spacing: tuple[float, float]) -> bytes:
    """A square picture of `SIDE` pixels in true proportions; what is beside the slice is black."""
    picture = Image.fromarray(np.ascontiguousarray(grey.T))
    width, height = picture.width * spacing[0], picture.height * spacing[1]
    scale = SIDE / max(width, height)
    size = (max(1, math.floor(width * scale + 0.5)), max(1, math.floor(height * scale + 0.5)))
    square = Image.new("L", (SIDE, SIDE))
    square.paste(picture.resize(size, Image.Resampling.BILINEAR), ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    buffer = io.BytesIO()
    square.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()
