"""Captions and questions about the structures on a slice of a labelled volume. The wordings are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.build.captions import PROMPTS, SPEAKERS
from radimagenet_vqa_tasks.build.layouts import Structure
from radimagenet_vqa_tasks.build.questions import Deck, salt
from radimagenet_vqa_tasks.build.vocabulary import OPTIONS
from radimagenet_vqa_tasks.build.volumes import Slice

_TEMPLATES: Mapping[str, Deck] = {
    "organ_open": Deck(
        (
            "Which structures are visible in this image?",
            "Name the structures that can be seen in this scan.",
            "What structures does this slice show?",
        )
    ),
    "organ_closed": Deck(
        (
            "Is the {name} visible in this image?",
            "Does this scan show the {name}?",
            "Can you see the {name} in this slice?",
        )
    ),
    "organ_mc": Deck(
        (
            "Which of the following structures is visible in this image?",
            "Which of these structures does this scan show?",
        )
    ),
    "lesion_any": Deck(("Is there a lesion in this image?", "Does this scan show a lesion?")),
    "lesion_open": Deck(("What abnormality is present in this scan?", "What lesion does this image show?")),
    "lesion_closed": Deck(("Is there evidence of a {name} in this image?", "Does this scan show a {name}?")),
    "lesion_organ": Deck(("Which organ is affected?", "In which organ does the lesion lie?")),
}
NO_LESION = "no lesion"

_PROMPTS = Deck(PROMPTS)
_CAPTIONS = Deck(
    (
        "{a} {modality} slice showing {organs}{lesions}.",
        "This {modality} scan shows {organs}{lesions}.",
        "Axial {modality} with {organs}{lesions}.",
    )
)


@dataclass(frozen=True)
class Seen:
    """A slice, and all that its data set labels: only that can be asked after where it is not on the slice."""

    slice: Slice
    region: str
    labelled: Sequence[Structure]

    def there(self, kind: str) -> list[str]:
        """The names of the slice's structures of a kind, largest first."""
        return [one.name for one in self.slice.structures if one.kind == kind]

    def absent(self, kind: str) -> list[str]:
        """The names of the other labelled structures of a kind."""
        there = set(self.there(kind))
        return [
            name for name in dict.fromkeys(one.name for one in self.labelled if one.kind == kind) if name not in there
        ]


def caption(seen: Seen, seed: int) -> dict[str, Any]:
    """The `alignment` row of a slice, without its image."""
    drawn = salt(seed, seen.slice.name, "description")
    organs, lesions = seen.there("organ"), seen.there("lesion")
    modality = seen.slice.modality.upper() if seen.slice.modality == "ct" else "MRI"
    said = _CAPTIONS.one(drawn).format(
        a="An axial",
        modality=modality,
        organs=_listed(organs) or "no labelled organ",
        lesions=f" with {_listed([f'a {name}' for name in lesions])}" if lesions else "",
    )
    turns = (f"<image>\n{_PROMPTS.one(drawn)}", said)
    return {
        "conversations": [{"from": who, "value": text} for who, text in zip(SPEAKERS, turns, strict=True)],
        "metadata": _metadata(seen, "description", "description"),
    }


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def questions(seen: Seen, seed: int) -> list[dict[str, Any]]:
    """The `instruct` rows of a slice, without their image; only what its labels can answer is asked."""
    organs, others = seen.there("organ"), seen.absent("organ")
    rows = []
    if organs:
        rows.append(_row(seen, seed, "organ_open", ", ".join(organs)))
        rows.append(_row(seen, seed, "organ_closed", "yes", "organ_closed_pos", name=_one(seen, seed, organs, "pos")))
    if others:
        rows.append(_row(seen, seed, "organ_closed", "no", "organ_closed_neg", name=_one(seen, seed, others, "neg")))
    if organs and len(others) >= OPTIONS - 1:
        rows.append(_choice(seen, seed, organs, others))
    return [*rows, *_about_lesions(seen, seed)]


def _about_lesions(seen: Seen, seed: int) -> list[dict[str, Any]]:
    lesions, others = seen.there("lesion"), seen.absent("lesion")
    if not lesions and not others:
        return []  # the data set labels none: that there is none here is not known
    rows = [
        _row(seen, seed, "lesion_any", "yes" if lesions else "no"),
        _row(seen, seed, "lesion_open", ", ".join(lesions) or NO_LESION),
    ]
    if lesions:
        rows.append(_row(seen, seed, "lesion_closed", "yes", "lesion_closed_pos", name=_one(seen, seed, lesions, "l")))
    if others:
        rows.append(_row(seen, seed, "lesion_closed", "no", "lesion_closed_neg", name=_one(seen, seed, others, "l")))
    affected = {one.organ for one in seen.slice.structures if one.kind == "lesion"}
    if len(affected) == 1 and "" not in affected:
        rows.append(_row(seen, seed, "lesion_organ", affected.pop()))
    return rows


def _one(seen: Seen, seed: int, names: Sequence[str], what: str) -> str:
    return Deck(names).one(salt(seed, seen.slice.name, what))


def _choice(seen: Seen, seed: int, organs: Sequence[str], others: Sequence[str]) -> dict[str, Any]:
    drawn = salt(seed, seen.slice.name, "organ_mc")
    right = Deck(organs).one(drawn)
    options = Deck([right, *Deck(others).shuffled(drawn)[: OPTIONS - 1]]).shuffled(drawn + b"letters")
    return _row(seen, seed, "organ_mc", "ABCD"[options.index(right)], choices=options)


def _row(
    seen: Seen,
    seed: int,
    family: str,
    answer: str,
    question_id: str = "",
    *,
    name: str = "",
    choices: list[str] | None = None,
) -> dict[str, Any]:
    question_id = question_id or family
    template = _TEMPLATES[family].one(salt(seed, seen.slice.name, question_id, "template"))
    closed = answer in ("yes", "no")
    return {
        "question": template.format(name=name),
        "choices": choices,
        "answer": answer,
        "question_type": "multiple_choice" if choices else "closed" if closed else "open",
        "metadata": _metadata(seen, "lesion" if family.startswith("lesion") else "organ", question_id),
    }


def _metadata(seen: Seen, content_type: str, question_id: str) -> dict[str, Any]:
    lesions = seen.there("lesion")
    return {
        "content_type": content_type,
        "correct_text": None,
        "is_abnormal": bool(lesions),
        "location": seen.region,
        "modality": seen.slice.modality,
        "pathology": ", ".join(lesions) or "normal",
        "question_id": question_id,
    }
