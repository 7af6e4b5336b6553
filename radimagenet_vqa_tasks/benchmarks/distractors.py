"""The distractor ablation (the RadImageNet-VQA paper's Table 4): "no pathology seen" in 0, 30 or 100 % of the options.

The questions are the benchmark's own pathology multiple-choice questions about abnormal images. About a normal image
that option is the right answer and cannot be taken away, so its question can be in no cell but the last.

A question has the same four places in every cell. The right answer and two distractors keep theirs; the last place
holds "no pathology seen" or another label of the region, and nothing else differs. Every draw is a SHA-256 of the
question's key in the benchmark: the same on any machine and in any shard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from radimagenet_vqa_tasks.benchmarks import radvqa
from radimagenet_vqa_tasks.benchmarks.benchmark import (
    LETTERS,
    MC_PROMPT,
    Cell,
    Question,
    Row,
    RowFaultError,
    by_name,
)
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for

ASKED = "pathology_mc"
OPTIONS = 4
BLOCK = 10  # the share is kept in every ten questions in a row, so that --limit 100 keeps it too

SHARES: Mapping[str, int] = {f"{ASKED}_nps{share:03}": share for share in (0, 30, 100)}
"""In how many per cent of a cell's option lists "no pathology seen" is."""


def question(row: Row) -> Question | None:
    """A row's question if it is asked in the ablation. Raises RowFaultError where no lists of options can be made."""
    asked = radvqa.question(row)
    if asked.cell != ASKED or not asked.facets["abnormal"]:
        return None
    options(asked, with_normal=False)
    return asked


def _arms(questions: Sequence[Question]) -> list[Question]:
    """Every question in each of the cells."""
    return [changed for cell in SHARES for changed in _arm(questions, cell)]


def _arm(questions: Sequence[Question], cell: str) -> Iterator[Question]:
    offered = which_offer([one.key for one in questions], SHARES[cell])
    for one, with_normal in zip(questions, offered, strict=True):
        choices = options(one, with_normal=with_normal)
        key = f"{one.key.removesuffix(ASKED)}{cell}"
        target = LETTERS[choices.index(answer(one))]
        yield replace(one, choices=choices, target=target, key=key, cell=cell)


def which_offer(keys: Sequence[str], share: int) -> list[bool]:
    """Which of these questions offer "no pathology seen": of every ten in a row those with the smallest hashes."""
    offered = []
    for start in range(0, len(keys), BLOCK):
        block = keys[start : start + BLOCK]
        chosen = set(sorted(block, key=partial(_draw, "offered"))[: round(len(block) * share / 100)])
        offered += [key in chosen for key in block]
    return offered


def options(asked: Question, *, with_normal: bool) -> list[str]:
    """The four options of a question of the benchmark about an abnormal image, in the order of their letters."""
    right = answer(asked)
    fresh: dict[str, str] = {}
    for text in (*asked.choices, *_plausible(asked)):
        fresh.setdefault(text.casefold(), text)
    others = [text for same, text in fresh.items() if same not in (right.casefold(), NO_PATHOLOGY)][: OPTIONS - 1]
    if len(others) < OPTIONS - 1 or right.casefold() == NO_PATHOLOGY:
        raise RowFaultError(
            f"question {asked.key!r} about an abnormal image has the answer {right!r} and, with the labels of region "
            f"{asked.facets['location']!r}, {len(others)} other options: no list of {OPTIONS} can be made"
        )
    placed = [right, *others[:-1], NO_PATHOLOGY if with_normal else others[-1]]
    return [placed[place] for place in sorted(range(OPTIONS), key=lambda place: _draw(f"place {place}", asked.key))]


def answer(asked: Question) -> str:
    """The right option's text."""
    return asked.choices[LETTERS.index(asked.target)]


def _plausible(asked: Question) -> list[str]:
    """The region's labels in the order of their hashes, those of the image's modality first."""
    modality = str(asked.facets["modality"]).casefold()
    labels = labels_for(str(asked.facets["location"]))
    return [
        label.name
        for label in sorted(
            labels, key=lambda label: (modality not in label.modalities, _draw(f"label {label.name}", asked.key))
        )
    ]


def _draw(purpose: str, key: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose}:{key}".encode("utf-8", "surrogatepass")).digest(), "big")


CELLS = by_name(
    *(Cell(name, "no pathology seen", "mc", f"{share} %", MC_PROMPT, "option") for name, share in SHARES.items())
)

BENCHMARK = replace(
    radvqa.BENCHMARK,
    name="radvqa_distractors",
    title="RadImageNet-VQA, distractor ablation",
    cells=CELLS,
    question=question,
    derive=_arms,
    check=lambda questions: (),
    whole=lambda questions: (),
    figures=lambda questions, rows: (),
    averaged=False,
    together=False,
    group="radvqa_distractors",
    groups={},
    group_note=(
        'The same questions with "no pathology seen" in 0, 30 and 100 % of the options (the paper\'s Table 4).\n'
        "They cover abnormal images only, on whose questions that option is never right: see docs/studies.md.\n"
        "What counts is how the three differ; their mean would say nothing, so there is none."
    ),
    embedded=replace(radvqa.SAMPLE, group="radvqa_sample_distractors"),
    published=None,
    paper_figures=(),
    position=10,
)
BENCHMARKS = (BENCHMARK,)
