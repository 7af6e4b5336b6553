"""Writes the nine questions of a labelled image, as RadImageNet-VQA's pipeline does (arXiv 2512.17396).

Question texts are the templates of the paper's Figure 7; multiple-choice distractors follow its section 3.1: other
regions for anatomy, labels of the same region plus "no pathology seen" for pathology. The benchmark's own random
draws are unpublished, so its rows cannot be rebuilt; rows made here have its schema, spellings and proportions.

Every draw is a function of (seed, image path, question), by SHA-256: the same on every machine, Python version and
order of work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, clean_label, label_of, labels_for, regions

TEMPLATES: dict[str, tuple[str, ...]] = {
    "anatomy_open": (
        "Which body part is visible in this image?",
        "Which part of the body does this image belong to?",
        "What organ is highlighted in this scan?",
        "What anatomical region is shown?",
        "What specific anatomical structure is highlighted?",
        "Name the organ featured in this image.",
    ),
    "anatomy_closed": (
        "Does the picture contain the {anatomy}?",
        "Does this image show the {anatomy}?",
        "Is the {anatomy} part of this scan?",
        "Is the {anatomy} visible in the image?",
        "Can you see the {anatomy}?",
        "Is the {anatomy} present in this image?",
        "Can you identify the {anatomy} in this image?",
    ),
    "anatomy_mc": (
        "Which of the following anatomical regions is depicted in this scan?",
        "What is the correct anatomical region for this scan?",
        "Select the correct anatomical region.",
    ),
    "abnormal_closed": (
        "Is this image abnormal?",
        "Is there an abnormality present?",
        "Does this scan reveal any abnormalities?",
        "Does the {anatomy} look abnormal?",
    ),
    "pathology_open": (
        "What abnormality is present in this scan?",
        "What condition is affecting the {anatomy}?",
    ),
    "pathology_closed": (
        "Is there evidence of {pathology} in this image?",
        "Does the patient have {pathology}?",
        "Is {pathology} present?",
        "Are there signs of {pathology}?",
        "Is the {anatomy} affected by {pathology}?",
    ),
    "pathology_mc": (
        "Which of the following pathologies is present in this image?",
        "What is the most likely pathology in this image?",
        "Select the pathology that best describes this image:",
        "What pathology is shown in this scan of {anatomy}?",
    ),
}

OPTIONS = 4  # options of a multiple-choice question, the right one included


@dataclass(frozen=True)
class LabelledImage:
    """One image and what RadImageNet says of it.

    `path` is the image's name and unique; `location` a region of the taxonomy; `modality` "ct" or "mri"; `pathology`
    the raw RadImageNet folder name, "normal" where nothing is labelled.
    """

    path: str
    location: str
    modality: str
    pathology: str

    @property
    def is_abnormal(self) -> bool:
        return self.pathology != "normal"


class _Draw:
    """Draws for one question of one image; each is a pure function of the salt and the items' own text."""

    def __init__(self, *salt: object) -> None:
        self._salt = "\x1f".join(map(str, salt))

    def shuffled(self, items: Iterable[str]) -> list[str]:
        return sorted(items, key=lambda item: hashlib.sha256(f"{self._salt}\x1f{item}".encode()).digest())

    def one(self, items: Iterable[str]) -> str:
        return self.shuffled(items)[0]


def nine_questions(image: LabelledImage, seed: int = 0) -> list[dict[str, Any]]:
    """The nine benchmark rows of `image`, without the `image` column, in the benchmark's order.

    Each is {question, choices (four strings or None), answer, question_type, metadata}. Raises KeyError for a
    location or pathology outside the taxonomy.
    """
    if image.is_abnormal:
        label_of(image.location, image.pathology)  # fail on an unknown label before writing anything
    return [
        _anatomy_open(image, seed),
        _anatomy_closed(image, seed, present=True),
        _anatomy_closed(image, seed, present=False),
        _anatomy_mc(image, seed),
        _abnormal_closed(image, seed),
        _pathology_open(image, seed),
        *_pathology_closed_pair(image, seed),
        _pathology_mc(image, seed),
    ]


