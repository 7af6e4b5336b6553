"""Cells of one run that ask the same but for one thing (`Benchmark.contrasts`), and people on the same questions.

Questions are paired by what they are about and by what is right; where that leaves a choice, in their order. What has
no partner is left out and counted. The paper's intervals of a share stand beside the clustered ones.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.compare import p_shown, signed
from radimagenet_vqa_tasks.analysis.measure import AVG, Scheme, measure
from radimagenet_vqa_tasks.analysis.numbers import ContrastRow, PeopleRow, PrintedContrastRow, fields
from radimagenet_vqa_tasks.analysis.paired import Pairs, average_difference, difference, holm
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate, share_interval
from radimagenet_vqa_tasks.analysis.student import LEVEL, z_quantile
from radimagenet_vqa_tasks.analysis.table import arm_notes, name_of, of_scheme, together
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, Contrast, PrintedRows
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.scoring.record import Record

METHOD = (
    "In pairs of questions about the same image or lesion, with 95 % intervals clustered on them; p by flips of their "
    "signs, corrected over a run's rows (Holm). alone: questions without a partner, left out."
)


def contrast_rows(arms: Sequence[Arm], contrast: Contrast, scheme: Scheme) -> list[ContrastRow]:
    """Every pair of cells that a run has, and their unweighted mean where it has all."""
    return [row for arm in arms for row in _rows(arm, contrast, scheme)]


def _rows(arm: Arm, contrast: Contrast, scheme: Scheme) -> Iterator[ContrastRow]:
    cells = scheme.by_cell(arm.records)
    scored = {
        title: tuple([one for one in cells[cell] if scheme.score(one) is not None] for cell in pair)
        for title, pair in contrast.pairs.items()
    }
    pairs = {title: partners(*sides) for title, sides in scored.items() if all(sides)}
    asked: dict[str, Pairs] = {title: _scores(of_pair, scheme) for title, of_pair in pairs.items() if of_pair}
    found = {title: difference(one) for title, one in asked.items()}
    if len(asked) == len(contrast.pairs) > 1:
        found[AVG] = average_difference(asked)
    adjusted = holm([one.p for one in found.values()])
    alone = {title: sum(map(len, scored[title])) - 2 * len(pairs[title]) for title in asked}
    for (title, one), corrected in zip(found.items(), adjusted, strict=True):
        sides = [_mean(asked, title, side) for side in (0, 1)]
        yield ContrastRow(
            run=arm.label,
            family=arm.benchmark.name,
            contrast=contrast.title,
            pair=title,
            first=contrast.first,
            second=contrast.second,
            first_accuracy=sides[0],
            second_accuracy=sides[1],
            difference=one.value,
            low=one.low,
            high=one.high,
            p=one.p,
            p_holm=corrected,
            test=one.test,
            n=one.n,
            images=one.clusters,
            alone=alone.get(title, sum(alone.values())),
            protocol=scheme.protocol,
        )


def _mean(asked: Mapping[str, Pairs], title: str, side: int) -> float:
    titles = asked if title == AVG else (title,)
    means = [sum(scores) / len(scores) for one in titles for scores in [asked[one][:2][side]]]
    return sum(means) / len(means)


def partners(first: Sequence[Record], second: Sequence[Record]) -> list[tuple[Record, Record]]:
    """The questions that both sides ask: of one cluster, with the same right answer; else of one cluster."""
    found: list[tuple[Record, Record]] = []
    left, right = list(first), list(second)
    for identity in (_exactly, _alike, _about):
        by_identity: dict[Hashable, list[Record]] = defaultdict(list)
        for one in right:
            by_identity[identity(one)].append(one)
        partner = {one.key: queue.pop(0) for one in left if (queue := by_identity[identity(one)])}
        found += [(one, partner[one.key]) for one in left if one.key in partner]
        taken = {one.key for one in partner.values()}
        left = [one for one in left if one.key not in partner]
        right = [one for one in right if one.key not in taken]
    return found


def _exactly(record: Record) -> Hashable:
    return record.cluster, record.target, record.choices


def _alike(record: Record) -> Hashable:
    place = LETTERS.find(record.target) if record.choices else -1
    return record.cluster, record.choices[place] if 0 <= place < len(record.choices) else record.target


def _about(record: Record) -> Hashable:
    return record.cluster


def _scores(pairs: Sequence[tuple[Record, Record]], scheme: Scheme) -> Pairs:
    scores = [[scheme.score(pair[side]) or 0.0 for pair in pairs] for side in (0, 1)]
    return scores[0], scores[1], [one.cluster for one, _ in pairs]


def contrast_sheets(arms: Sequence[Arm], scheme: Scheme) -> list[Sheet]:
    """Of one benchmark's arms: each contrast, the same of the paper's rows, and both intervals beside people."""
    benchmark = arms[0].benchmark
    sheets = [_sheet(arms, contrast, scheme) for contrast in benchmark.contrasts]
    if benchmark.published and benchmark.printed and benchmark.contrasts:
        printed = benchmark.published, benchmark.printed
        sheets += [_printed_sheet(*printed, contrast) for contrast in benchmark.contrasts]
        sheets += [_people_sheet(arm, *printed, scheme) for arm in arms if benchmark.printed.people and arm.with_image]
    return [sheet for sheet in sheets if sheet.rows]


def _sheet(arms: Sequence[Arm], contrast: Contrast, scheme: Scheme) -> Sheet:
    rows = contrast_rows(arms, contrast, scheme)
    lines = [
        [
            Item(row.run),
            Item(row.pair),
            *(Item(f"{100 * share:.1f}") for share in (row.first_accuracy, row.second_accuracy)),
            signed(row.difference, row.low, row.high),
            Item(p_shown(row.p_holm)),
            Item(f"{row.n:,}"),
            Item(f"{row.alone:,}" if row.alone else "0"),
        ]
        for row in rows
    ]
    heads = ["run", "task", contrast.first, contrast.second, "difference", "p (Holm)", "pairs", "alone"]
    last = [place for place, row in enumerate(rows[:-1]) if row.run != rows[place + 1].run]
    notes = [METHOD, *together({arm.label: arm_notes(arm, scheme) for arm in arms})]
    title = f"{contrast.title}: accuracy, %{of_scheme(scheme)}"
    return Sheet(title, heads, lines, notes, fields(rows), frozenset(last), 2)


def printed_rows(paper: str, source: PrintedRows, contrast: Contrast) -> list[PrintedContrastRow]:
    """The differences of the cells that a paper prints, of every row that has them."""
    names = {title: [source.columns.get(cell, "") for cell in pair] for title, pair in contrast.pairs.items()}
    return [
        PrintedContrastRow(
            published_row=row, contrast=contrast.title, pair=title, difference=(values[first] - values[second]) / 100
        )
        for row, values in tables.rows(paper, source.table).items()
        for title, (first, second) in names.items()
        if first in values and second in values
    ]


def _printed_sheet(paper: str, source: PrintedRows, contrast: Contrast) -> Sheet:
    rows = printed_rows(paper, source, contrast)
    gaps = {(row.published_row, row.pair): f"{100 * row.difference:+.1f}" for row in rows}
    lines = [
        [Item(name), *(Item(gaps.get((name, pair), "-")) for pair in contrast.pairs)]
        for name in dict.fromkeys(row.published_row for row in rows)
    ]
    printed = f"Of the cells that {tables.SOURCES[paper].partition(', ')[0]} prints in table {source.table}"
    notes = [f"{printed}: {contrast.first} minus {contrast.second}. It does not say which answers changed."]
    return Sheet(f"{contrast.title}, as published: points", ["model", *contrast.pairs], lines, notes, fields(rows))


def people_rows(arm: Arm, paper: str, source: PrintedRows, scheme: Scheme) -> list[PeopleRow]:
    """A run's cells with either kind of interval, each followed by what people reach in it."""
    printed = [one for one in tables.load(paper) if one.table == source.people and one.n and one.value is not None]
    rows = []
    for cell, measured in measure(arm.records, scheme).items():
        if cell in source.columns:
            rows.append(_person(arm, cell, "", measured.estimate))
            there = [one for one in printed if one.cell == source.columns[cell]]
            rows += [_person(arm, cell, one.row, _share(one)) for one in there]
    return rows


