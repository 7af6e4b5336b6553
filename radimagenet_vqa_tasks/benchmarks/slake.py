"""SLAKE's rows (`BoKelvin/SLAKE`, test.json) as Question columns, and the functions that its task files name.

The rows hold English and Chinese questions; each language is a family of its own, with the same images. The images
are in the data set's imgs.zip; see `image_archive.py`.

A CLOSED question whose answer is neither yes nor no ("Which is bigger, liver or spleen?") has the format "phrase". So
have all CLOSED questions in Chinese, which say yes and no in many words ("是", "有", "不是", "没有"): see
`reply_phrase.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from datasets import Dataset

from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES, Format
from radimagenet_vqa_tasks.data.adapter import Adapter, raise_faults, require_columns
from radimagenet_vqa_tasks.data.image_archive import unpack
from radimagenet_vqa_tasks.data.questions import Questions, files_as_images, fingerprint, question_dataset
from radimagenet_vqa_tasks.data.sources import companion
from radimagenet_vqa_tasks.utils.aggregation import average_of

FOLDER = "imgs"  # in the archive; the rows' img_name is below it
NEEDED = ("img_name", "question", "answer", "answer_type", "q_lang", "qid")
COLUMNS = (*NEEDED, "modality", "location", "content_type", "base_type")
LANGUAGES: Mapping[str, str] = {"slake": "en", "slake_zh": "zh"}
QUESTIONS: Mapping[str, int | None] = {"slake": 1061, "slake_zh": None}
"""How many questions of each family the test split has; None is not known."""


@cache
def adapter(family: str, expected: int | None) -> Adapter:
    """The adapter of a language that insists on so many questions (None: any number)."""
    return Adapter(family, partial(_adapt, family=family, expected=expected))


def _adapt(rows: Dataset, family: str, expected: int | None) -> Dataset:
    title = FAMILIES[family].title
    text = read(rows, family)
    raise_faults(faults(text, expected), title, "radvqa verify --family slake")
    names = [row["img_name"] for row in text]
    files = unpack(companion("slake"), sorted(set(names)), FOLDER)
    formats = [_format(row, family) for row in text]
    return question_dataset(
        files_as_images(files[name] for name in names),
        Questions(
            question=[row["question"] for row in text],
            choices=[[]] * len(text),
            target=[_target(row, form) for row, form in zip(text, formats, strict=True)],
            format=formats,
            key=[f"{row['img_name']}:{row['qid']}" for row in text],
            cluster=names,
            cell=[f"{family}_{'open' if form == 'open' else 'closed'}" for form in formats],
            facets=[_facets(row) for row in text],
        ),
        fingerprint(_of_language(rows, family), files.values()),
    )


def read(rows: Dataset, family: str) -> list[dict[str, Any]]:
    """The rows of a family's language. Raises DataError where a column is missing."""
    require_columns(rows, COLUMNS, "SLAKE", "Use test.json of BoKelvin/SLAKE.")
    return _of_language(rows, family).with_format("arrow")[:].to_pylist()


def _of_language(rows: Dataset, family: str) -> Dataset:
    return rows.select([row for row, language in enumerate(rows["q_lang"][:]) if language == LANGUAGES[family]])


def faults(text: Sequence[dict[str, Any]], expected: int | None) -> list[str]:
    """What is wrong with these rows, one message a fault; see `read`."""
    found = [f"question qid {row['qid']}: {fault}" for row in text for fault in [_fault(row)] if fault]
    keys = Counter((row["img_name"], row["qid"]) for row in text)
    found += [
        f"question qid {qid} of {name!r} is there {count} times" for (name, qid), count in keys.items() if count > 1
    ]
    if expected is not None and len(text) != expected:
        found.append(
            f"the test split has {expected:,} such questions; here are {len(text):,} (for a part, use --limit)"
        )
    return found


def _fault(row: Mapping[str, Any]) -> str | None:
    empty = [name for name in NEEDED if row[name] is None or not str(row[name]).strip()]
    if empty:
        return f"{empty[0]} is empty"
    if _answer_type(row) not in ("OPEN", "CLOSED"):
        return f"the answer_type {row['answer_type']!r} is neither OPEN nor CLOSED"
    return None


def _answer_type(row: Mapping[str, Any]) -> str:
    return str(row["answer_type"]).strip().upper()


def _format(row: Mapping[str, Any], family: str) -> Format:
    if _answer_type(row) == "OPEN":
        return "open"
    return "closed" if family == "slake" and _answer(row).lower() in ("yes", "no") else "phrase"


def _target(row: Mapping[str, Any], form: Format) -> str:
    return _answer(row).lower() if form == "closed" else _answer(row)


def _answer(row: Mapping[str, Any]) -> str:
    return str(row["answer"]).strip()


def _facets(row: Mapping[str, Any]) -> dict[str, str | bool]:
    return {
        "organ": row["location"] or "",
        "modality": row["modality"] or "",
        "content_type": row["content_type"] or "",
        "base_type": row["base_type"] or "",
    }


def __getattr__(name: str) -> partial[Dataset]:
    # The task files name slake.slake_open, slake.slake_zh_closed_textonly and so on.
    family = "slake_zh" if name.startswith("slake_zh") else "slake"
    return adapter(family, QUESTIONS[family]).process_docs(name)


average = partial(average_of, cells=tuple(FAMILIES["slake"].cells))
average_zh = partial(average_of, cells=tuple(FAMILIES["slake_zh"].cells))
