"""Open cells corrected for the errors of their judge, as far as labels tell them.

A judge that misses one right answer in ten takes points from every model. What it misses (sensitivity) and what it
wrongly accepts (specificity) are known from labelled answers: `radvqa judge --agreement RUN LABELS --counts FILE`
writes them. The estimate is Rogan and Gladen's (1978), its interval Lang and Reiczigel's (2014), which counts the
labels' own error too; clusters count by effective sizes. It holds if the judge errs on this run as on the labels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.clusters import influences
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.numbers import Cell, High, Judge, Low, N, NumberRow, RunName, Share, fields
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.analysis.student import LEVEL, z_quantile
from radimagenet_vqa_tasks.analysis.table import arm_notes, interval, name_of, together
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.escape import plain

SCHEMA = "radvqa.agreement/1"
MOST = 10_000_000  # labelled answers
LEAST = 0.2  # of sensitivity + specificity - 1: a judge that is hardly better than a coin corrects nothing


class CorrectedRow(NumberRow, frozen=True, kw_only=True):
    """One open cell of one run, raw and corrected for its judge's errors."""

    run: RunName
    cell: Cell
    judge: Judge
    accuracy: Annotated[Share, Meta(description="by the judge")]
    corrected: Annotated[Share, Meta(description="for the judge's errors on the labels")]
    low: Low
    high: High
    sensitivity: Annotated[Share, Meta(description="right answers that the judge accepts")]
    specificity: Annotated[Share, Meta(description="wrong answers that it refuses")]
    n: N
    labels: Annotated[int, Meta(description="labelled answers")]


@dataclass(frozen=True)
class JudgeErrors:
    """What labels say of a judge: sensitivity and specificity, and how many independent labels each rests on."""

    judge: str
    sensitivity: float
    of_right: float
    specificity: float
    of_wrong: float
    labels: int

    @property
    def tells(self) -> bool:
        """Whether the judge tells right from wrong well enough to correct for it."""
        return self.sensitivity + self.specificity - 1 > LEAST


def read_errors(path: Path) -> JudgeErrors:
    """The errors in a file of `radvqa judge --agreement ... --counts`. Raises RunError, naming what is wrong."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA:
            raise ValueError(f"its schema is {found['schema']!r}")
        clusters = [tuple(int(count) for count in one) for one in found["clusters"]]
        if any(count < 0 for one in clusters for count in one) or sum(map(sum, clusters)) > MOST:
            raise ValueError("counts that cannot be")
        right = [(one[0], one[2]) for one in clusters]
        wrong = [(one[3], one[1]) for one in clusters]
        judge = str(found["judge"])
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise RunError(
            f"{plain(path, None)} is no file of `radvqa judge --agreement RUN LABELS --counts FILE` "
            f"({plain(error, 80)})."
        ) from error
    (sensitivity, of_right), (specificity, of_wrong) = _share(right), _share(wrong)
    if not of_right or not of_wrong:
        raise RunError(f"{plain(path, None)} needs labels of both kinds: answers that are right, and that are wrong.")
    labels = sum(sum(one) for one in clusters)
    return JudgeErrors(judge, sensitivity, of_right, specificity, of_wrong, labels)


def _share(counts: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The share of the first among both, over clusters, and how many independent labels it rests on."""
    scores = [score for hits, misses in counts for score in (*[1.0] * hits, *[0.0] * misses)]
    owners = [owner for owner, (hits, misses) in enumerate(counts) for _ in range(hits + misses)]
    if not scores:
        return math.nan, 0
    found = influences({"": (scores, owners)})
    return found.mean, min(float(found.n), found.effective_size(found.mean * (1 - found.mean)))


