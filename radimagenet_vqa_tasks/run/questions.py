"""`radvqa questions`: what models are asked, as files, for models that do not run in lmms-eval.

One line a question in `questions.jsonl`, beside it the images. The right answers, the facets and everything else that a
data set says of its images stay out: images are written anew from their pixels, under names made of those.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from radimagenet_vqa_tasks.data.adapter import questions_of
from radimagenet_vqa_tasks.data.questions import IMAGES
from radimagenet_vqa_tasks.data.rows import with_rows
from radimagenet_vqa_tasks.data.sources import Copies
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.tasks import Task
from radimagenet_vqa_tasks.utils.prompts import VISUALS, doc_to_text

QUESTIONS = "questions.jsonl"
FOLDER = "images"


@dataclass(frozen=True)
class Exported:
    """How many questions were written, and how many images."""

    questions: int
    images: int


def export(tasks: Iterable[Task], copies: Copies, folder: Path) -> Exported:
    """Write the questions of these tasks, each with the images of its arm, into a folder.

    `copies` are local copies of data sets. The list of questions appears when all images are there. Raises DataError
    or RunError.
    """
    pictures = Pictures(folder / FOLDER)
    new = folder / f".{QUESTIONS}.{os.getpid()}"
    count = 0
    try:
        pictures.folder.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as file:
            for line in _lines(tasks, copies, pictures):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
        new.replace(folder / QUESTIONS)
    except OSError as error:
        raise RunError(
            f"the questions cannot be written to {folder}: {error.strerror or error}. Choose another folder with -o."
        ) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return Exported(count, len(pictures.names))


def _lines(tasks: Iterable[Task], copies: Copies, pictures: Pictures) -> Iterator[dict[str, Any]]:
    for task, rows in with_rows(tasks, copies):
        for doc in questions_of(task, rows):
            yield line(task, doc, pictures)


def line(task: Task, doc: Mapping[str, Any], pictures: Pictures) -> dict[str, Any]:
    """What a question's line says; its images are written."""
    return {
        "key": doc["key"],
        "arm": task.arm,
        "task": task.name,
        "prompt": prompt_of(task, doc),
        "choices": list(doc["choices"] or ()),
        "images": [f"{FOLDER}/{name}" for name in pictures.of(task, doc)],
    }


def prompt_of(task: Task, doc: Mapping[str, Any]) -> str:
    """The text of a question as models get it."""
    return doc_to_text(doc, task.affixes)


class Pictures:
    """The folder of the images: each is written once, however many questions show it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: set[str] = set()
        self._known: dict[tuple[object, ...], list[str]] = {}

    def of(self, task: Task, doc: Mapping[str, Any]) -> list[str]:
        """The names of the images that a question is shown with."""
        stored = tuple(_digest(image) for image in doc.get(IMAGES) or ())
        visual = VISUALS[task.arm]
        if (visual, stored) not in self._known:
            self._known[visual, stored] = [self._written(image) for image in visual(doc, task.affixes)]
        return self._known[visual, stored]

    def _written(self, image: Image.Image) -> str:
        name = hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()[:16] + ".png"
        path = self.folder / name
        if name not in self.names and not path.exists():
            image.info.clear()  # what a file says beside its pixels stays where it is
            new = path.with_name(f".{name}.{os.getpid()}")
            image.save(new, "PNG", compress_level=1)
            new.replace(path)
        self.names.add(name)
        return name


def _digest(image: Mapping[str, Any]) -> object:
    stored = image["bytes"]
    return image["path"] if stored is None else hashlib.sha256(stored).digest()
