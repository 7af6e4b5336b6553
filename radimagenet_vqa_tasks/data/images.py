"""Images as models expect them: 8-bit RGB, whatever a file holds.

A file is hostile input. Only the formats that the benchmarks use are opened, for Pillow knows forty and hands some of
them to other programs; and the size that its header states is looked at before a pixel is made.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from radimagenet_vqa_tasks.errors import DataError

GREY = (128, 128, 128)
FORMATS = ("PNG", "JPEG")
LARGEST = 50_000_000  # pixels; a radiograph of the largest detectors has less than half of them


def decode(cell: dict[str, Any] | None, owner: str) -> Image.Image:
    """The image of a cell {bytes, path}, as 8-bit RGB; of the file at `path` where there are no bytes.

    `owner` names the question in an error. Raises DataError where the image is missing, truncated or no image.
    """
    try:
        image = _opened(cell)
        with _whole_images_only():
            image.load()
        return to_rgb(image)
    except Exception as error:
        raise _damaged(cell, owner, error) from error


def blank(cell: dict[str, Any] | None, owner: str) -> Image.Image:
    """A uniform grey picture of the size that `decode` would give; the file's header is read, its pixels are not.

    Raises DataError as `decode` does.
    """
    try:
        with _opened(cell) as image:
            return Image.new("RGB", image.size, GREY)
    except Exception as error:
        raise _damaged(cell, owner, error) from error


def _opened(cell: dict[str, Any] | None) -> Image.Image:
    """The image, of which nothing but the header has been read."""
    stored = _stored(cell)
    try:
        image = Image.open(io.BytesIO(stored), formats=FORMATS)
    except UnidentifiedImageError:
        raise ValueError(f"it is no image of the formats {' and '.join(FORMATS)}") from None
    if image.width * image.height > LARGEST:
        raise ValueError(f"it says that it has {image.width:,} x {image.height:,} pixels, which no scan has")
    return image


def _stored(cell: dict[str, Any] | None) -> bytes:
    stored, path = (cell["bytes"], cell["path"]) if cell else (None, None)
    if stored is not None:
        return bytes(stored)
    if not path:
        raise ValueError("there is none")
    return Path(path).read_bytes()


def _damaged(cell: dict[str, Any] | None, owner: str, error: Exception) -> DataError:
    # Pillow raises a different type for almost every way in which a file can be damaged.
    return DataError(
        f"the image of question {owner!r} (path {(cell or {}).get('path')!r}) cannot be decoded: {said(error)}. "
        "Fetch the data set again; `radvqa verify` lists every damaged image."
    )


def said(error: BaseException) -> str:
    """An error in words; some have none but their names."""
    return str(error) or type(error).__name__


_loading = Lock()


@contextmanager
def _whole_images_only() -> Iterator[None]:
    """Pillow's refusal of truncated files, which parts of the host switch off for the whole process."""
    with _loading:
        lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB. Depths above 8 bits are scaled from their own minimum and maximum; transparency becomes black."""
    if image.mode.startswith(("I", "F")):
        return _scale(np.asarray(image, dtype=np.float64)).convert("RGB")
    if image.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in image.info:
        opaque = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(opaque, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _scale(values: np.ndarray[Any, np.dtype[np.float64]]) -> Image.Image:
    scaled = np.where(np.isfinite(values), values, 0.0)
    low = scaled.min()
    span = scaled.max() - low
    scaled -= low  # in place, for a large picture has 400 MB of these numbers
    if span:
        scaled /= span
    scaled *= 255
    return Image.fromarray(np.rint(scaled, out=scaled).astype(np.uint8))