def corrected(raw: float, n: float, errors: JudgeErrors, level: float = LEVEL) -> tuple[float, float, float]:
    """The share of right answers, and its interval, where the judge found `raw` of n independent answers right."""
    z = z_quantile(level)
    share = (raw + errors.specificity - 1) / (errors.sensitivity + errors.specificity - 1)
    seen = (n * raw + z * z / 2) / (n + z * z)
    hits = (errors.of_right * errors.sensitivity + 1) / (errors.of_right + 2)
    refused = (errors.of_wrong * errors.specificity + 1) / (errors.of_wrong + 2)
    tells = hits + refused - 1
    centre = (seen + refused - 1) / tells
    of_hits = hits * (1 - hits) / errors.of_right
    of_refused = refused * (1 - refused) / errors.of_wrong
    shift = 2 * z * z * (centre * of_hits - (1 - centre) * of_refused)
    spread = seen * (1 - seen) / (n + z * z) + centre**2 * of_hits + (1 - centre) ** 2 * of_refused
    margin = z * math.sqrt(spread) / tells
    low, high = (min(1.0, max(0.0, end)) for end in (centre + shift - margin, centre + shift + margin))
    share = min(1.0, max(0.0, share))
    return share, min(low, share), max(high, share)


def corrected_rows(arm: Arm, errors: JudgeErrors) -> list[CorrectedRow]:
    """The open cells of one run that this judge judged; none where it tells too little."""
    rows = []
    scheme = Scheme()
    for cell, records in scheme.by_cell(arm.records).items():
        judged = [one for one in records if one.format == "open" and one.judge == errors.judge]
        scores, clusters = scheme.scored(judged)
        if not scores or not errors.tells:
            continue
        size = influences({"": (scores, clusters)}).effective_size(_unit(scores))
        share, low, high = corrected(sum(scores) / len(scores), size, errors)
        rows.append(
            CorrectedRow(
                run=arm.label,
                cell=cell,
                judge=errors.judge,
                accuracy=sum(scores) / len(scores),
                corrected=share,
                low=low,
                high=high,
                sensitivity=errors.sensitivity,
                specificity=errors.specificity,
                n=len(scores),
                labels=errors.labels,
            )
        )
    return rows


def _unit(scores: Sequence[float]) -> float:
    share = sum(scores) / len(scores)
    return share * (1 - share)


def corrected_sheet(arms: Sequence[Arm], errors: JudgeErrors) -> Sheet:
    """All runs' open cells. Raises RunError where the judge judged none, or is hardly better than a coin."""
    if not errors.tells:
        raise RunError(
            f"{plain(errors.judge)} has a sensitivity of {errors.sensitivity:.2f} and a specificity of "
            f"{errors.specificity:.2f} on the labels: from such a judge no accuracy can be corrected."
        )
    rows = [row for arm in arms for row in corrected_rows(arm, errors)]
    if not rows:
        judges = sorted({judge for arm in arms for judge in arm.judges})
        raise RunError(
            f"no open answer of these runs was judged by {plain(errors.judge)}; they were by "
            f"{', '.join(map(plain, judges)) or 'nobody'}."
        )
    lines = [_line(row, arms) for row in rows]
    notes = [
        f"{errors.judge} on {errors.labels:,} labelled answers: accepts {100 * errors.sensitivity:.1f} % of the right "
        f"ones and refuses {100 * errors.specificity:.1f} % of the wrong ones. Corrected (Rogan and Gladen) with 95 % "
        "intervals that count the labels' error too. It holds if the judge errs on these runs as on the labels.",
        *together({arm.label: arm_notes(arm, Scheme()) for arm in arms}),
    ]
    heads = ["", "cell", "judged", "corrected", "n"]
    return Sheet("Corrected for the judge's errors, %", heads, lines, notes, fields(rows), names=2)


def _line(row: CorrectedRow, arms: Sequence[Arm]) -> list[Item]:
    known: Mapping[str, Any] = arms[0].cells
    bounds = interval(Estimate(row.corrected, row.low, row.high, row.n, row.n))
    judged, share = Item(f"{100 * row.accuracy:.1f}"), Item(f"{100 * row.corrected:.1f}", bounds)
    return [Item(row.run), Item(name_of(row.cell, known)), judged, share, Item(f"{row.n:,}")]