def _anatomy_open(image: LabelledImage, seed: int) -> dict[str, Any]:
    return _row(image, seed, "anatomy_open", "anatomy_open", answer=image.location)


def _anatomy_closed(image: LabelledImage, seed: int, *, present: bool) -> dict[str, Any]:
    question_id = "anatomy_closed_pos" if present else "anatomy_closed_neg"
    named = image.location if present else _Draw(seed, image.path, question_id).one(_other_regions(image))
    answer = "yes" if present else "no"
    return _row(image, seed, question_id, "anatomy_closed", answer=answer, anatomy=named)


def _anatomy_mc(image: LabelledImage, seed: int) -> dict[str, Any]:
    draw = _Draw(seed, image.path, "anatomy_mc")
    distractors = draw.shuffled(_other_regions(image))[: OPTIONS - 1]
    choices = _Draw(seed, image.path, "anatomy_mc", "letters").shuffled([image.location, *distractors])
    return _row(image, seed, "anatomy_mc", "anatomy_mc", answer=_letter(choices, image.location), choices=choices)


def _abnormal_closed(image: LabelledImage, seed: int) -> dict[str, Any]:
    return _row(image, seed, "abnormal_closed", "abnormal_closed", answer="yes" if image.is_abnormal else "no")


def _pathology_open(image: LabelledImage, seed: int) -> dict[str, Any]:
    return _row(image, seed, "pathology_open", "pathology_open", answer=clean_label(image.pathology))


def _pathology_closed_pair(image: LabelledImage, seed: int) -> list[dict[str, Any]]:
    """Closed+ and Closed-, about different labels. On a normal image both ask after a label it does not show."""
    absent = _Draw(seed, image.path, "pathology_closed").shuffled(_other_labels(image))
    named = [clean_label(image.pathology), absent[0]] if image.is_abnormal else absent[:2]
    answers = ["yes" if image.is_abnormal else "no", "no"]
    return [
        _row(image, seed, question_id, "pathology_closed", answer=answer, pathology=label)
        for question_id, label, answer in zip(
            ("pathology_closed_pos", "pathology_closed_neg"), named, answers, strict=True
        )
    ]


def _pathology_mc(image: LabelledImage, seed: int) -> dict[str, Any]:
    target = clean_label(image.pathology)
    fixed = [target, NO_PATHOLOGY] if image.is_abnormal else [NO_PATHOLOGY]
    plausible = _Draw(seed, image.path, "pathology_mc").shuffled(_other_labels(image))
    choices = _Draw(seed, image.path, "pathology_mc", "letters").shuffled([*fixed, *plausible[: OPTIONS - len(fixed)]])
    return _row(image, seed, "pathology_mc", "pathology_mc", answer=_letter(choices, target), choices=choices)


def _other_regions(image: LabelledImage) -> list[str]:
    return [name for name in regions() if name != image.location]


def _other_labels(image: LabelledImage) -> list[str]:
    target = clean_label(image.pathology)
    return [label.name for label in labels_for(image.location) if label.name != target]


def _letter(choices: list[str], target: str) -> str:
    return "ABCD"[choices.index(target)]


def _row(
    image: LabelledImage,
    seed: int,
    question_id: str,
    family: str,
    *,
    answer: str,
    choices: list[str] | None = None,
    anatomy: str | None = None,
    pathology: str = "",
) -> dict[str, Any]:
    template = _Draw(seed, image.path, question_id, "template").one(TEMPLATES[family])
    return {
        "question": template.format(anatomy=anatomy or image.location, pathology=pathology),
        "choices": choices,
        "answer": answer,
        "question_type": _QUESTION_TYPE[family.rsplit("_", 1)[1]],
        "metadata": {
            "content_type": _content_type(question_id),
            "correct_text": None,
            "is_abnormal": image.is_abnormal,
            "location": image.location,
            "modality": image.modality,
            "pathology": image.pathology,
            "question_id": question_id,
        },
    }


_QUESTION_TYPE = {"open": "open", "closed": "closed", "mc": "multiple_choice"}


def _content_type(question_id: str) -> str:
    if question_id.startswith("anatomy"):
        return "anatomy"
    return "pathology" if question_id == "abnormal_closed" else "pathology_specific"
