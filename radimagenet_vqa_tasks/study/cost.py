"""What a study will cost, said before it starts: answers, requests, images and a judge's calls."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass

from radimagenet_vqa_tasks.analysis.arms import SHOWN
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark, Question
from radimagenet_vqa_tasks.data.sources import Copies
from radimagenet_vqa_tasks.judge import chosen as judges
from radimagenet_vqa_tasks.scoring.record import ArmName
from radimagenet_vqa_tasks.study.suites import Suite


@dataclass(frozen=True)
class Cost:
    """What one benchmark will cost.

    Attributes:
        answers: the questions in all arms.
        requests: those that are not the same as another one, which greedy runs send once.
        images: in these requests, blank ones among them.
    """

    benchmark: str
    questions: int
    answers: int
    requests: int
    images: int
    judge_calls: int


def cost(benchmarks: Sequence[Suite], arms: Sequence[ArmName], copies: Copies, limit: float | None = None) -> Sheet:
    """What these benchmarks will cost in these arms; `limit` is the host's. Raises DataError or RunError."""
    judge = judges.chosen()
    costs = [_cost(one, arms, copies, limit, judged=judge is not None) for one in benchmarks]
    counts = [(one.answers, one.requests, one.images, one.judge_calls) for one in costs]
    rows: list[list[Item | str]] = [
        [one.benchmark, f"{one.questions:,}", *(f"{count:,}" for count in of_one)]
        for one, of_one in zip(costs, counts, strict=True)
    ]
    rows.append(["all", "", *(f"{sum(column):,}" for column in zip(*counts, strict=True))])
    notes = [
        f"Every question is asked {', then '.join(SHOWN[arm] for arm in arms)}. requests: at temperature 0 the same "
        "text with the same image is sent once.",
    ]
    if any(cell.format == "open" for one in benchmarks for cell in one.benchmark.cells.values()):
        said = f"by {judge.name}: at most so many calls, for replies in its cache cost nothing" if judge else "by rule"
        notes.append(f"Open answers are judged {said}.")
    heads = ["", "questions", "answers", "requests", "images", "judge calls"]
    rules = frozenset({len(rows) - 2})
    return Sheet("What this study will ask", heads, rows, notes, [asdict(one) for one in costs], rules)


def _cost(suite: Suite, arms: Sequence[ArmName], copies: Copies, limit: float | None, *, judged: bool) -> Cost:
    requests: dict[Hashable, int] = {}
    answers = opened = 0
    for arm in arms:
        asked = _limited(suite.questions(copies, arm), limit)
        answers += len(asked)
        opened += sum(one.format == "open" for one, _ in asked)
        requests |= {_request(suite.benchmark, one, arm): images for one, images in asked}
    return Cost(
        suite.title,
        answers // len(arms),
        answers,
        len(requests),
        sum(requests.values()),
        opened if judged else 0,
    )


def _request(benchmark: Benchmark, one: Question, arm: ArmName) -> Hashable:
    """What makes two requests the same: `run/asking.py` goes by the same."""
    text = (benchmark.cells[one.cell].prompt, one.format, one.question, tuple(one.choices), arm == "told")
    picture = "" if arm in ("textonly", "told") else one.shown.key if one.shown else one.key
    return (*text, picture, arm == "blank")


def _limited(asked: Sequence[tuple[Question, int]], limit: float | None) -> Sequence[tuple[Question, int]]:
    """The first so many of each cell, or so large a share of it."""
    if limit is None or limit < 0:
        return asked
    sizes = Counter(one.cell for one, _ in asked)
    left = {cell: math.ceil(size * limit) if limit < 1 else int(limit) for cell, size in sizes.items()}
    kept = []
    for one in asked:
        left[one[0].cell] -= 1
        if left[one[0].cell] >= 0:
            kept.append(one)
    return kept
