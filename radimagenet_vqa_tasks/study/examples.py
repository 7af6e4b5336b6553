"""Examples of what a model says with and without the image, chosen by rule (as in the paper's Figures 11 and 12).

Of all open and multiple-choice questions of a kind those with the smallest SHA-256 of their keys are shown, one an
image and one a wording: nobody picks them, and the same questions come up for every model that answers alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.analysis.arms import SHOWN
from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS
from radimagenet_vqa_tasks.escape import markdown, plain
from radimagenet_vqa_tasks.models.guessing import draw
from radimagenet_vqa_tasks.report.answers import Answer, read_answers
from radimagenet_vqa_tasks.scoring.record import SHOWN_RIGHT, Record
from radimagenet_vqa_tasks.study.pairs import Pair

MOST = 3  # of each kind and benchmark
LONGEST = 300  # characters of a text

Answered = tuple[Record, Answer, Record, Answer]  # with the image, and in the other arm


@dataclass(frozen=True)
class Kind:
    """One kind of example: its heading, and whether a question is one."""

    title: str
    holds: Callable[[Answered], bool]


SHORTCUTS = (
    Kind(
        "The same right answer with and without the image", lambda one: _right(one[0]) and _right(one[2]) and _same(one)
    ),
    Kind("Right only with the image", lambda one: _right(one[0]) and not _right(one[2])),
)
"""The paper's Figures 11 and 12."""

SWAPPED = (
    Kind("The answer goes with the image that is shown", lambda one: _right(one[0]) and _followed(one[2])),
    Kind("The answer stays though its image is gone", lambda one: _right(one[0]) and _right(one[2]) and _tells(one[2])),
)
"""What answers follow."""

UNSEEN = (
    Kind("Answered as if there were an image, and rightly", lambda one: _right(one[2])),
    Kind("Answered as if there were an image, and wrongly", lambda one: one[2].outcome == "incorrect"),
    Kind("Declined for want of an image", lambda one: one[2].outcome == "declined" and one[2].reason == "no_image"),
)
"""What is said where there is nothing to see."""

_INTRODUCTION = f"""\
# Examples

Open and multiple-choice questions, chosen by rule: of each kind up to {MOST} with the smallest hash of their keys, one
an image and one a wording. "The same" is the same letter, or the same words whatever their case and punctuation.
"""


def examples(runs: Sequence[Sequence[Pair]]) -> str:
    """A Markdown page with examples of each run and benchmark. All texts in it are taken for hostile, and escaped."""
    return page((pair, SHORTCUTS) for pairs in runs for pair in pairs)


def page(chosen: Iterable[tuple[Pair, Sequence[Kind]]]) -> str:
    """A Markdown page with examples of some kinds from each pair of arms."""
    return "\n".join([_INTRODUCTION, *(section for pair, kinds in chosen for section in _sections(pair, kinds))])


def _sections(pair: Pair, kinds: Sequence[Kind]) -> Iterator[str]:
    answered = list(_answered(pair))
    arm = "" if pair.blind.arm == "textonly" else f", {SHOWN[pair.blind.arm]}"
    yield f"## {markdown(pair.seeing.name, None)}: {markdown(pair.seeing.benchmark.title)}{arm}\n"
    for kind in kinds:
        chosen = [one for one in answered if kind.holds(one)]
        yield f"### {kind.title}: {len(chosen):,} of {len(answered):,} questions\n"
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


def first(answered: Sequence[Answered], count: int = MOST) -> list[Answered]:
    """The first few by the hash of their keys, no two of one image or with one wording."""
    chosen: list[Answered] = []
    taken: set[object] = set()
    for one in sorted(answered, key=lambda one: draw(one[0].key, 2**64)):
        marks = {one[0].image, (one[1].question,)}
        if len(chosen) < count and not marks & taken:
            taken |= marks
            chosen.append(one)
    return chosen


def _right(record: Record) -> bool:
    return bool(record.outcome == "correct")


def _tells(record: Record) -> bool:
    """Whether another answer than the question's own would be right for the image that was shown."""
    return record.shown is not None and SHOWN_RIGHT in record.scores and record.shown.target != record.target


def _followed(record: Record) -> bool:
    return _tells(record) and bool(record.scores[SHOWN_RIGHT]) and not _right(record)


def _same(one: Answered) -> bool:
    seen, seen_text, unseen, unseen_text = one
    if seen.format == "mc":
        return bool(seen.extracted == unseen.extracted)
    return _words(seen_text) == _words(unseen_text)


def _words(answer: Answer) -> list[str]:
    return re.findall(r"\w+", (answer.response or "").casefold())


def _lines(one: Answered) -> Iterator[str]:
    record, seen, other, unseen = one
    cell = cell_called(record.cell)
    yield f"- **{_text(seen.question)}** ({f'{cell.subject} {cell.title}'.strip()}, `{_code(record.key)}`)"
    if choices := record.choices:
        yield f"  - options: {_text('; '.join(f'{a}. {b}' for a, b in zip(LETTERS, choices, strict=False)))}"
    yield f"  - right: {_text(record.target)}"
    yield f"  - with the image: {_text(seen.response)}"
    if other.shown and other.shown.target is not None:
        yield f"  - right for the other image: {_text(other.shown.target)}"
    said = "without" if other.arm == "textonly" else SHOWN[other.arm]
    yield f"  - {said}: {_text(unseen.response)}"


def _text(text: str | None) -> str:
    return markdown(text or "(nothing)", LONGEST)


def _code(key: str) -> str:
    # Within backticks nothing but a backtick is special.
    return plain(key.replace("`", "'"), LONGEST)
