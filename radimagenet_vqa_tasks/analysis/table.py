"""A benchmark's table for some runs (RadImageNet-VQA's is the paper's Table 2), with what a reader needs to trust it.

That is beside each number its interval and n, and below them the unread answers, the judge and what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.asked import signature, unlike
from radimagenet_vqa_tasks.analysis.measure import AVG, Measured, Scheme, grouped, measure
from radimagenet_vqa_tasks.analysis.numbers import AccuracyRow, fields
from radimagenet_vqa_tasks.analysis.ranking import Ranking
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.analysis.tiers import tier_note
from radimagenet_vqa_tasks.analysis.unclaimed import dropped_in_paper, unclaimed, wrong_in_paper
from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF
from radimagenet_vqa_tasks.errors import RunError

SCHEMA = "radvqa.table/1"

INTERVALS = "In brackets: 95 % intervals, clustered on images, or on what a note says."
MARKS = (
    "Of comparable runs the best is bold (* in text), the second best underlined (in Markdown: italic); ~ is a tie: by "
    "paired tests, corrected over this table, not told apart from the best."
)
RANKS = "rank in Avg: the ranks that a run may have, 1 for the best; all of them hold at once in 95 % of tables."
FORMAT = "format"  # what every family can be broken down by


def by_family(arms: Iterable[Arm]) -> list[list[Arm]]:
    """The arms of each benchmark together: each has a table of its own."""
    groups: dict[str, list[Arm]] = {}
    for arm in arms:
        groups.setdefault(arm.benchmark.name, []).append(arm)
    return list(groups.values())


def main_sheet(arms: Sequence[Arm], scheme: Scheme, *, paper_layout: bool = False, title: str = "") -> Sheet:
    """One benchmark's table: one column a run for people at a terminal; or, as in the paper, one row a run."""
    family = arms[0].benchmark
    names = (*family.cells, AVG) if family.averaged else tuple(family.cells)
    measured = [measure(arm.records, scheme) for arm in arms]
    ranking = _ranking(arms, measured, names, scheme)
    marked = _marked_items(measured, ranking)
    ranks = _rank_items(ranking)
    title = title or f"{_title(arms)}: accuracy, %{of_scheme(scheme)}"
    notes = [INTERVALS, *([MARKS] if any(item.mark for row in marked.values() for item in row) else [])]
    notes += [RANKS] if ranks else []
    notes += together({arm.label: arm_notes(arm, scheme) for arm in arms})
    notes += asked_otherwise(arms)
    data = fields(
        accuracy_row(arm, scheme, one) for arm, cells in zip(arms, measured, strict=True) for one in cells.values()
    )
    heads = [*_EXTRAS, *(["rank in Avg"] if ranks else [])]
    extras = [_extras(arm, cells) for arm, cells in zip(arms, measured, strict=True)]
    for index, column in enumerate(extras):
        column += [ranks.get(index, Item("-"))] if ranks else []
    if paper_layout:
        columns: list[str | tuple[str, str]] = ["Model", *(_head(name) for name in names), *heads]
        rows = [
            [Item(arm.label), *(marked[name][index] for name in names), *extras[index]]
            for index, arm in enumerate(arms)
        ]
        return Sheet(title, columns, rows, notes, data)
    rows = [[Item(name_of(name, family.cells)), *marked[name]] for name in names]
    rows += [[Item(head), *column] for head, column in zip(heads, zip(*extras, strict=True), strict=True)]
    columns = ["accuracy, %", *(arm.label for arm in arms)]
    return Sheet(title, columns, rows, notes, data, frozenset({len(family.cells) - 1, len(names) - 1}))


def _title(arms: Sequence[Arm]) -> str:
    """What was asked: the benchmark, unless it was data that somebody built in its form."""
    built = sum(arm.is_built for arm in arms)
    title = arms[0].benchmark.title
    if built == len(arms):
        return f"Built data in the form of {title}"
    return f"{title} and built data" if built else title


