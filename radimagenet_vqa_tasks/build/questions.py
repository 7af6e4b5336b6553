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
from functools import lru_cache
from typing import Any

from radimagenet_vqa_tasks.build.vocabulary import NORMAL, OPTIONS, Vocabulary, vocabulary
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

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


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image and what RadImageNet says of it.

    `path` is the image's name and unique; `location` a region of the vocabulary; `modality` "ct" or "mri"; `pathology`
    the raw RadImageNet folder name, "normal" where nothing is labelled.
    """

    path: str
    location: str
    modality: str
    pathology: str

    @property
    def is_abnormal(self) -> bool:
        return self.pathology != NORMAL


class Deck:
    """Texts to draw from. A draw is a pure function of a salt and the texts: each text's hash says where it comes."""

    def __init__(self, items: Iterable[str]) -> None:
        self._items = tuple(items)
        self._encoded = tuple(item.encode() for item in self._items)

    def shuffled(self, salt: bytes) -> list[str]:
        """All texts in an order of their own."""
        placed = dict(zip(self._places(salt), self._items, strict=True))
        return [placed[place] for place in sorted(placed)]

    def one(self, salt: bytes) -> str:
        """The first of `shuffled`."""
        places = self._places(salt)
        return self._items[places.index(min(places))]

    def _places(self, salt: bytes) -> list[bytes]:
        sha256 = hashlib.sha256
        return [sha256(salt + item).digest() for item in self._encoded]


def salt(*parts: object) -> bytes:
    """The salt of a draw, from what it is for."""
    return "".join(f"{part}\x1f" for part in parts).encode()


def nine_questions(image: LabelledImage, seed: int = 0, words: Vocabulary | None = None) -> list[dict[str, Any]]:
    """The nine benchmark rows of `image`, without the `image` column, in the benchmark's order.

    Each is {question, choices (four strings or None), answer, question_type, metadata}. Raises KeyError for a
    location or pathology outside the vocabulary (the bundled one where none is given).
    """
    words = words or vocabulary()
    return _Writer(image, salt(seed, image.path), _decks(words, image.location, image.pathology)).questions()


@dataclass(frozen=True)
class _Decks:
    """What the questions of one label of one region draw from. `target` is the label as answers spell it."""

    target: str
    other_regions: Deck
    other_labels: Deck


@lru_cache(maxsize=1024)
def _decks(words: Vocabulary, location: str, pathology: str) -> _Decks:
    target, labels = words.clean[pathology], words.labels[location]
    if pathology != NORMAL and target not in labels:
        raise KeyError(f"{location} has no label {pathology!r}")
    return _Decks(
        target,
        other_regions=Deck(name for name in words.regions if name != location),
        other_labels=Deck(name for name in labels if name != target),
    )


_TEMPLATES = {family: Deck(templates) for family, templates in TEMPLATES.items()}


class _Writer:
    """Writes the questions of one image. `salt` is what its draws have in common."""

    def __init__(self, image: LabelledImage, salt: bytes, decks: _Decks) -> None:
        self.image, self.salt, self.decks = image, salt, decks

    def questions(self) -> list[dict[str, Any]]:
        image = self.image
        return [
            self._row("anatomy_open", "anatomy_open", answer=image.location),
            self._row("anatomy_closed_pos", "anatomy_closed", answer="yes"),
            self._anatomy_closed_neg(),
            self._anatomy_mc(),
            self._row("abnormal_closed", "abnormal_closed", answer="yes" if image.is_abnormal else "no"),
            self._row("pathology_open", "pathology_open", answer=self.decks.target),
            *self._pathology_closed_pair(),
            self._pathology_mc(),
        ]

    def _anatomy_closed_neg(self) -> dict[str, Any]:
        named = self.decks.other_regions.one(self.salt + b"anatomy_closed_neg\x1f")
        return self._row("anatomy_closed_neg", "anatomy_closed", answer="no", anatomy=named)

    def _anatomy_mc(self) -> dict[str, Any]:
        distractors = self.decks.other_regions.shuffled(self.salt + b"anatomy_mc\x1f")[: OPTIONS - 1]
        return self._mc("anatomy_mc", self.image.location, [self.image.location, *distractors])

    def _pathology_closed_pair(self) -> list[dict[str, Any]]:
        """Closed+ and Closed-, about different labels. On a normal image both ask after a label it does not show."""
        abnormal = self.image.is_abnormal
        absent = self.decks.other_labels.shuffled(self.salt + b"pathology_closed\x1f")
        first, second = [self.decks.target, *absent][:2] if abnormal else absent[:2]
        answer = "yes" if abnormal else "no"
        return [
            self._row("pathology_closed_pos", "pathology_closed", answer=answer, pathology=first),
            self._row("pathology_closed_neg", "pathology_closed", answer="no", pathology=second),
        ]

    def _pathology_mc(self) -> dict[str, Any]:
        target = self.decks.target
        fixed = [target, NO_PATHOLOGY] if self.image.is_abnormal else [NO_PATHOLOGY]
        plausible = self.decks.other_labels.shuffled(self.salt + b"pathology_mc\x1f")
        return self._mc("pathology_mc", target, [*fixed, *plausible[: OPTIONS - len(fixed)]])

    def _mc(self, family: str, target: str, options: list[str]) -> dict[str, Any]:
        choices = Deck(options).shuffled(self.salt + f"{family}\x1fletters\x1f".encode())
        return self._row(family, family, answer="ABCD"[choices.index(target)], choices=choices)

    def _row(
        self,
        question_id: str,
        family: str,
        *,
        answer: str,
        choices: list[str] | None = None,
        anatomy: str | None = None,
        pathology: str = "",
    ) -> dict[str, Any]:
        image = self.image
        template = _TEMPLATES[family].one(self.salt + f"{question_id}\x1ftemplate\x1f".encode())
        return {
            "question": template.format(anatomy=anatomy or image.location, pathology=pathology),
            "choices": choices,
            "answer": answer,
            "question_type": _QUESTION_TYPE[family],
            "metadata": metadata(image, _CONTENT_TYPE[question_id], question_id),
        }


def metadata(image: LabelledImage, content_type: str, question_id: str) -> dict[str, Any]:
    """The `metadata` column of a row about `image`."""
    return {
        "content_type": content_type,
        "correct_text": None,
        "is_abnormal": image.is_abnormal,
        "location": image.location,
        "modality": image.modality,
        "pathology": image.pathology,
        "question_id": question_id,
    }


_QUESTION_TYPE = {
    family: {"open": "open", "closed": "closed", "mc": "multiple_choice"}[family.rsplit("_", 1)[1]]
    for family in TEMPLATES
}
_CONTENT_TYPE = {
    **dict.fromkeys(("anatomy_open", "anatomy_closed_pos", "anatomy_closed_neg", "anatomy_mc"), "anatomy"),
    "abnormal_closed": "pathology",
    **dict.fromkeys(
        ("pathology_open", "pathology_closed_pos", "pathology_closed_neg", "pathology_mc"), "pathology_specific"
    ),
}
