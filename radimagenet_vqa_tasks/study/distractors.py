"""`radvqa study distractors`: what the option "no pathology seen" does to a model's answers (the paper's Table 4)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from radimagenet_vqa_tasks.analysis.answers import offers_default, option_of
from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.chance import chance_level
from radimagenet_vqa_tasks.analysis.compare import p_shown, percent, signed
from radimagenet_vqa_tasks.analysis.figures.figure import remarks
from radimagenet_vqa_tasks.analysis.measure import Scheme, measure
from radimagenet_vqa_tasks.analysis.paired import Difference, Pairs, difference, holm
from radimagenet_vqa_tasks.analysis.runs import Run
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import accuracy
from radimagenet_vqa_tasks.analysis.table import INTERVALS, arm_notes, interval, shown, together
from radimagenet_vqa_tasks.benchmarks.distractors import BENCHMARK
from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.published.disagreements import notes_for
from radimagenet_vqa_tasks.study.marks import Marks, marks_figure
from radimagenet_vqa_tasks.study.results import Results
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY

SCHEMA = "radvqa.study.distractors/1"
FAMILY = BENCHMARK
TITLES = {name: cell.title for name, cell in FAMILY.cells.items()}


def results(runs: Sequence[Run], scheme: Scheme) -> Results:
    """Tables and the figure of these runs. Raises RunError where one has no answers to the ablation's questions."""
    arms = {run.name: run.arm(FAMILY) for run in runs}
    found = {name: measure(arm.records, scheme) for name, arm in arms.items()}
    marks = [
        Marks(name, [of_arm[cell].estimate for cell in TITLES], index)
        for index, (name, of_arm) in enumerate(found.items())
    ]
    caption = (
        f'Accuracy on the same questions about abnormal images with "{NO_PATHOLOGY}" in 0, 30 and 100 % of the option '
        "lists, with 95 % intervals; tick: chance."
    )
    figure = marks_figure(
        "table-4",
        f'"{NO_PATHOLOGY}" as an option',
        caption + remarks(list(arms.values()), judged=False),
        [f"in {title} of the lists" for title in TITLES.values()],
        marks,
        {"chance": [0.25] * len(TITLES)},
    )
    sheets = [_table_4(arms, scheme), _differences(arms, scheme), _chosen(arms)]
    return Results("distractors", SCHEMA, sheets, [figure])


def _table_4(arms: Mapping[str, Arm], scheme: Scheme) -> Sheet:
    rows: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for name, arm in arms.items():
        found = measure(arm.records, scheme)
        rows.append([name, *(shown(found[cell]) for cell in TITLES)])
        for cell in TITLES:
            one = found[cell].estimate
            share = {"accuracy": one.value, "low": one.low, "high": one.high, "n": one.n}
            data.append({"run": name, "cell": cell, **share, "protocol": scheme.protocol})
    ours = len(rows) - 1
    for model, printed in tables.rows("radimagenet_vqa", "4").items():
        rows.append([f"published: {model}", *(f"{value:.1f}" for value in printed.values())])
    heads = [f'accuracy, %, "{NO_PATHOLOGY}" offered in', *TITLES.values()]
    notes = [INTERVALS, *together({name: arm_notes(arm, scheme) for name, arm in arms.items()})]
    notes += [f"Of the published rows: {note}" for note in notes_for("radimagenet_vqa", "4")]
    return Sheet("Table 4: pathology multiple-choice questions", heads, rows, notes, data, frozenset({ours}))


def _differences(arms: Mapping[str, Arm], scheme: Scheme) -> Sheet:
    """Each two columns of a run, paired by image; corrected over all of them."""
    steps = [(name, *step) for name in arms for step in itertools.combinations(TITLES, 2)]
    found = [difference(paired(arms[name], first, second, scheme)) for name, first, second in steps]
    corrected = holm([one.p for one in found])
    rows: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for (name, first, second), one, p in zip(steps, found, corrected, strict=True):
        step = f"{TITLES[first]} to {TITLES[second]}"
        counts = (str(one.n), str(one.wins), str(one.losses))
        rows.append([name, step, signed(one.value, one.low, one.high), p_shown(one.p), p_shown(p), *counts])
        data.append({"run": name, "from": first, "to": second, **_numbers(one), "p_holm": p})
    notes = [
        "Positive: more right answers where the option is offered more often. Bonett-Price intervals; p: McNemar's "
        "exact test; Holm: corrected over this table. gained, lost: questions right only in the second, or first.",
    ]
    heads = ["", "from, to", "difference", "p", "p (Holm)", "n", "gained", "lost"]
    return Sheet("What offering it more often changes, paired by image", heads, rows, notes, data, names=2)


def paired(arm: Arm, first: str, second: str, scheme: Scheme) -> Pairs:
    """The second cell's scores, the first's, and the images, of the images with a score in both."""
    scores: dict[str, dict[str, float]] = {first: {}, second: {}}
    for record in arm.records:
        score = scheme.score(record)
        if record.cell in scores and score is not None:
            scores[record.cell][record.image] = score
    images = [image for image in scores[first] if image in scores[second]]
    return [scores[second][image] for image in images], [scores[first][image] for image in images], images


def _numbers(one: Difference) -> dict[str, object]:
    return {
        "difference": one.value,
        "low": one.low,
        "high": one.high,
        "p": one.p,
        "test": one.test,
        "n": one.n,
        "gained": one.wins,
        "lost": one.losses,
    }


def _chosen(arms: Mapping[str, Arm]) -> Sheet:
    """How often the option is chosen where it is offered: on abnormal images never rightly."""
    rows: list[list[Item | str]] = []
    data: list[dict[str, object]] = []
    for name, arm in arms.items():
        fields: list[Item | str] = []
        for cell in TITLES:
            offered = [record for record in arm.records if record.cell == cell and offers_default(record)]
            chosen = [float(option_of(record) == NO_PATHOLOGY) for record in offered]
            one = accuracy(chosen, [record.cluster for record in offered])
            fields.append(Item(percent(one.value), "" if math.isnan(one.value) else interval(one)))
            share = {"chosen": one.value, "low": one.low, "high": one.high, "offered": one.n}
            data.append({"run": name, "cell": cell, **share, "chance": chance_level(offered)})
        rows.append([name, *fields])
    title = f'How often "{NO_PATHOLOGY}" is chosen where it is offered: on these abnormal images, never rightly'
    return Sheet(title, ["%, offered in", *TITLES.values()], rows, [f"{INTERVALS} Chance: one in four."], data)
