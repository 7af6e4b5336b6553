"""The numbers that analysis makes, as typed rows: tables are laid out from them, and `radvqa summary` is made of them.

Every row stands alone: it says which run, what of it, by which rules, and what it rests on. Shares are between 0 and 1,
differences and kappas between -1 and 1, intervals are at 95 % unless the row says its level. A number that does not
exist is NaN here and null in JSON. The descriptions are those of `summary.schema.json`, which is generated from these
classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from radimagenet_vqa_tasks.analysis.measure import ClosedBy, Protocol
from radimagenet_vqa_tasks.scoring.record import ArmName

RunName = Annotated[str, Meta(description="name of the run, as it came from the logs or the command line: escape it")]
Label = Annotated[str, Meta(description="name of the run, with its arm where that is not `image`: escape it")]
Family = Annotated[str, Meta(description="short name of the benchmark")]
ArmShown = Annotated[ArmName, Meta(description="what the model was shown in the place of the question's own images")]
WithImage = Annotated[bool, Meta(description="whether the model saw the question's own images")]
Cell = Annotated[str, Meta(description="name of the cell, or Avg for the unweighted mean of several")]
By = Annotated[str, Meta(description="the facet that the row is a group of; empty for all questions")]
Group = Annotated[str, Meta(description="the facet's value")]
Fingerprint = Annotated[str, Meta(description="of the questions' data")]
Version = Annotated[str, Meta(description="N-X of the task files; scores of different N do not compare")]
Sample = Annotated[bool, Meta(description="whether the questions are the embedded sample's")]
Judge = Annotated[str, Meta(description="who judged the open answers; several are separated by commas")]
Notes = Annotated[list[str], Meta(description="what to know before the numbers mean anything")]
ByRules = Annotated[
    Protocol, Meta(description="whose rules the answers were scored by: this pack's, or those of the paper's own tool")
]
ClosedCells = Annotated[
    ClosedBy, Meta(description="what tells Closed+ from Closed-: the kind of question, or the right answer")
]
Test = Annotated[
    Literal["McNemar, exact", "sign flips, exact", "sign flips, normal", "normal", "too few", ""],
    Meta(description="what made p"),
]

Share = Annotated[float, Meta(ge=0, le=1)]
Change = Annotated[float, Meta(ge=-1, le=1)]
Size = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
N = Annotated[Count, Meta(description="questions that the number rests on")]
Images = Annotated[Count, Meta(description="images (clusters) that these questions are about")]
Low = Annotated[Share, Meta(description="lower end of the 95 % interval")]
High = Annotated[Share, Meta(description="its upper end")]
LowChange = Annotated[Change, Meta(description="lower end of the interval")]
HighChange = Annotated[Change, Meta(description="its upper end")]
P = Annotated[Share, Meta(description="two-sided, uncorrected")]


class NumberRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all rows have in common: their fields are what CSV and JSON show."""

    def fields(self) -> dict[str, object]:
        """The row without its type."""
        return msgspec.structs.asdict(self)


def fields(rows: Iterable[NumberRow]) -> list[dict[str, object]]:
    """The rows without their type, for a sheet."""
    return [row.fields() for row in rows]


class RunRow(NumberRow, frozen=True, kw_only=True):
    """One run and how it was read."""

    run: RunName
    notes: Annotated[list[str], Meta(description="what was left out while reading")]


class ArmRow(NumberRow, frozen=True, kw_only=True):
    """One run's answers to one benchmark in one arm."""

    run: RunName
    arm: ArmShown
    with_image: WithImage
    family: Family
    benchmark: Annotated[str, Meta(description="its name for people")]
    fingerprint: Fingerprint
    version: Version
    sample: Sample
    judges: Annotated[list[str], Meta(description="who judged the open answers")]
    partial: Annotated[
        str,
        Meta(description="what is missing of the data set's questions; empty where nothing is, or nothing is known"),
    ]
    questions: Annotated[Count, Meta(description="answers")]
    images: Images
    notes: Notes


