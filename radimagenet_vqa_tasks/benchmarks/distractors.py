"""The distractor ablation (the paper's Table 4): "no pathology seen" in 0, 30 or 100 % of the option lists.

The questions are the benchmark's own pathology multiple-choice questions about abnormal images. About a normal image
that option is the right answer and cannot be taken away, so its question can be in no arm but the last.

A question has the same four places in every arm. The right answer and two distractors keep theirs; the last place
holds "no pathology seen" or another label of the region, and nothing else differs. Every draw is a SHA-256 of the
question's key in the benchmark: the same on any machine and in any shard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from datasets import Dataset, DatasetInfo

from radimagenet_vqa_tasks.benchmarks import radvqa
from radimagenet_vqa_tasks.benchmarks.cells import FAMILIES
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.models.guessing import draw
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for
from radimagenet_vqa_tasks.utils.prompts import LETTERS

SOURCE = "pathology_mc"
OPTIONS = 4
BLOCK = 10  # the share is kept in every ten questions in a row, so that --limit 100 keeps it too

SHARES: Mapping[str, int] = {name: int(name.rpartition("nps")[2]) for name in FAMILIES["radvqa_distractors"].cells}
"""In how many per cent of a cell's option lists "no pathology seen" is."""


def questions(rows: Dataset, cell: str, *, images: int | None = radvqa.IMAGES, with_image: bool = True) -> Dataset:
    """One arm's questions as Question columns; the `process_docs` of its task. See `radvqa.questions`.

    Raises DataError where no four options can be made of a question's own and its region's labels.
    """
    asked = radvqa.questions(rows, SOURCE, images=images, with_image=with_image)
    asked = asked.select([row for row, facets in enumerate(asked["facets"]) if facets["abnormal"]])
    table = asked.with_format("arrow")[:]
    docs = table.select(["key", "choices", "target", "facets"]).to_pylist()
    offered = which_offer([doc["key"] for doc in docs], SHARES[cell])
    choices = [options(doc, with_normal=with_normal) for doc, with_normal in zip(docs, offered, strict=True)]
    changed = {
        "choices": choices,
        "target": [LETTERS[found.index(answer(doc))] for doc, found in zip(docs, choices, strict=True)],
        "key": [f"{doc['key'].removesuffix(SOURCE)}{cell}" for doc in docs],
        "cell": [cell] * len(docs),
    }
    for name, values in changed.items():
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(values, table.schema.field(name).type))
    # Without a name of its own the data set would be hashed for one, images and all.
    return Dataset(table, DatasetInfo(features=asked.features), fingerprint=f"{asked._fingerprint}-{cell}")


def which_offer(keys: Sequence[str], share: int) -> list[bool]:
    """Which of these questions offer "no pathology seen": of every ten in a row those with the smallest hashes."""
    offered = []
    for start in range(0, len(keys), BLOCK):
        block = keys[start : start + BLOCK]
        chosen = set(sorted(block, key=partial(_draw, "offered"))[: round(len(block) * share / 100)])
        offered += [key in chosen for key in block]
    return offered


def options(doc: Mapping[str, Any], *, with_normal: bool) -> list[str]:
    """The four options of a question of the benchmark about an abnormal image, in the order of their letters."""
    right = answer(doc)
    fresh: dict[str, str] = {}
    for text in (*doc["choices"], *_plausible(doc)):
        fresh.setdefault(text.casefold(), text)
    others = [text for same, text in fresh.items() if same not in (right.casefold(), NO_PATHOLOGY)][: OPTIONS - 1]
    if len(others) < OPTIONS - 1 or right.casefold() == NO_PATHOLOGY:
        raise DataError(
            f"question {doc['key']!r} about an abnormal image has the answer {right!r} and, with the labels of region "
            f"{doc['facets']['location']!r}, {len(others)} other options: no list of {OPTIONS} can be made. "
            "`radvqa verify` checks the data."
        )
    placed = [right, *others[:-1], NO_PATHOLOGY if with_normal else others[-1]]
    return [placed[place] for place in sorted(range(OPTIONS), key=lambda place: _draw(f"place {place}", doc["key"]))]


def answer(doc: Mapping[str, Any]) -> str:
    """The right option's text."""
    return str(doc["choices"][LETTERS.index(doc["target"])])


def _plausible(doc: Mapping[str, Any]) -> list[str]:
    """The region's labels in the order of their hashes, those of the image's modality first."""
    modality = doc["facets"]["modality"].casefold()
    labels = labels_for(doc["facets"]["location"])
    return [
        label.name
        for label in sorted(
            labels, key=lambda label: (modality not in label.modalities, _draw(f"label {label.name}", doc["key"]))
        )
    ]


def _draw(purpose: str, key: str) -> int:
    return draw(f"{purpose}:{key}", 2**256)


def process_docs(name: str, *, images: int | None) -> partial[Dataset]:
    """The `process_docs` of the task called `name`: an arm, with "_textonly" for its twin without images."""
    cell, textonly, rest = name.partition("_textonly")
    if cell not in SHARES or rest:
        raise AttributeError(f"no task is called {name!r}; the arms are {', '.join(SHARES)}")
    return partial(questions, cell=cell, images=images, with_image=not textonly)


def __getattr__(name: str) -> partial[Dataset]:
    # The task files name distractors.pathology_mc_nps030, distractors.sample_pathology_mc_nps030_textonly and so on.
    arm = name.removeprefix("sample_")
    return process_docs(arm, images=radvqa.IMAGES if arm == name else None)
