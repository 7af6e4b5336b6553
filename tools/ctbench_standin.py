"""Writes a stand-in of CT-Bench, laid out as the released data are.

    python tools/ctbench_standin.py FOLDER
    radvqa verify --family ctbench --data FOLDER

The layout and the counts of the original (2,850 questions in two forms, 20,335 lesions), with texts of our own on the
twelve chest CT slices of the scans beside this file that have a labelled lesion, with its real box. They are shown
small and shifted, so that they stand for many; nothing can be measured with them. Of the train and validation lesions
there are no pictures.

Unknown of the original, and chosen here: that the paths of the pictures tell the split and the box, how nine slices
and four candidates are put together, what the boxes look like, and the names of the options that are pictures.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SCANS = Path(__file__).parent / "scans"
SIDE = 64  # pixels of a slice; the scans have 224
SHIFT = 3  # pixels by which a lesion differs from the one twelve before it
SLICES = 9
LESIONS = 24  # of each split that are asked about
DATASETS = {"train": 15_380, "validation": 1_758, "test": 3_197}
BOXES = ("bbox", "nobox")
LETTERS = "ABCD"
SIZES = ("less than 1 cm", "1 to 2 cm", "2 to 4 cm", "more than 4 cm")
ATTRIBUTES = (
    "lung; nodule; solid",
    "lung; mass; spiculated",
    "pleura; plaque; calcified",
    "hilum; lymph node; enlarged",
)

# Questions of the test split with either kind of image; the validation split has half (Table 4 of the paper).
TYPES = {
    "img2txt": (200, BOXES),
    "ct2txt": (200, BOXES),
    "txt2img": (200, BOXES),
    "txt2bbox": (100, ("bbox",)),
    "img2attrib": (100, BOXES),
    "ct2attrib": (100, BOXES),
    "img2size": (100, BOXES),
}
ASKED = {
    "img2txt": "Which description fits the lesion in this image best?",
    "ct2txt": "Which description fits the lesion in the middle of these slices best?",
    "txt2img": "Which of the images fits this description best? {}",
    "txt2bbox": "Which of the boxes holds the lesion that is described? {}",
    "img2attrib": "Which attributes does the lesion in this image have?",
    "ct2attrib": "Which attributes does the lesion in the middle of these slices have?",
    "img2size": "How long is the longer axis of the lesion in this image?",
}


@dataclass(frozen=True)
class Lesion:
    """A labelled lesion of a scan: the slice it is boxed in, its box on a picture of `SIDE`, and its length."""

    scan: str
    index: int
    box: tuple[int, int, int, int]
    millimetres: float

    def slices(self, shift: int) -> list[Image.Image]:
        """The nine slices around it, shifted; where the scan ends, its last one again."""
        every = _indices(self.scan)
        place = every.index(self.index) - SLICES // 2
        near = [every[min(max(place + step, 0), len(every) - 1)] for step in range(SLICES)]
        return [Image.fromarray(np.roll(_pixels(self.scan, index), shift, axis=1)) for index in near]


def _indices(scan: str) -> list[int]:
    return sorted(int(path.stem.rpartition("_")[2]) for path in SCANS.glob(f"{scan}_axi_*.png"))


@cache
def _pixels(scan: str, index: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(SCANS / f"{scan}_axi_{index:03}.png") as image:
        return np.asarray(image.convert("L").resize((SIDE, SIDE)))


@cache
def lesions() -> tuple[Lesion, ...]:
    """The twelve chest CT slices with a labelled lesion."""
    with (SCANS / "lesions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("lung")]
    return tuple(
        Lesion(
            row["file"].partition("_")[0],
            int(row["file"][-7:-4]),
            tuple(int(row[name]) * SIDE // 224 for name in ("x0", "y0", "x1", "y1")),  # type: ignore[arg-type]
            float(row["longest_side_mm"]),
        )
        for row in rows
    )


def lesion(number: int) -> tuple[Lesion, int]:
    """The lesion of this number, and by how many pixels it is shifted."""
    turn, place = divmod(number, len(lesions()))
    return lesions()[place], SHIFT * (turn % 5)


def described(number: int) -> str:
    """What Metadata.csv says of a lesion. Patients are shown from their feet: the left of a picture is their right."""
    one, shift = lesion(number)
    side = "right" if one.box[0] + shift < SIDE / 2 else "left"
    return f"A {one.millimetres / 10:.1f} cm nodule in the {side} lung, number {number}."


def first(split: str) -> int:
    """The number of a split's first lesion."""
    names = list(DATASETS)
    return sum(DATASETS[name] for name in names[: names.index(split)])