def _share(printed: tables.Printed) -> Estimate:
    value, n = (printed.value or 0.0) / 100, printed.n or 0
    return Estimate(value, *share_interval(value, n), n, n)


def _person(arm: Arm, cell: str, person: str, estimate: Estimate) -> PeopleRow:
    published = as_published(estimate)
    return PeopleRow(
        run=arm.label,
        family=arm.benchmark.name,
        cell=cell,
        person=person,
        accuracy=estimate.value,
        low=estimate.low,
        high=estimate.high,
        published_low=published.low,
        published_high=published.high,
        n=estimate.n,
    )


def _people_sheet(arm: Arm, paper: str, source: PrintedRows, scheme: Scheme) -> Sheet:
    rows = people_rows(arm, paper, source, scheme)
    people = list(dict.fromkeys(row.person for row in rows if row.person))
    by_cell = {row.cell: {one.person: one for one in rows if one.cell == row.cell} for row in rows}
    lines = [
        [Item(name_of(cell, arm.cells)), *_run_items(of_cell[""]), *(_person_item(of_cell.get(one)) for one in people)]
        for cell, of_cell in by_cell.items()
    ]
    sizes = [row.n for row in rows if row.person]
    notes = [
        "Clustered: this pack's 95 % intervals. As the paper's: 1.96 standard errors of independent questions, which "
        "have no width where all answers are right or all wrong.",
        f"People answered {min(sizes)} to {max(sizes)} questions a cell: one answer moves it by {100 / max(sizes):.0f} "
        f"to {100 / min(sizes):.0f} points.",
        *together({arm.label: arm_notes(arm, scheme)}),
    ]
    heads = ["accuracy, %", f"{arm.label}, clustered", "as the paper's", "n", *people]
    return Sheet(f"{arm.label} beside people{of_scheme(scheme)}", heads, lines, notes, fields(rows))


def _run_items(row: PeopleRow) -> list[Item]:
    if not row.n:
        return [Item("-")] * 3
    value, wald = f"{100 * row.accuracy:.1f}", f"[{100 * row.published_low:.1f}, {100 * row.published_high:.1f}]"
    return [Item(value, f"[{100 * row.low:.1f}, {100 * row.high:.1f}]"), Item(wald), Item(f"{row.n:,}")]


def _person_item(row: PeopleRow | None) -> Item:
    if row is None:
        return Item("-")
    return Item(f"{100 * row.accuracy:.0f} (n = {row.n})", f"[{100 * row.low:.0f}, {100 * row.high:.0f}]")


def as_published(estimate: Estimate) -> Estimate:
    """The share with the interval that papers print, 1.96 standard errors of independent questions, within 0 and 1."""
    if not estimate.n:
        return estimate
    margin = z_quantile(LEVEL) * math.sqrt(estimate.value * (1 - estimate.value) / estimate.n)
    return Estimate(
        estimate.value,
        max(0.0, estimate.value - margin),
        min(1.0, estimate.value + margin),
        estimate.n,
        estimate.n,
    )
