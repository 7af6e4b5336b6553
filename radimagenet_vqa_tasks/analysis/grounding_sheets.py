"""Whether a model looks, as tables: one run's arms side by side, a table for each of the numbers of `grounding.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.compare import p_shown, percent, signed
from radimagenet_vqa_tasks.analysis.consistency import Rate, rate_rows
from radimagenet_vqa_tasks.analysis.grounding import CELL, WITHOUT, Gain, Grounding, Mirage, Same
from radimagenet_vqa_tasks.analysis.grounding_rows import follows_rows, gain_rows, mirage_rows, same_rows
from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.numbers import fields
from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.analysis.statistics import Estimate
from radimagenet_vqa_tasks.analysis.table import INTERVALS, arm_notes, interval, name_of, of_scheme, together
from radimagenet_vqa_tasks.scoring.record import ARMS, ArmName

HEADS: Mapping[ArmName, str] = {
    "image": "own image",
    "textonly": "text only",
    "told": "told",
    "blank": "blank",
    "swapped": "other image",
}
"""The arms above a column."""

_Row = list[Item | str]


def grounding_sheets(found: Grounding, scheme: Scheme) -> list[Sheet]:
    """The tables of one run and benchmark; those of which nothing is known are left out."""
    name = f"{found.arms['image'].name}, {found.arms['image'].benchmark.title}"
    sheets = [
        _gains(found, scheme, f"{name}: what the image adds{of_scheme(scheme)}"),
        _follows(found, f"{name}: what answers follow where another image is shown, % of those questions"),
        _mirages(found, f"{name}: answers given as if there were an image, %"),
        _same(found, f"{name}: the same answer with and without the image, %"),
        _rates(
            found,
            found.no_finding,
            f"{name}: how often nothing is found, % of the readable answers",
            _NO_FINDING,
            scheme,
        ),
        _rates(
            found,
            found.contradictions,
            f"{name}: answers about one image that contradict each other, %",
            _CONTRADICTIONS,
            scheme,
        ),
    ]
    return [sheet for sheet in sheets if sheet.rows]


def _gains(found: Grounding, scheme: Scheme, title: str) -> Sheet:
    cells = found.arms["image"].cells
    rows: list[_Row] = [
        [
            HEADS[one.arm],
            name_of(one.cell, cells),
            *(percent(one.seen), percent(one.unseen), *_gain_items(one)),
            *(percent(one.chance), str(one.difference.n)),
        ]
        for one in found.gains
    ]
    last = frozenset(at for at, one in enumerate(found.gains[:-1]) if one.arm != found.gains[at + 1].arm)
    notes = [
        "gain: accuracy with the own image minus accuracy in the arm, in points, paired by question; Bonett-Price "
        "intervals, clustered on images. p: corrected after Holm over this table, Avg included. corrected: the gain "
        "as a share of what there is to gain over chance, %; above 100 where answers in the arm are worse than "
        "guessing. chance: uniform guessing among what there is to choose from.",
        *_missing(found),
        *together({arm.label: arm_notes(arm, scheme) for arm in found.arms.values()}),
    ]
    heads = ["against", "%", HEADS["image"], "there", "gain", "corrected", "p (Holm)", "chance", "n"]
    return Sheet(title, heads, rows, notes, fields(gain_rows(found, scheme)), last, names=2)


def _missing(found: Grounding) -> list[str]:
    left_out = {HEADS[name]: pairs.missing for name, pairs in found.paired.items() if pairs.missing}
    said = ", ".join(f"{count:,} ({name})" for name, count in left_out.items())
    return [f"Questions without a verdict with the image or in the arm are left out: {said}."] if said else []


def _gain_items(one: Gain) -> _Row:
    gain = one.difference
    low, high = one.corrected_interval
    share = "" if math.isnan(low) else f"[{100 * low:+.0f}, {100 * high:+.0f}]"
    return [signed(gain.value, gain.low, gain.high), Item(percent(one.corrected), share), p_shown(one.p_holm)]


def _follows(found: Grounding, title: str) -> Sheet:
    cells = found.arms["image"].cells
    rows: list[_Row] = []
    for one in found.follows:
        signs = (signed(each.value, each.low, each.high) for each in (one.lean, one.effect))
        shares = (_item(each) for each in (one.shown, one.own, one.neither))
        rows.append([name_of(one.cell, cells), *shares, percent(one.chance), *signs, str(one.shown.n)])
    notes = [
        f"{INTERVALS} Only questions for which another answer is right for the shown image than for the own one, and "
        "can be given.",
        "shown: right for the image that was shown. own: right for the one that was taken away, from memory or from "
        "the words. neither: not right for just one of the two. chance: what a uniform guess gets of shown. lean: "
        "shown minus own, in points. effect: the same questions with their own image, minus own: by how much seeing "
        "that image makes its answer more likely.",
        "A closed question has two answers, so neither is rare there and a guess follows either image half of the "
        "time. Open answers are judged by rule for the shown image.",
    ]
    heads = ["", "shown", "own", "neither", "chance", "lean", "effect", "n"]
    return Sheet(title, heads, rows, notes, fields(follows_rows(found)))


def _item(one: Estimate) -> Item:
    return Item(percent(one.value), interval(one) if one.n else "")


def _mirages(found: Grounding, title: str) -> Sheet:
    arms = [name for name in WITHOUT if name in found.arms]
    by_group = _by((one.by, one.group) for one in found.mirages)
    mirages = {(one.by, one.group, one.arm): one for one in found.mirages}
    cells = found.arms["image"].cells
    rows: list[_Row] = []
    for by, group in by_group:
        name = name_of(group, cells) if by == CELL else f"{by}: {group}"
        rows.append([name, *(item for arm in arms for item in _mirage_items(mirages.get((by, group, arm))))])
    notes = [
        f"{INTERVALS} answered: neither declined nor silent, so given as if there were an image. declined: the answer "
        "says that there is none, or that it cannot or will not answer. silent: nothing at all, which is neither. "
        "Unreadable answers count as answered. Told: the prompt says that there is no image and asks for a guess, so "
        "that answering is what was asked for.",
        *([_LLM] if _judged_by_llm(found.arms.values()) else []),
    ]
    columns = [(HEADS[arm], head) for arm in arms for head in ("answered", "declined", "silent")]
    last_cell = sum(by == CELL for by, _ in by_group) - 1
    return Sheet(title, ["", *columns], rows, notes, fields(mirage_rows(found)), frozenset({last_cell}))


_LLM = "Open answers that an LLM judged incorrect are left out: it does not tell whether they decline."


def _judged_by_llm(arms: Iterable[Arm]) -> bool:
    return any(judge != "rule" for arm in arms for judge in arm.judges)


def _by(groups: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each cell, and each value of the topic where there are several."""
    each = list(dict.fromkeys(groups))
    topics = [one for one in each if one[0] != CELL]
    return [one for one in each if one[0] == CELL or len(topics) > 1]