def lesion_rows() -> list[dict[str, str]]:
    """Metadata.csv: a row a lesion."""
    return [
        {
            "lesion_idx": str(number),
            "description": described(number),
            "size": f"{lesion(number)[0].millimetres:.1f}",
            "dataset": split,
        }
        for split, size in DATASETS.items()
        for number in range(first(split), first(split) + size)
    ]


@dataclass(frozen=True)
class Asked:
    """One question in both forms; `number` counts the questions of its kind."""

    kind: str
    split: str
    box: str
    number: int

    @property
    def lesion(self) -> int:
        """The number of the lesion that is asked about."""
        return first(self.split) + self.number % LESIONS

    @property
    def place(self) -> int:
        """Where the right answer stands among the four."""
        return (self.number + self.number // LESIONS) % 4

    def others(self) -> list[int]:
        """The lesions that the four options are of."""
        turn = 1 + self.number // LESIONS
        found = [first(self.split) + (self.number + 7 * step + turn) % LESIONS for step in range(3)]
        found.insert(self.place, self.lesion)
        return found

    def texts(self) -> list[str]:
        """The four options, where they are texts."""
        if self.kind == "img2size":
            return _with(SIZES, SIZES[_size(self.lesion)], self.place)
        if self.kind.endswith("attrib"):
            return _with(ATTRIBUTES, ATTRIBUTES[self.lesion % 4], self.place)
        return [described(number) for number in self.others()]

    def llm(self) -> dict[str, Any]:
        """The record of qa_llm.json."""
        pictures = {"txt2img": "Image", "txt2bbox": "Box"}.get(self.kind)
        texts = [f"{pictures} {letter}" for letter in LETTERS] if pictures else self.texts()
        return {
            "lesion_idx": self.lesion,
            "q_type": self.kind,
            "question": ASKED[self.kind].format(described(self.lesion)),
            "choices": dict(zip(LETTERS, texts, strict=True)),
            "correct_choice": LETTERS[self.place],
            "image_path": f"{self.split}/{self.kind}/{self.box}/{self.number % LESIONS}_{self.picture}.png",
        }

    @property
    def picture(self) -> int:
        """Questions about one lesion share its picture, unless the options are in it."""
        return self.number // LESIONS if self.kind.startswith("txt2") else 0

    def clip(self, qa_id: int) -> dict[str, Any]:
        """The record of qa_clip.json."""
        shared = {
            "qa_id": qa_id,
            "q_type": self.kind,
            "lesion_idx": self.lesion,
            "split": self.split,
            "bbox_type": self.box,
            "correct_choice": LETTERS[self.place],
        }
        folder = f"clip/{self.split}/{self.box}"
        if self.kind.startswith("img2"):
            return {**shared, "image_path": f"{folder}/{self.lesion}_4.png", "text": self.texts()}
        if self.kind.startswith("ct2"):
            paths = [f"{folder}/{self.lesion}_{step}.png" for step in range(SLICES)]
            return {**shared, "image_paths": paths, "text": self.texts()}
        names = [f"{number}_4" for number in self.others()]
        if self.kind == "txt2bbox":
            names = [f"{self.lesion}_box{number % LESIONS}" for number in self.others()]
        return {**shared, "image_paths": [f"{folder}/{name}.png" for name in names], "text": described(self.lesion)}


def _with(options: Sequence[str], right: str, place: int) -> list[str]:
    """All options, the right one in its place."""
    found = [option for option in options if option != right]
    found.insert(place, right)
    return found


def _size(number: int) -> int:
    length = lesion(number)[0].millimetres / 10
    return sum(length >= limit for limit in (1, 2, 4))


def every_question() -> Iterator[Asked]:
    """All 2,850."""
    for split, share in (("test", 1), ("validation", 2)):
        for kind, (size, boxes) in TYPES.items():
            for box in boxes:
                for number in range(size // share):
                    yield Asked(kind, split, box, number)


def llm_rows() -> list[dict[str, Any]]:
    """qa_llm.json."""
    return [one.llm() for one in every_question()]


def clip_rows() -> list[dict[str, Any]]:
    """qa_clip.json."""
    return [one.clip(number) for number, one in enumerate(every_question())]


@cache
def slices(number: int, box: str) -> list[Image.Image]:
    """The nine slices around a lesion as they are released, with its box in the middle one or without."""
    one, shift = lesion(number)
    found = [image.convert("RGB") for image in one.slices(shift)]
    if box == "bbox":
        found[SLICES // 2] = _boxed(found[SLICES // 2], _moved(one.box, shift))
    return found


def _moved(box: tuple[int, int, int, int], shift: int) -> tuple[int, int, int, int]:
    return box[0] + shift, box[1], box[2] + shift, box[3]


def _boxed(image: Image.Image, box: tuple[int, int, int, int], letter: str = "") -> Image.Image:
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((box[0] - 1, box[1] - 1, box[2], box[3]), outline=(255, 0, 0))
    if letter:
        pen.text((box[2] + 1, box[1] - 3), letter, fill=(255, 0, 0))
    return drawn


def other_box(number: int, other: int) -> tuple[int, int, int, int]:
    """The box of a lesion or, for the number of another one, a box of its size that is elsewhere."""
    one, shift = lesion(number)
    box = _moved(one.box, shift)
    if other % LESIONS == number % LESIONS:
        return box
    step = (other - number) % LESIONS
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = (box[0] + 17 * step) % (SIDE - width), (box[1] + 11 * step) % (SIDE - height)
    return x, y, x + width, y + height


def rendered(asked: Asked) -> Image.Image:
    """The one picture of a question in the form for language models."""
    if asked.kind == "txt2bbox":
        image = slices(asked.lesion, "nobox")[SLICES // 2]
        for letter, number in zip(LETTERS, asked.others(), strict=True):
            image = _boxed(image, other_box(asked.lesion, number), letter)
        return image
    images = apart(asked)
    return images[0] if len(images) == 1 else _grid(images, 3 if len(images) == SLICES else 2)


def apart(asked: Asked) -> list[Image.Image]:
    """The pictures of a question in the form for CLIP-type models: one, nine slices, or four options."""
    middle = SLICES // 2
    if asked.kind.startswith("ct2"):
        return slices(asked.lesion, asked.box)
    if asked.kind == "txt2img":
        return [slices(number, asked.box)[middle] for number in asked.others()]
    if asked.kind == "txt2bbox":
        plain = slices(asked.lesion, "nobox")[middle]
        return [_boxed(plain, other_box(asked.lesion, number)) for number in asked.others()]
    return [slices(asked.lesion, asked.box)[middle]]


def _grid(images: Sequence[Image.Image], wide: int) -> Image.Image:
    grid = Image.new("RGB", (wide * SIDE, -(-len(images) // wide) * SIDE))
    for place, image in enumerate(images):
        grid.paste(image, (place % wide * SIDE, place // wide * SIDE))
    return grid


def write(
    folder: Path,
    llm: Sequence[Mapping[str, Any]] | None = None,
    clip: Sequence[Mapping[str, Any]] | None = None,
    rows: Sequence[Mapping[str, str]] | None = None,
) -> None:
    """Lay questions in both forms, and lesions, by default all of them, out as the released data are."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "qa_llm.json").write_text(json.dumps(llm_rows() if llm is None else list(llm)), encoding="utf-8")
    (folder / "qa_clip.json").write_text(json.dumps(clip_rows() if clip is None else list(clip)), encoding="utf-8")
    with (folder / "Metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["lesion_idx", "description", "size", "dataset"])
        writer.writeheader()
        writer.writerows(lesion_rows() if rows is None else rows)
    _write_questions(folder)
    _write_lesions(folder)


def _write_questions(folder: Path) -> None:
    for number, asked in enumerate(every_question()):
        path = folder / "llm" / asked.llm()["image_path"]
        if not path.exists():
            _save(rendered(asked), path)
        record = asked.clip(number)
        paths = [folder / name for name in record.get("image_paths") or [record["image_path"]]]
        if not all(path.exists() for path in paths):
            for path, image in zip(paths, apart(asked), strict=True):
                _save(image, path)


def _write_lesions(folder: Path) -> None:
    """The pictures of the test split's lesions; those that look the same are one file under many names."""
    for box, name in (("bbox", "lesion_{}.png"), ("nobox", "{}.png")):
        place = folder / f"lesion_{box}"
        seen: dict[tuple[Lesion, int], Path] = {}
        for number in range(first("test"), first("test") + DATASETS["test"]):
            path = place / name.format(number)
            if known := seen.setdefault(lesion(number), path):
                _save(slices(number, box)[SLICES // 2], path) if known == path else os.link(known, path)


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "PNG", compress_level=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    write(folder)
    print(f"--data ctbench={folder}")


if __name__ == "__main__":
    main()