def facet_sheets(arms: Sequence[Arm], facet: str, scheme: Scheme, cells: Collection[str] = ()) -> list[Sheet]:
    """One facet's groups, one table a benchmark. Raises RunError where no record says its facet."""
    require_facet(arms, facet)
    require_cells(cells)
    return [_facet_sheet(group, facet, scheme, cells) for group in by_family(_with_facet(arms, facet))]


def _facet_sheet(arms: Sequence[Arm], facet: str, scheme: Scheme, cells: Collection[str]) -> Sheet:
    """The groups, largest first: the mean of the cells (all, or `cells`) in each, one column a run."""
    groups = [grouped(arm.records, facet, scheme, cells) for arm in arms]
    data = fields(
        accuracy_row(arm, scheme, one, facet, value)
        for arm, of_arm in zip(arms, groups, strict=True)
        for value, one in of_arm.items()
    )
    values = list(dict.fromkeys(value for of_arm in groups for value in of_arm))
    rows = [
        [
            Item(value),
            *(shown(of_arm[value]) if value in of_arm else Item("-") for of_arm in groups),
            Item(_counts([of_arm[value] for of_arm in groups if value in of_arm])),
        ]
        for value in values
    ]
    of = f"of {', '.join(name_of(cell) for cell in cells)}" if cells else "mean of the cells that a group has"
    notes = [f"{INTERVALS} n: scored questions."]
    title = f"By {facet}: accuracy, % ({of}){of_scheme(scheme)}"
    return Sheet(title, [facet, *(arm.label for arm in arms), "n"], rows, notes, data)


def shown(measured: Measured, mark: str = "", tied: bool = False) -> Item:
    """A share in per cent with its interval; a question mark where answers are missing from it."""
    estimate = measured.estimate
    if estimate.value != estimate.value:
        return Item("-")
    text = f"{100 * estimate.value:.1f}{'?' if measured.missing and estimate.n < measured.asked else ''}"
    return Item(text, interval(estimate), mark, tied)  # type: ignore[arg-type]


def interval(estimate: Estimate) -> str:
    """An interval in per cent, in brackets."""
    if estimate.low != estimate.low:
        return "[no interval]"
    return f"[{100 * estimate.low:5.1f}, {100 * estimate.high:5.1f}]"


def arm_notes(arm: Arm, scheme: Scheme) -> list[str]:
    """What a reader must know of a run before its numbers mean anything."""
    notes = []
    if arm.clustered_on != "images":
        clusters = len({record.cluster for record in arm.records})
        notes.append(f"intervals and tests go by {clusters:,} {arm.clustered_on}, whose questions are not independent.")
    if arm.is_sample:
        notes.append("the embedded sample, not the benchmark; its numbers support no claim about a model.")
    if arm.partial:
        notes.append(f"PARTIAL, {arm.partial}.")
    if judges := arm.judges:
        mixed = " (several judges in one run: judge it again with one)" if len(judges) > 1 else ""
        notes.append(f"open answers judged by {', '.join(judges)}{mixed}.")
    if scheme.protocol == "paper":
        notes += [*unclaimed(arm), *dropped_in_paper(arm)]
    else:
        notes += tier_note(arm.records)
    if not (missing := sum(record.outcome == "missing" for record in arm.records)):
        return notes
    if scheme.protocol == "paper":
        return notes + wrong_in_paper(arm)
    avg = measure(arm.records, scheme)[AVG]
    return [
        *notes,
        f"INCOMPLETE (?), {missing:,} answers have no verdict and are left out; with them, Avg lies between "
        f"{100 * avg.lower:.1f} and {100 * avg.upper:.1f}. `radvqa judge` completes them.",
    ]


def asked_otherwise(arms: Sequence[Arm]) -> list[str]:
    """What differs in how arms of one kind were asked, so that they are not ranked together: each against the first."""
    firsts: dict[object, Arm] = {}
    found = []
    for arm in arms:
        first = firsts.setdefault((arm.arm, arm.fingerprint, arm.major), arm)
        if refused := unlike(first, arm).refused:
            found.append(
                f"{first.label} and {arm.label} were asked otherwise, and are not ranked: {'; '.join(refused)}."
            )
    return found