def _mirage_items(one: Mirage | None) -> _Row:
    return [_item(one.answered), percent(one.declined), percent(one.silent)] if one else ["-"] * 3


def _same(found: Grounding, title: str) -> Sheet:
    arms = [name for name in ARMS if name in found.paired]
    same = {(one.cell, one.arm): one for one in found.same}
    cells = found.arms["image"].cells

    def field(one: Same | None) -> Item:
        return (
            Item(percent(one.estimate.value), f"{interval(one.estimate)} of {one.estimate.n:,}") if one else Item("-")
        )

    rows: list[_Row] = [
        [name_of(cell, cells), *(field(same.get((cell, name))) for name in arms)]
        for cell in dict.fromkeys(one.cell for one in found.same)
    ]
    notes = [
        f"{INTERVALS} of: the questions whose letter, yes or no, or phrase could be read both ways. Right or wrong "
        "does not matter. Open answers are not compared: two sentences are hardly ever the same.",
    ]
    return Sheet(title, ["", *(HEADS[name] for name in arms)], rows, notes, fields(same_rows(found)))


_NO_FINDING = (
    "true: how often that is right, with the own image. A model whose default is to find nothing does so on abnormal "
    "images, and without any. Other image: normal and abnormal are those that were shown. Open: by the rule judge's "
    "reason."
)
_CONTRADICTIONS = (
    "Of the images whose answers could be read and of which the row's first half is true; docs/results.md says what "
    "each row is. There is no column for other images: nine questions were asked of nine of them."
)


def _rates(found: Grounding, rates: Mapping[ArmName, Sequence[Rate]], title: str, note: str, scheme: Scheme) -> Sheet:
    arms = [name for name in ARMS if name in rates]
    by_arm = {name: {one.name: one for one in rates[name] if one.estimate.n} for name in arms}
    titles = {one.name: one.title for name in arms for one in by_arm[name].values()}
    has_true = any(not math.isnan(one.expected) for name in arms for one in rates[name])
    rows: list[_Row] = []
    for rate, said in titles.items():
        true = [percent(by_arm["image"][rate].expected) if rate in by_arm["image"] else "-"] if has_true else []
        rows.append([said, *true, *(_rate_item(by_arm[name].get(rate)) for name in arms)])
    data = [row for name in arms for row in rate_rows(found.arms[name], rates[name], scheme)]
    heads = ["", *(["true"] if has_true else []), *(HEADS[name] for name in arms)]
    return Sheet(title, heads, rows, [f"{INTERVALS} of: how many they rest on. {note}"], fields(data))


def _rate_item(one: Rate | None) -> Item:
    return Item(percent(one.estimate.value), f"{interval(one.estimate)} of {one.estimate.n:,}") if one else Item("-")