class AccuracyRow(NumberRow, frozen=True, kw_only=True):
    """One accuracy."""

    run: RunName
    arm: ArmShown
    with_image: WithImage
    family: Family
    by: By
    group: Group
    cell: Cell
    accuracy: Annotated[Share, Meta(description="share of right answers among the scored")]
    low: Low
    high: High
    n: N
    images: Images
    asked: Annotated[Count, Meta(description="answers, judged or not")]
    unparsed: Annotated[Count, Meta(description="answers that could not be read; they count as wrong")]
    missing: Annotated[
        Count, Meta(description="answers without a verdict; strict leaves them out, paper counts them as wrong")
    ]
    lower: Annotated[Share, Meta(description="accuracy if every missing answer were wrong")]
    upper: Annotated[Share, Meta(description="accuracy if every missing answer were right")]
    complete: Annotated[bool, Meta(description="whether every question of the data set has a score")]
    judge: Judge
    protocol: ByRules
    closed_by: ClosedCells
    fingerprint: Fingerprint
    version: Version
    sample: Sample


class RateRow(NumberRow, frozen=True, kw_only=True):
    """How answers about one image hang together; docs/summary_schema.md lists the rates."""

    run: RunName
    arm: ArmShown
    with_image: WithImage
    rate: Annotated[str, Meta(description="name of the rate")]
    share: Annotated[Share, Meta(description="the rate")]
    low: Low
    high: High
    expected: Annotated[
        Share,
        Meta(
            description="of independent answers (both_right_*), or how often the answer is right (yes_*, "
            "no_finding_*); null where there is no such value"
        ),
    ]
    n: Annotated[Count, Meta(description="images or answers that the rate rests on")]
    images: Images
    protocol: ByRules
    closed_by: ClosedCells


class BlindRow(NumberRow, frozen=True, kw_only=True):
    """The same questions with and without the image."""

    family: Family
    run: RunName
    cell: Cell
    with_image: Annotated[Share, Meta(description="accuracy with the image")]
    without_image: Annotated[Share, Meta(description="accuracy without")]
    gain: Annotated[Change, Meta(description="with minus without, paired")]
    low: LowChange
    high: HighChange
    p: P
    p_holm: Annotated[Share, Meta(description="corrected over the table, Avg included")]
    test: Test
    chance: Annotated[Share, Meta(description="accuracy of uniform guessing; null where there is no list of answers")]
    both: Annotated[Share, Meta(description="right both ways")]
    only_with: Annotated[Share, Meta(description="right only with the image")]
    only_without: Annotated[Share, Meta(description="right only without")]
    neither: Annotated[Share, Meta(description="right neither way")]
    n: N
    images: Images
    protocol: ByRules
    closed_by: ClosedCells


class DifferenceRow(NumberRow, frozen=True, kw_only=True):
    """The second run minus the first on the same questions."""

    family: Family
    with_image: WithImage
    first: Annotated[Label, Meta(description="label of the first run")]
    second: Annotated[Label, Meta(description="label of the other run")]
    by: By
    group: Group
    cell: Cell
    first_accuracy: Annotated[Share, Meta(description="on the shared questions")]
    second_accuracy: Annotated[Share, Meta(description="on the shared questions")]
    difference: Annotated[Change, Meta(description="second minus first")]
    low: LowChange
    high: HighChange
    level: Annotated[Share, Meta(description="of the interval")]
    p: P
    p_holm: Annotated[
        Share,
        Meta(description="corrected over all that the comparison with the first run decides; null for too few images"),
    ]
    test: Test
    margin: Annotated[Share, Meta(description="within which a difference counts as none")]
    verdict: Annotated[
        Literal["second better", "first better", "same within the margin", "cannot tell", "too few", ""],
        Meta(description="what is decided, after correction"),
    ]
    detectable: Annotated[Size, Meta(description="the difference that is found in 80 of 100 such comparisons")]
    power: Annotated[Share, Meta(description="the probability with which a difference of the margin is found")]
    needed: Annotated[
        Count | None,
        Meta(description="about how many questions would tell a difference of the margin from none"),
    ]
    n: N
    images: Images
    only_second_right: Annotated[Count, Meta(description="questions")]
    only_first_right: Annotated[Count, Meta(description="questions")]
    protocol: ByRules
    closed_by: ClosedCells


