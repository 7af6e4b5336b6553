# ruff: noqa: RUF001
"""Writes stand-ins of VQA-RAD, SLAKE and MMMU's medical subjects, each laid out as the hub lays it out.

    python tools/comparators.py FOLDER

makes FOLDER/vqa-rad, FOLDER/SLAKE and FOLDER/MMMU: the schemas, sizes and oddities of the originals, on slices of the
embedded sample and with questions of our own. They are for trying and testing; nothing can be measured with them. Then

    radvqa verify --family slake --data FOLDER/SLAKE
    radvqa run --data slake=FOLDER/SLAKE --model radvqa_chance --tasks radvqa_slake

Oddities: CMYK, 16-bit, palette and grey images; answers with capitals and stray blanks; questions that occur twice;
several images a question, with null columns between; options as a string that holds a list; lists as answers.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from radimagenet_vqa_tasks.benchmarks.mmmu_med import IMAGE_COLUMNS, SUBJECTS

SAMPLE = Path(__file__).parent.parent / "radimagenet_vqa_tasks" / "sample" / "test.parquet"

VQARAD_QUESTIONS, VQARAD_IMAGES = 451, 203
SLAKE_QUESTIONS, SLAKE_IMAGES = {"en": 1061, "zh": 1033}, 96
MMMU_QUESTIONS, MMMU_OPEN = 30, 2  # a subject
SIDE = 64  # pixels

IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@dataclass(frozen=True)
class Slice:
    """One slice of the sample."""

    pixels: Image.Image
    region: str
    modality: str
    abnormal: bool


@cache
def slices() -> tuple[Slice, ...]:
    """The sample's slices, small."""
    rows = pq.read_table(SAMPLE, columns=["image", "metadata"]).to_pylist()[::9]
    return tuple(
        Slice(
            Image.open(io.BytesIO(row["image"]["bytes"])).convert("L").resize((SIDE, SIDE)),
            row["metadata"]["location"],
            row["metadata"]["modality"],
            row["metadata"]["is_abnormal"],
        )
        for row in rows
    )


def variant(index: int) -> Slice:
    """The `index`th image: a slice of the sample, shifted by as many pixels as it has been used before."""
    every = slices()
    turn, place = divmod(index, len(every))
    one = every[place]
    return Slice(Image.fromarray(np.roll(np.asarray(one.pixels), 5 * turn)), one.region, one.modality, one.abnormal)


