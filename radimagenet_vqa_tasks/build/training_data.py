"""What may be trained on: the training and validation rows of built data, the hub's configurations, VQA-RAD and SLAKE.

All become the same thing: an image, what is said to the model, and what it is to answer. Questions are asked in the
words that the tasks ask them in, so that training and evaluation agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    CLOSED_PROMPT,
    MC_PROMPT,
    OPEN_PROMPT,
    PHRASE_PROMPT,
    Prompt,
    body,
)
from radimagenet_vqa_tasks.build import held_out
from radimagenet_vqa_tasks.errors import DataError

MARK = "<image>"
_BATCH = 100  # rows in memory at a time

# The tasks' own prompts: a model is trained on what it will be asked.
PROMPTS: Mapping[str, Prompt] = {
    "open": OPEN_PROMPT,
    "closed": CLOSED_PROMPT,
    "mc": MC_PROMPT,
    "phrase": PHRASE_PROMPT,
}
_FORMATS = {"open": "open", "closed": "closed", "multiple_choice": "mc"}


@dataclass(frozen=True)
class Example:
    """One row to train on. `image` is an image file's bytes; `said` holds no image mark."""

    key: str
    image: bytes
    said: str
    answer: str


@dataclass(frozen=True)
class TrainingSet:
    """Rows of one kind. `stage` is the stage of training that they are for: "alignment" or "instruct"."""

    name: str
    stage: str
    examples: Callable[[], Iterator[Example]]


def training_sets(data: Path) -> list[TrainingSet]:
    """Every training set in a folder: built data or the hub's, VQA-RAD, SLAKE.

    Raises DataError where there is none, or where a file is test data under another name.
    """
    found = [
        TrainingSet(_name("radvqa", config, split), config, _rows_of(files, _READERS[config]))
        for config in ("alignment", "instruct")
        for split in ("train", "val")
        if (files := _checked(sorted((data / config).glob(f"{split}-*.parquet"))))
    ]
    if vqarad := _checked(sorted(data.glob("data/train-*.parquet"))):
        found.append(TrainingSet("vqarad", "instruct", _rows_of(vqarad, _vqarad)))
    for name in ("train", "validation"):
        if (data / f"{name}.json").is_file():
            found.append(TrainingSet(_name("slake", "", name), "instruct", _slake(data, name)))
    if not found:
        raise DataError(
            f"{data} holds nothing to train on: no alignment/train-*.parquet or instruct/train-*.parquet (built data, "
            "RadImageNet-VQA), no data/train-*.parquet (VQA-RAD), no train.json (SLAKE)."
        )
    return found


def _name(family: str, config: str, split: str) -> str:
    return "_".join(part for part in (family, config, "" if split == "train" else "val") if part)


def _checked(files: Sequence[Path]) -> list[Path]:
    if files:
        held_out.refuse_files(files)
    return list(files)


def _rows_of(files: Sequence[Path], read: Callable[[str, dict[str, Any]], Example]) -> Callable[[], Iterator[Example]]:
    def rows() -> Iterator[Example]:
        for file in files:
            try:
                for first, batch in enumerate(pq.ParquetFile(file).iter_batches(_BATCH)):
                    for index, row in enumerate(batch.to_pylist(), start=first * _BATCH):
                        yield _example(read, f"{file.stem}-{index}", row, file)
            except (OSError, pa.ArrowException) as error:
                raise DataError(f"{file} cannot be read: {error}. Fetch it again.") from error

    return rows


def _example(read: Callable[[str, dict[str, Any]], Example], key: str, row: dict[str, Any], file: Path) -> Example:
    try:
        found = read(key, row)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise DataError(f"{file}: row {key} has not the columns of its kind ({error!r}).") from error
    if not found.image or not found.said.strip() or not found.answer.strip():
        raise DataError(f"{file}: row {key} lacks its image, its question or its answer.")
    return found


def _conversation(key: str, row: dict[str, Any]) -> Example:
    human, other = row["conversations"]
    return Example(key, row["image"]["bytes"], human["value"].replace(MARK, "").strip(), other["value"].strip())


def _question(key: str, row: dict[str, Any]) -> Example:
    if "conversations" in row:
        return _conversation(key, row)
    said = prompt(row["question"], _FORMATS[row["question_type"]], row["choices"] or ())
    return Example(key, row["image"]["bytes"], said, row["answer"])


_READERS = {"alignment": _conversation, "instruct": _question}


def _vqarad(key: str, row: dict[str, Any]) -> Example:
    answer = row["answer"].strip()
    form = "closed" if answer.casefold() in ("yes", "no") else "open"
    return Example(key, row["image"]["bytes"], prompt(row["question"].strip(), form), answer)


def _slake(folder: Path, split: str) -> Callable[[], Iterator[Example]]:
    """The English rows of a SLAKE split; their images are in imgs.zip."""
    file = folder / f"{split}.json"
    try:
        lines = [row for row in json.loads(file.read_text(encoding="utf-8")) if row["q_lang"] == "en"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} is no split of SLAKE: {error!r}. Fetch it again.") from error
    held_out.refuse_slake(file, lines)

    def rows() -> Iterator[Example]:
        from radimagenet_vqa_tasks.data.image_archive import unpack

        images = unpack(folder / "imgs.zip", sorted({row["img_name"] for row in lines}), "imgs")
        for row in lines:
            answer = str(row["answer"]).strip()
            form = "open" if row["answer_type"] == "OPEN" else "closed"
            form = "phrase" if form == "closed" and answer.casefold() not in ("yes", "no") else form
            said = prompt(row["question"].strip(), form)
            yield Example(f"{split}-{row['qid']}", images[row["img_name"]].read_bytes(), said, answer)

    return rows


def prompt(question: str, form: str, choices: Sequence[str] = ()) -> str:
    """A question as the tasks ask it."""
    return f"{PROMPTS[form].pre}{body(question, choices)}{PROMPTS[form].post}"