class KappaRow(NumberRow, frozen=True, kw_only=True):
    """Cohen's kappa of two runs' answers to closed and multiple-choice questions."""

    family: Family
    with_image: WithImage
    first: Annotated[Label, Meta(description="label of the one")]
    second: Annotated[Label, Meta(description="label of the other")]
    kappa: Annotated[Change, Meta(description="agreement beyond chance, chance taken within each cell")]
    low: LowChange
    high: HighChange
    n: N
    images: Images


class RefusalRow(NumberRow, frozen=True, kw_only=True):
    """A run that does not compare with the first."""

    family: Family
    with_image: WithImage
    first: Annotated[Label, Meta(description="label of the first run")]
    second: Annotated[Label, Meta(description="label of the other run")]
    why: Annotated[list[str], Meta(description="the reasons", min_length=1)]


class PublishedRow(NumberRow, frozen=True, kw_only=True):
    """A run against the row of the paper's Table 2 that has its name."""

    run: RunName
    published_row: Annotated[str, Meta(description="name of the row")]
    cell: Cell
    strict: Annotated[Share, Meta(description="ours, strict")]
    strict_low: Low
    strict_high: High
    paper_protocol: Annotated[Share, Meta(description="ours, by the paper's rules")]
    paper_protocol_low: Low
    paper_protocol_high: High
    n: N
    published: Annotated[Share, Meta(description="the paper's; for an Avg with a known erratum the mean of its cells")]
    published_as_printed: Annotated[Share, Meta(description="as printed")]
    difference: Annotated[Change, Meta(description="ours by the paper's rules minus published")]
    low: Annotated[Change, Meta(description="lower end of the 95 % interval, on the same images")]
    high: HighChange
    p_holm: Annotated[
        Share, Meta(description="two-sided, on the same images, corrected over the row; null where not comparable")
    ]
    margin: Annotated[Share, Meta(description="within which a difference counts as none; null where not comparable")]
    needed: Annotated[
        Count | None, Meta(description="about how many questions would tell a difference of the margin from none")
    ]
    other_low: Annotated[Change, Meta(description="lower end of the 95 % interval, on other images of the same kind")]
    other_high: HighChange
    other_p_holm: Annotated[Share, Meta(description="the p on other images")]
    other_needed: Annotated[Count | None, Meta(description="the questions that are needed there")]
    parser_effect: Annotated[
        Change, Meta(description="ours by the paper's rules minus ours by the strict ones, on the same answers")
    ]
    parser_effect_low: LowChange
    parser_effect_high: HighChange
    parser_p: Annotated[Share, Meta(description="its two-sided p, corrected (Holm) over the table")]
    parser_explains: Annotated[
        bool,
        Meta(description="whether the effect is significant and covers most of the gap between strict and published"),
    ]
    verdict: Annotated[
        Literal["same within the margin", "differs", "cannot tell", "not comparable"],
        Meta(description="on the same images, after correction"),
    ]
    verdict_on_other_images: Literal["same within the margin", "differs", "cannot tell", "not comparable"]
    why: Annotated[str, Meta(description="reason of the verdict, if it needs one")]
    notes: Annotated[list[str], Meta(description="what is known to be wrong with the printed value")]
    judge: Judge


class PrintedRow(NumberRow, frozen=True, kw_only=True):
    """A run against a row that a paper prints, of the same questions or of others of their kind."""

    run: Label
    family: Family
    published_row: Annotated[str, Meta(description="name of the row")]
    cell: Cell
    accuracy: Annotated[Share, Meta(description="ours, strict")]
    low: Low
    high: High
    n: N
    published: Annotated[Share, Meta(description="the paper's; a mean is made of its cells")]
    published_n: Annotated[Count, Meta(description="questions that it rests on; 0 where the paper does not say")]
    difference: Annotated[Change, Meta(description="ours minus published")]
    difference_low: LowChange
    difference_high: HighChange
    p_holm: Annotated[Share, Meta(description="two-sided, corrected over the row; null where not comparable")]
    margin: Annotated[Share, Meta(description="within which a difference counts as none; null where not comparable")]
    needed: Annotated[
        Count | None, Meta(description="about how many questions would tell a difference of the margin from none")
    ]
    verdict: Literal["same within the margin", "differs", "cannot tell", "not comparable"]
    why: Annotated[str, Meta(description="reason of the verdict, if it needs one")]
    notes: Annotated[list[str], Meta(description="what is known to be wrong with the printed value")]