def encoded(pixels: Image.Image, kind: str) -> bytes:
    """A file of one of the kinds that the originals hold: "CMYK", "RGB" or "L" JPEG, "P" or "I;16" PNG."""
    buffer = io.BytesIO()
    if kind == "I;16":
        Image.fromarray(np.asarray(pixels).astype(np.uint16) * 200).save(buffer, "PNG")
    elif kind == "P":
        pixels.convert("RGB").convert("P").save(buffer, "PNG")
    else:
        pixels.convert("RGB").convert(kind).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def vqarad_rows() -> list[dict[str, Any]]:
    """VQA-RAD's test split: two or three questions an image, no ids, no paths, some rows twice."""
    kinds = ("RGB", "L", "CMYK", "RGB", "P", "I;16")
    images = [encoded(variant(index).pixels, kinds[index % len(kinds)]) for index in range(VQARAD_IMAGES)]
    rows: list[dict[str, Any]] = []
    for index in range(VQARAD_QUESTIONS):
        place = index % VQARAD_IMAGES
        shown = variant(place)
        asked = (
            ("Is this a CT image?", "yes" if shown.modality == "ct" else "No"),
            ("what part of the body is shown?", f"{shown.region} "),
            ("Is there an abnormality?", "Yes" if shown.abnormal else "no"),
            ("What modality is shown?", "CT" if shown.modality == "ct" else "MRI (magnetic resonance imaging)"),
            ("are the lungs and the heart shown?", "no"),
        )
        question, answer = asked[(place + index // VQARAD_IMAGES) % len(asked)]
        rows.append({"image": {"bytes": images[place], "path": None}, "question": question, "answer": answer})
    rows[-1] = dict(rows[0])  # as in the original, some questions are there twice
    return rows


_ENGLISH = (
    ("What modality is used to take this image?", "{modality}", "OPEN", "Modality"),
    ("Is there an abnormality in this picture?", "{Yes}", "CLOSED", "Abnormality"),
    ("Which is bigger in this image, liver or spleen?", "Liver", "CLOSED", "Size"),
    ("Is the organ in this picture healthy or diseased?", "{health}", "CLOSED", "Abnormality"),
    ("Which organs are shown in the picture?", "Liver, Heart, Spleen", "OPEN", "Organ"),
    ("Where is the lesion?", "Left Lung, Upper Right", "OPEN", "Position"),
    ("Does the picture contain the heart?", "no", "CLOSED", "Organ"),
)
_CHINESE = (
    ("这张图像是用什么模态拍摄的？", "{modality}", "OPEN", "Modality"),
    ("图像中有异常吗？", "{有}", "CLOSED", "Abnormality"),
    ("图中哪个器官更大，肝脏还是脾脏？", "肝脏", "CLOSED", "Size"),
    ("图中包含哪些器官？", "肝脏，心脏，脾脏", "OPEN", "Organ"),
    ("图中包含心脏吗？", "不包含", "CLOSED", "Organ"),
    ("这张图像是轴位的吗？", "是的", "CLOSED", "Plane"),
)


def slake_rows() -> list[dict[str, Any]]:
    """SLAKE's test.json: both languages, image by image."""
    rows: list[dict[str, Any]] = []
    for language, templates in (("en", _ENGLISH), ("zh", _CHINESE)):
        for index in range(SLAKE_QUESTIONS[language]):
            place = index % SLAKE_IMAGES
            shown = variant(place)
            question, answer, kind, content = templates[(index + index // SLAKE_IMAGES) % len(templates)]
            rows.append(
                {
                    "img_id": place,
                    "img_name": f"xmlab{place}/source.jpg",
                    "question": question,
                    "answer": _filled(answer, shown),
                    "q_lang": language,
                    "location": shown.region.title(),
                    "modality": shown.modality.upper(),
                    "answer_type": kind,
                    "base_type": "vqa",
                    "content_type": content,
                    "triple": ["vhead", "_", "_"],
                }
            )
    rows.sort(key=lambda row: row["img_id"])
    return [{**row, "qid": 10_000 + index} for index, row in enumerate(rows)]


def _filled(answer: str, shown: Slice) -> str:
    values = {
        "{modality}": shown.modality.upper(),
        "{Yes}": "Yes" if shown.abnormal else "No",
        "{health}": "Diseased" if shown.abnormal else "Healthy",
        "{有}": "有" if shown.abnormal else "没有",
    }
    return values.get(answer, answer)


def mmmu_rows(subject: str) -> list[dict[str, Any]]:
    """The validation split of one subject: one to three images a question, the last questions without options."""
    rows = []
    for index in range(MMMU_QUESTIONS):
        count = 1 + (index % 10 == 3) + (index % 10 == 6)
        first = 2 if index == 5 else 1  # in the original, numbers need not begin at one
        numbers = range(first, first + count + (index % 10 == 6))
        images = {
            f"image_{number}": {"bytes": _mmmu_image(subject, index, number), "path": f"{subject}_{index}_{number}.png"}
            for number in numbers
        }
        regions = ["hip", "knee", "brain", "lung"]
        options = [f"<image {number}>" for number in numbers] if len(images) > 2 else [*regions, 'none\'s shown, "yet"']
        is_open = index >= MMMU_QUESTIONS - MMMU_OPEN
        rows.append(
            {
                "id": f"validation_{subject}_{index + 1}",
                "question": f"Which of these is shown in <image {first}>?",
                "options": "[]" if is_open else repr(options),
                "explanation": "",
                **dict.fromkeys(IMAGE_COLUMNS),
                **images,
                "img_type": "['Body Scans: MRI, CT scans, and X-rays']",
                "answer": "42" if is_open else "ABCDE"[index % len(options)],
                "topic_difficulty": ("Easy", "Medium", "Hard")[index % 3],
                "question_type": "open" if is_open else "multiple-choice",
                "subfield": "Anatomy" if index % 2 else "Radiology",
            }
        )
    return rows


def _mmmu_image(subject: str, index: int, number: int) -> bytes:
    place = 7 * list(SUBJECTS).index(subject) + 3 * index + number
    return encoded(variant(place).pixels, ("RGB", "P", "L", "I;16")[place % 4])


def write_all(folder: Path) -> dict[str, Path]:
    """Write the three copies below a folder; returns them as `--data` names them."""
    written = {"vqarad": folder / "vqa-rad", "slake": folder / "SLAKE", "mmmu_med": folder / "MMMU"}
    write_vqarad(written["vqarad"])
    write_slake(written["slake"])
    write_mmmu(written["mmmu_med"])
    return written


def write_vqarad(folder: Path, rows: Sequence[Mapping[str, Any]] | None = None) -> None:
    """Lay rows (by default the whole test split) out as `flaviagiammarino/vqa-rad` does."""
    _write_card(folder, "default", "data/test-*", "test")
    _write_parquet(folder / "data" / "test-00000-of-00001.parquet", rows or vqarad_rows(), ("image",))


def write_slake(folder: Path, rows: Sequence[Mapping[str, Any]] | None = None) -> None:
    """Lay rows (by default the whole test split) out as `BoKelvin/SLAKE` does, masks in the archive included."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows or slake_rows(), ensure_ascii=False, indent=1)
    (folder / "test.json").write_text(text, encoding="utf-8")
    with zipfile.ZipFile(folder / "imgs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(SLAKE_IMAGES):
            archive.writestr(f"imgs/xmlab{index}/source.jpg", encoded(variant(index).pixels, ("RGB", "L")[index % 2]))
            archive.writestr(f"imgs/xmlab{index}/mask.png", encoded(variant(index).pixels, "P"))
            archive.writestr(f"imgs/xmlab{index}/detection.json", "[]")


def write_mmmu(folder: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
    """Lay the rows of every subject (by default all) out as `MMMU/MMMU` does."""
    for subject in SUBJECTS:
        of_subject = rows[subject] if rows else mmmu_rows(subject)
        _write_parquet(folder / subject / "validation-00000-of-00001.parquet", of_subject, IMAGE_COLUMNS)


def _write_card(folder: Path, configuration: str, files: str, split: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    card = f"configs:\n- config_name: {configuration}\n  data_files:\n  - split: {split}\n    path: {files}\n"
    (folder / "README.md").write_text(f"---\n{card}---\n", encoding="utf-8")


def _write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], images: Sequence[str]) -> None:
    names = list(rows[0])
    kinds = {name: IMAGE_TYPE if name in images else pa.string() for name in names}
    features = dict(_features(names, images))
    schema = pa.schema(list(kinds.items()), metadata={"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema=schema), path)


def _features(names: Sequence[str], images: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for name in names:
        yield name, {"_type": "Image"} if name in images else {"dtype": "string", "_type": "Value"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, folder in write_all(parser.parse_args().folder).items():
        print(f"--data {name}={folder}")


if __name__ == "__main__":
    main()
