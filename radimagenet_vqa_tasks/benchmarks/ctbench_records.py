"""What CT-Bench's records say, as far as anybody knows: names of splits and boxes, options, and paths of images.

The released files are described by nothing but the code that reads them (CelestialShine/CT-Bench). So a value that may
be written in several ways is taken in any of them, and one that says nothing is a fault that names it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, Fit, Question, Row, RowFaultError, text
from radimagenet_vqa_tasks.benchmarks.lists import parse_texts

_SPLITS = {"test": "test", "val": "validation", "valid": "validation", "validation": "validation", "train": "train"}
_NO_BOX = re.compile(r"(?<![a-z])(no|non|without|w/?o)[ _-]*(b|bounding)?[ _-]*box")
_BOX = re.compile(r"(?<![a-z])(b|bounding[ _-]*)?box")
_SHORT = {
    **dict.fromkeys(("w", "with", "yes", "true", "1"), "bbox"),
    **dict.fromkeys(("wo", "w/o", "without", "no", "none", "false", "0"), "nobox"),
}
_PICTURES = {"txt2img": "Image", "txt2bbox": "Box"}


def question(row: Row, split: str, kinds: Mapping[str, str]) -> Question | None:
    """A record as a question, whose cell is "KIND_BOX"; None where it is of another split. Raises RowFaultError.

    `kinds` are the values that q_type may have, with the question's text where the record has none of that kind.
    """
    try:
        return _question(row, kinds) if said_split(row.fields) == split else None
    except ValueError as error:
        raise RowFaultError(f"the question about lesion {row.fields['lesion_idx']!r:.40}: {error}") from None


def _question(row: Row, kinds: Mapping[str, str]) -> Question:
    kind, lesion = text(row, "q_type").casefold(), text(row, "lesion_idx")
    if kind not in kinds:
        raise RowFaultError(f"the q_type {kind!r} is none of {', '.join(kinds)}")
    box, files, choices = said_box(row.fields, kind), image_names(row.fields), options(row.fields, kind)
    target = text(row, "correct_choice").upper()
    if target not in set(LETTERS[: len(choices)]):
        raise RowFaultError(f"the correct_choice {target!r} is not one of {', '.join(LETTERS[: len(choices)])}")
    words = kinds[kind] or text(row, "question" if row.fields.get("question") else "text")
    content = hashlib.sha256(repr((words, choices, files)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Question(
        question=words,
        target=target,
        format="mc",
        key=f"{kind}:{box}:{lesion}:{content}",
        cluster=lesion,
        cell=f"{kind}_{box}",
        choices=choices,
        facets={
            "kind": kind,
            "box": "with box" if box == "bbox" else "without box",
            "bbox_type": row.fields.get("bbox_type") or "",
        },
        files=files,
    )


def split_of(name: str) -> str | None:
    """A split by any of its names: "test", "validation" or "train"."""
    return _SPLITS.get(name.strip().casefold())


def said_split(fields: Mapping[str, Any]) -> str:
    """The split that a record's field or the folders of its images say. Raises RowFaultError."""
    said = fields.get("split")
    folders = [part for path in _paths(fields) for part in path.split("/")[:-1]]
    for name in [said] if said else folders:
        if split := split_of(name):
            return split
    raise RowFaultError(f"neither its split ({said!r}) nor the path of its image ({_first(fields)!r}) tells the split")


def said_box(fields: Mapping[str, Any], kind: str) -> str:
    """ "bbox" or "nobox", as a record's field or the path of its image say; `kind` is its q_type."""
    said = (fields.get("bbox_type") or "").strip().casefold()
    path = _first(fields).casefold().replace(kind, "")
    for words in (said, path):
        if words in _SHORT or _NO_BOX.search(words) or _BOX.search(words):
            return _SHORT.get(words) or ("nobox" if _NO_BOX.search(words) else "bbox")
    if kind == "txt2bbox":
        return "bbox"  # there are none without
    raise RowFaultError(
        f"neither its bbox_type ({said!r}) nor the path of its image ({path!r}) tells whether a box is drawn"
    )


def image_names(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths of a record's images, below the data set's folder. Raises RowFaultError where there is none."""
    found = tuple(re.sub(r"^(\./)?(data/)?", "", path) for path in _paths(fields))
    if not found:
        raise RowFaultError("it has no image_path")
    return found


def options(fields: Mapping[str, Any], kind: str) -> list[str]:
    """The texts of a record's options; names of pictures where they are pictures. Raises RowFaultError."""
    if fields.get("choices"):
        found = _of_letters(fields["choices"], kind)
    elif kind in _PICTURES:
        found = [f"{_PICTURES[kind]} {letter}" for letter in LETTERS[: len(_paths(fields))]]
    else:
        found = parse_texts(fields.get("text"))
    if not 2 <= len(found) <= len(LETTERS):
        raise RowFaultError(f"it has {len(found)} options")
    return found


def _of_letters(written: str, kind: str) -> list[str]:
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RowFaultError(f"its choices are no dict of options by their letters ({written[:60]!r})")
    if [letter.strip().upper() for letter in found] != list(LETTERS[: len(found)]):
        raise RowFaultError(f"its choices are not lettered A, B and so on ({', '.join(found)[:60]!r})")
    return list(_texts(found, kind))


def _texts(choices: Mapping[str, Any], kind: str) -> Iterator[str]:
    for letter, value in choices.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise RowFaultError(f"option {letter} is no text ({value!r:.60})")
        words = "" if value is None else str(value).strip()
        if not words and kind not in _PICTURES:
            raise RowFaultError(f"option {letter} is empty")
        yield words or f"{_PICTURES[kind]} {letter}"


def _paths(fields: Mapping[str, Any]) -> Sequence[str]:
    if fields.get("image_paths"):
        return parse_texts(fields["image_paths"])
    return [path] if (path := (fields.get("image_path") or "").strip()) else []


def _first(fields: Mapping[str, Any]) -> str:
    return next(iter(_paths(fields)), "")


def figures(questions: Sequence[Question], rows: int) -> Iterator[tuple[str, bool]]:
    """What `verify` says of all questions of a split: what nobody has written down, as it was found."""
    yield f"questions that are there before, word for word: {sum('#' in one.key for one in questions)}", True
    for said, count in Counter((one.facets["box"], one.facets["bbox_type"]) for one in questions).items():
        yield f"{count:,} questions {said[0]}, where bbox_type is {said[1]!r}", True


def label(asked: Question) -> tuple[str, str]:
    """The answer in words, where the options are texts: of another lesion's picture it may be an option too."""
    right = asked.choices[LETTERS.index(asked.target)]
    return ("", asked.cluster) if asked.facets["kind"] in ("txt2img", "txt2bbox") else (right, "")


def fits(asked: Question, label: tuple[str, str]) -> Fit:
    """The option that the label's words are, if they are one; of pictures as options nothing is known."""
    return Fit(LETTERS[list(asked.choices).index(label[0])] if label[0] in asked.choices else None)