class ContrastRow(NumberRow, frozen=True, kw_only=True):
    """Two cells of one run that ask the same but for one thing: the questions that both have, in pairs."""

    run: Label
    family: Family
    contrast: Annotated[str, Meta(description="what is changed")]
    pair: Annotated[str, Meta(description="what the two cells ask; Avg for the unweighted mean of all")]
    first: Annotated[str, Meta(description="the first side")]
    second: Annotated[str, Meta(description="the second side")]
    first_accuracy: Annotated[Share, Meta(description="of the pairs")]
    second_accuracy: Annotated[Share, Meta(description="of the pairs")]
    difference: Annotated[Change, Meta(description="first minus second")]
    low: LowChange
    high: HighChange
    p: P
    p_holm: Annotated[Share, Meta(description="corrected over the pairs of the contrast, and Avg")]
    test: Test
    n: Annotated[Count, Meta(description="pairs of questions")]
    images: Images
    alone: Annotated[Count, Meta(description="scored questions of the two cells that have no partner, left out")]
    protocol: ByRules


class PrintedContrastRow(NumberRow, frozen=True, kw_only=True):
    """The same of two cells that a paper prints."""

    published_row: Annotated[str, Meta(description="name of the row")]
    contrast: Annotated[str, Meta(description="what is changed")]
    pair: Annotated[str, Meta(description="what the two cells ask")]
    difference: Annotated[Change, Meta(description="first minus second")]


class PeopleRow(NumberRow, frozen=True, kw_only=True):
    """A cell of a run with the paper's kind of interval beside ours, or what a person reaches in that cell."""

    run: Label
    family: Family
    cell: Cell
    person: Annotated[str, Meta(description="who answered, as the paper says; empty for the run")]
    accuracy: Share
    low: Low
    high: High
    published_low: Annotated[Share, Meta(description="lower end of 1.96 standard errors, without clusters")]
    published_high: Annotated[Share, Meta(description="its upper end")]
    n: N


Metric = Annotated[str, Meta(description="what a caption was measured by, one of scoring.captions.METRICS")]
Value = Annotated[float, Meta(ge=-1, le=1)]


class CaptionRow(NumberRow, frozen=True, kw_only=True):
    """The captions of one cell of a run by one metric."""

    run: Label
    family: Family
    cell: Cell
    metric: Metric
    value: Annotated[Value, Meta(description="the mean")]
    low: Annotated[Value, Meta(description="lower end of the bootstrap's 95 % interval; null for few clusters")]
    high: Annotated[Value, Meta(description="its upper end")]
    n: N
    images: Images
    without_caption: Annotated[Count, Meta(description="declined or none; they count as 0")]
    missing: Annotated[Count, Meta(description="without scores, left out")]
    measured_by: Annotated[str, Meta(description="versions of the libraries and models")]


class CaptionDifferenceRow(NumberRow, frozen=True, kw_only=True):
    """Captions of the same lesions or images in pairs, by one metric."""

    pair: Annotated[str, Meta(description="what was set against what: escape it")]
    metric: Metric
    difference: Annotated[float, Meta(ge=-2, le=2, description="first minus second")]
    low: Annotated[float, Meta(ge=-2, le=2, description="lower end of the bootstrap's 95 % interval")]
    high: Annotated[float, Meta(ge=-2, le=2, description="its upper end")]
    n: Annotated[Count, Meta(description="pairs")]


class ReaderRow(NumberRow, frozen=True, kw_only=True):
    """How often the questions that a person answered were answered rightly, by that person or by a run."""

    family: Family
    reader: Annotated[str, Meta(description="who chose the questions by answering them: escape it")]
    answered_by: Annotated[str, Meta(description="the reader, or the run's name: escape it")]
    accuracy: Share
    low: Low
    high: High
    n: N
    images: Images
