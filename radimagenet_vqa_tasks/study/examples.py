"""Examples of what a model says with and without the image, chosen by rule (as in the paper's Figures 11 and 12).

Of all open and multiple-choice questions of a kind those with the smallest SHA-256 of their keys are shown, one an
image and one a wording: nobody picks them, and the same questions come up for every model that answers alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS
from radimagenet_vqa_tasks.escape import markdown, plain
from radimagenet_vqa_tasks.models.guessing import draw
from radimagenet_vqa_tasks.report.answers import Answer, read_answers
from radimagenet_vqa_tasks.scoring.record import Record
from radimagenet_vqa_tasks.study.pairs import Pair

SHOWN = 3  # of each kind and benchmark
LONGEST = 300  # characters of a text

SAME = "The same right answer with and without the image"
ONLY_SEEING = "Right only with the image"

Answered = tuple[Record, Answer, Record, Answer]  # with the image, and without

_INTRODUCTION = f"""\
# Examples

Open and multiple-choice questions, chosen by rule: of each kind up to {SHOWN} with the smallest hash of their keys, one
an image and one a wording. "The same" is the same letter, or the same words whatever their case and punctuation.
"""


def examples(runs: Sequence[Sequence[Pair]]) -> str:
    """A Markdown page with examples of each run and benchmark. All texts in it are taken for hostile, and escaped."""
    sections = [section for pairs in runs for pair in pairs for section in _sections(pair)]
    return "\n".join([_INTRODUCTION, *sections])


def _sections(pair: Pair) -> Iterator[str]:
    answered = list(_answered(pair))
    yield f"## {markdown(pair.seeing.name, None)}: {markdown(pair.seeing.benchmark.title)}\n"
    for kind, chosen in (
        (SAME, [one for one in answered if _right(one[0]) and _right(one[2]) and _same(one)]),
        (ONLY_SEEING, [one for one in answered if _right(one[0]) and not _right(one[2])]),
    ):
        yield f"### {kind}: {len(chosen):,} of {len(answered):,} questions\n"
        for one in first(chosen):
            yield "\n".join(_lines(one)) + "\n"


def _answered(pair: Pair) -> Iterator[Answered]:
    """The open and multiple-choice questions with a verdict and texts on both sides."""
    blind = {record.key: record for record in pair.blind.records}
    seen, unseen = read_answers(pair.seeing), read_answers(pair.blind)
    for record in pair.seeing.records:
        key, other = record.key, blind.get(record.key)
        if record.format not in ("open", "mc") or other is None or key not in seen or key not in unseen:
            continue
        if "missing" not in (record.outcome, other.outcome):
            yield record, seen[key], other, unseen[key]


def first(answered: Sequence[Answered], count: int = SHOWN) -> list[Answered]:
    """The first few by the hash of their keys, no two of one image or with one wording."""
    chosen: list[Answered] = []
    taken: set[object] = set()
    for one in sorted(answered, key=lambda one: draw(one[0].key, 2**64)):
        marks = {one[0].cluster, (one[1].question,)}
        if len(chosen) < count and not marks & taken:
            taken |= marks
            chosen.append(one)
    return chosen


def _right(record: Record) -> bool:
    return bool(record.outcome == "correct")


def _same(one: Answered) -> bool:
    seen, seen_text, unseen, unseen_text = one
    if seen.format == "mc":
        return bool(seen.extracted == unseen.extracted)
    return _words(seen_text) == _words(unseen_text)


def _words(answer: Answer) -> list[str]:
    return re.findall(r"\w+", (answer.response or "").casefold())


def _lines(one: Answered) -> Iterator[str]:
    record, seen, _, unseen = one
    cell = cell_called(record.cell)
    yield f"- **{_text(seen.question)}** ({f'{cell.subject} {cell.title}'.strip()}, `{_code(record.key)}`)"
    if choices := record.choices:
        yield f"  - options: {_text('; '.join(f'{a}. {b}' for a, b in zip(LETTERS, choices, strict=False)))}"
    yield f"  - right: {_text(record.target)}"
    yield f"  - with the image: {_text(seen.response)}"
    yield f"  - without: {_text(unseen.response)}"


def _text(text: str | None) -> str:
    return markdown(text or "(nothing)", LONGEST)


def _code(key: str) -> str:
    # Within backticks nothing but a backtick is special.
    return plain(key.replace("`", "'"), LONGEST)
