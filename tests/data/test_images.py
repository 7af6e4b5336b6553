"""Images reach models as 8-bit RGB."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from radimagenet_vqa_tasks.data.images import blank, decode, said
from radimagenet_vqa_tasks.errors import DataError


def cell(image: Image.Image, kind: str = "PNG") -> dict[str, object]:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return {"bytes": buffer.getvalue(), "path": "scan.png"}


def pixel(image: Image.Image, kind: str = "PNG") -> object:
    decoded = decode(cell(image, kind), "q")
    assert decoded.mode == "RGB"
    return decoded.getpixel((0, 0))


def test_grey_becomes_equal_channels() -> None:
    """Grey CT and MRI slices keep their values."""
    assert pixel(Image.new("L", (2, 2), 77)) == (77, 77, 77)


def test_sixteen_bit_is_scaled_from_its_own_range() -> None:
    """16-bit files are windowed from minimum to maximum instead of being cut at 255."""
    values = np.array([[40_000, 20_000], [30_000, 20_000]], dtype=np.uint16)
    decoded = np.asarray(decode(cell(Image.fromarray(values)), "q"))[..., 0]
    assert decoded.tolist() == [[255, 0], [128, 0]]


def test_constant_sixteen_bit_is_black() -> None:
    """A blank 16-bit image does not divide by zero."""
    assert pixel(Image.fromarray(np.full((2, 2), 500, dtype=np.uint16))) == (0, 0, 0)


def test_palette_is_resolved() -> None:
    """Palette indices are not taken for grey values."""
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert pixel(image) == (10, 20, 30)


def test_cmyk_is_converted() -> None:
    """CMYK files, which VQA-RAD has, come out in their colours."""
    assert pixel(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG") == (255, 255, 255)


def test_transparency_becomes_black() -> None:
    """Transparent padding is background, not whatever colour hides under it."""
    assert pixel(Image.new("RGBA", (2, 2), (255, 0, 0, 0))) == (0, 0, 0)


@pytest.mark.parametrize("damage", [b"", b"not an image", None])
def test_undecodable_image_names_question_and_path(damage: bytes | None) -> None:
    """A damaged image ends in one message with the question, the path and the remedy."""
    with pytest.raises(DataError, match=r"question 'img:mc' \(path 'scan.png'\).*radvqa verify"):
        decode({"bytes": damage, "path": "scan.png"}, "img:mc")


@pytest.mark.parametrize("lenient", [False, True])
def test_truncated_image_is_an_error(monkeypatch: pytest.MonkeyPatch, lenient: bool) -> None:
    """Half an image is not shown to a model as if it were whole, though the host tells Pillow to accept it."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    whole = cell(Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)))
    assert isinstance(whole["bytes"], bytes)
    with pytest.raises(DataError, match="cannot be decoded"):
        decode({"bytes": whole["bytes"][: len(whole["bytes"]) // 2], "path": "scan.png"}, "q")
    assert lenient == ImageFile.LOAD_TRUNCATED_IMAGES


def test_blank_has_the_size_and_reads_no_pixels() -> None:
    """A uniform grey of the image's size, from its header: even of a file whose pixels are cut off."""
    buffer = io.BytesIO()
    Image.effect_noise((40, 30), 50).save(buffer, "PNG")
    made = blank({"bytes": buffer.getvalue()[:200], "path": None}, "q")
    assert (made.mode, made.size, made.getcolors()) == ("RGB", (40, 30), [(1200, (128, 128, 128))])
    with pytest.raises(DataError, match="question 'q'"):
        blank({"bytes": b"no image", "path": None}, "q")


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP", "EPS", "PDF", "ICO"])
def test_other_formats_are_not_opened(kind: str) -> None:
    """Pillow knows forty formats, and hands some to other programs: only those of the benchmarks are tried."""
    with pytest.raises(DataError, match="no image of the formats PNG and JPEG"):
        decode(cell(Image.new("RGB", (9, 9)), kind), "q")


@pytest.mark.parametrize("made", [decode, blank])
def test_too_many_pixels_are_refused_before_any_is_made(made: Callable[[Any, str], Any]) -> None:
    """Some KB of a file can say that they are gigabytes of pixels, in a picture or a grey one of its size."""
    bomb = cell(Image.new("1", (8000, 8000)))
    assert len(bomb["bytes"]) < 20_000  # type: ignore[arg-type]
    with pytest.raises(DataError, match="8,000 x 8,000 pixels"):
        made(bomb, "q")


def test_an_error_without_words_is_named() -> None:
    """Some exceptions, of memory for one, have an empty text."""
    assert (said(MemoryError()), said(ValueError("x"))) == ("MemoryError", "x")