def together(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """Notes of several runs, each said once: "A, B: ..."."""
    owners: dict[str, list[str]] = {}
    for label, said in notes.items():
        for note in said:
            owners.setdefault(note, []).append(label)
    return [
        f"{'All' if len(labels) == len(notes) > 1 else ', '.join(labels)}: {note}" for note, labels in owners.items()
    ]


def _with_facet(arms: Iterable[Arm], facet: str) -> list[Arm]:
    return [arm for arm in arms if facet in (*arm.benchmark.facets, FORMAT)]


def require_facet(arms: Sequence[Arm], facet: str) -> None:
    """Raise RunError, naming what there is, where these answers cannot be broken down by a facet."""
    known = dict.fromkeys(name for arm in arms for name in (*arm.benchmark.facets, FORMAT))
    if facet not in known:
        raise RunError(f"these answers cannot be broken down by {facet!r}; they can by {', '.join(known)}")
    if all(record.facet(facet) is None for arm in arms for record in arm.records):
        raise RunError(f"no record says its {facet}: the logs are of another version of this pack; run the task again")


def require_cells(cells: Collection[str]) -> None:
    """Raise RunError, naming those that there are, where a cell does not exist."""
    for cell in cells:
        if cell not in BENCHMARK_OF:
            raise RunError(f"no cell is called {cell!r}; the cells are {', '.join(BENCHMARK_OF)}")


def name_of(cell: str, averaged: Collection[str] = ()) -> str:
    """A cell's name for people; of Avg, of how many cells it is the mean."""
    if cell == AVG:
        return f"Avg (mean of {len(averaged)} cells)"
    found = BENCHMARK_OF[cell].cells[cell]
    return f"{found.subject} {found.title}".strip()


def _head(cell: str) -> str | tuple[str, str]:
    if cell == AVG:
        return AVG
    found = BENCHMARK_OF[cell].cells[cell]
    return found.subject.capitalize(), found.title


def of_scheme(scheme: Scheme) -> str:
    """What a title says of how answers were counted."""
    parts = ["by the paper's protocol"] if scheme.protocol == "paper" else []
    parts += ["Closed+ and Closed- told apart by the right answer"] if scheme.closed_by == "answer" else []
    return f", {', '.join(parts)}" if parts else ""


_EXTRAS = ("questions", "images", "unparsed", "missing", "judge")


def _extras(arm: Arm, measured: Mapping[str, Measured]) -> list[Item]:
    avg = measured[AVG]
    shares = [f"{count:,} ({100 * count / avg.asked:.1f} %)" if count else "0" for count in (avg.unparsed, avg.missing)]
    return [Item(text) for text in (f"{avg.asked:,}", _images(arm), *shares, ", ".join(arm.judges) or "-")]


def _images(arm: Arm) -> str:
    """How many images, and of how many scans or studies where the data tell."""
    images, clusters = len({record.image for record in arm.records}), len({record.cluster for record in arm.records})
    said = f"{clusters:,} {arm.clustered_on}"
    return f"{images:,}" if arm.clustered_on == "images" else said if images == clusters else f"{images:,} of {said}"


def _counts(measured: Sequence[Measured]) -> str:
    counts = sorted({one.estimate.n for one in measured})
    return f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"


def _ranking(
    arms: Sequence[Arm], measured: Sequence[Mapping[str, Measured]], names: Sequence[str], scheme: Scheme
) -> Ranking:
    """The paired tests among the arms that can be compared, in each cell and Avg."""
    groups = {}
    for name in names:
        judged = name == AVG or BENCHMARK_OF[name].cells[name].format == "open"
        of = arms[0].cells if name == AVG else (name,)
        asked = [signature(arm, of) for arm in arms]
        groups[name] = _comparable(arms, [cells[name] for cells in measured], judged, asked)
    return Ranking(arms, scheme, groups)


def _marked_items(measured: Sequence[Mapping[str, Measured]], ranking: Ranking) -> dict[str, list[Item]]:
    """The fields of each cell and Avg, marked among the arms that can be compared."""
    items = {}
    for name, groups in ranking.groups.items():
        column = [cells[name] for cells in measured]
        fields = [shown(one) for one in column]
        for rivals in groups:
            _mark(fields, name, column, rivals, ranking)
        items[name] = fields
    return items


def _rank_items(ranking: Ranking) -> dict[int, Item]:
    """Of arms that two or more others can be compared with, the ranks in Avg that they may have."""
    found: dict[int, Item] = {}
    for group in ranking.groups.get(AVG, ()):
        if len(group) > 2:
            for index, (first, last) in ranking.ranks(group).items():
                found[index] = Item(f"{first}" if first == last else f"{first} to {last}")
    return found


def _comparable(
    arms: Sequence[Arm], column: Sequence[Measured], judged: bool, asked: Sequence[object]
) -> list[list[int]]:
    """Groups of arms with the same questions, the same sight of the images and, where it matters, the same judge.

    And asked in the same way: `asked` is the signature of each; None, where it is not known, fits any.
    """
    alike: dict[object, list[int]] = {}
    for index, arm in enumerate(arms):
        # A part of the questions may be an easy part.
        key = (arm.arm, arm.fingerprint, arm.major, arm.judges if judged else None, column[index].asked)
        if column[index].estimate.n:
            alike.setdefault(key, []).append(index)
    groups: list[list[int]] = []
    for members in alike.values():
        ways = list(dict.fromkeys(asked[index] for index in members if asked[index] is not None))
        if len(ways) < 2:
            groups.append(members)
        else:
            groups += [[index for index in members if asked[index] == way] for way in ways]
    return [group for group in groups if len(group) > 1]


def _mark(fields: list[Item], name: str, column: Sequence[Measured], rivals: Sequence[int], ranking: Ranking) -> None:
    numbers = {index: round(column[index].estimate.value, 9) for index in rivals}
    values = sorted(set(numbers.values()), reverse=True)
    best = next(index for index in rivals if numbers[index] == values[0])
    for index, value in numbers.items():
        rank = values.index(value)
        mark = ("best", "second")[rank] if rank < 2 else ""
        fields[index] = shown(column[index], mark, tied=rank > 0 and not ranking.apart(name, best, index))


def accuracy_rows(arms: Iterable[Arm], scheme: Scheme) -> list[AccuracyRow]:
    """Every cell of every arm, and Avg."""
    return [accuracy_row(arm, scheme, one) for arm in arms for one in measure(arm.records, scheme).values()]


def facet_rows(arms: Iterable[Arm], facet: str, scheme: Scheme) -> list[AccuracyRow]:
    """Every group of a facet: the mean of the cells that it has."""
    return [
        accuracy_row(arm, scheme, one, facet, value)
        for arm in arms
        for value, one in grouped(arm.records, facet, scheme).items()
    ]


def accuracy_row(arm: Arm, scheme: Scheme, one: Measured, by: str = "", group: str = "") -> AccuracyRow:
    """One number unrounded, with all that it rests on."""
    estimate = one.estimate
    return AccuracyRow(
        run=arm.name,
        arm=arm.arm,
        with_image=arm.with_image,
        family=arm.benchmark.name,
        by=by,
        group=group,
        cell=one.cell,
        accuracy=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n=estimate.n,
        images=estimate.clusters,
        asked=one.asked,
        unparsed=one.unparsed,
        missing=one.missing,
        lower=one.lower,
        upper=one.upper,
        complete=estimate.n == one.asked > 0 and not arm.partial,
        judge=", ".join(arm.judges),
        protocol=scheme.protocol,
        closed_by=scheme.closed_by,
        fingerprint=arm.fingerprint,
        version=arm.version,
        sample=arm.is_sample,
    )
