"""How often the analysis errs, by simulation: coverage of intervals, false verdicts, ties, and verdicts of sameness.

    python benchmarks/error_rates.py [--trials N]

prints the table of docs/statistics.md. Every part has a seed of its own; the suite runs the same parts with few trials.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from radimagenet_vqa_tasks.analysis.decisions import Margins, decide
from radimagenet_vqa_tasks.analysis.judge_error import JudgeErrors, corrected
from radimagenet_vqa_tasks.analysis.measure import AVG
from radimagenet_vqa_tasks.analysis.paired import Pairs, average_difference, difference, holm, kappa
from radimagenet_vqa_tasks.analysis.printed import Images
from radimagenet_vqa_tasks.analysis.reproduction import PrintedShare, reproduced, row_verdict
from radimagenet_vqa_tasks.analysis.shrunken import shrink
from radimagenet_vqa_tasks.analysis.statistics import Estimate, accuracy, average, share_interval

Floats = NDArray[np.float64]
Random = np.random.Generator

CELLS = 9
SHARES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
CORRELATIONS = (0.0, 0.2, 0.6)
SIZES = (5, 10, 20, 40, 200)


def skill(random: Random, images: int, share: float, correlation: float) -> Floats:
    """Each image's chance of a right answer, (images, 1): beta with this mean and this correlation within an image."""
    if not correlation:
        return np.full((images, 1), share)
    weight = 1 / correlation - 1
    return random.beta(share * weight, (1 - share) * weight, (images, 1))


def scores(random: Random, easy: Floats, questions: int) -> Floats:
    """0 or 1 for so many questions an image, (images, questions)."""
    return (random.random((len(easy), questions)) < easy).astype(float)


def one_question(found: Floats) -> Estimate:
    """A cell with one question an image."""
    return accuracy(found[:, 0].tolist(), range(len(found)))


def four_questions(found: Floats) -> Estimate:
    """A cell, or a group of one, with four questions an image."""
    return accuracy(found[:, :4].ravel().tolist(), np.repeat(np.arange(len(found)), 4).tolist())


def nine_cells(found: Floats) -> Estimate:
    """Avg."""
    return average({str(cell): (found[:, cell].tolist(), range(len(found))) for cell in range(CELLS)})


KINDS: Mapping[str, Callable[[Floats], Estimate]] = {
    "a cell, one question an image": one_question,
    "a cell, four questions an image": four_questions,
    "Avg of nine cells": nine_cells,
}


def coverage(kind: str, images: int, share: float, correlation: float, trials: int, seed: int = 1) -> float:
    """The share of intervals that hold the truth."""
    random, held = np.random.default_rng(seed), 0
    for _ in range(trials):
        found = KINDS[kind](scores(random, skill(random, images, share, correlation), CELLS))
        held += found.low <= share <= found.high
    return held / trials


def coverages(images: int, trials: int) -> Iterator[tuple[str, list[float]]]:
    """Of each kind of number, the coverage at every share and correlation."""
    for kind in KINDS:
        correlations = CORRELATIONS if kind != "a cell, one question an image" else (0.0,)
        yield (
            kind,
            [coverage(kind, images, share, inside, trials) for share in SHARES for inside in correlations],
        )


def false_verdicts(runs: int, images: int, groups: int, trials: int, correlation: float = 0.3, seed: int = 2) -> float:
    """The share of comparisons of equal runs with a verdict in any cell, Avg or group of a facet."""
    random, wrong = np.random.default_rng(seed), 0
    for _ in range(trials):
        easy = skill(random, images, 0.6, correlation)
        base, *others = (scores(random, easy, CELLS) for _ in range(runs))
        facet = random.integers(0, groups, images) if groups else None
        p = [one for other in others for one in p_values(other, base, facet, groups)]
        wrong += bool(np.nanmin(holm(p)) < 0.05)
    return wrong / trials


def p_values(second: Floats, first: Floats, facet: NDArray[np.int_] | None, groups: int) -> Iterator[float]:
    """Of every cell, of Avg, and of every group of the facet."""
    owners = list(range(len(first)))
    cells: dict[str, Pairs] = {
        str(cell): (second[:, cell].tolist(), first[:, cell].tolist(), owners) for cell in range(CELLS)
    }
    yield from (difference(of_cell).p for of_cell in cells.values())
    yield average_difference(cells).p
    for group in range(groups):
        inside = np.flatnonzero(facet == group)
        if len(inside):
            yield from list(p_values(second[inside], first[inside], None, 0))[-1:]


def false_places(runs: int, images: int, trials: int, correlation: float = 0.3, seed: int = 3) -> float:
    """The share of tables of equal runs in which any is told apart from the best of a cell or Avg."""
    random, wrong = np.random.default_rng(seed), 0
    for _ in range(trials):
        easy = skill(random, images, 0.6, correlation)
        found = [scores(random, easy, CELLS) for _ in range(runs)]
        pairs = math.comb(runs, 2) * (CELLS + 1)
        wrong += any(p * pairs < 0.05 for p in places(found))
    return wrong / trials


def places(found: list[Floats]) -> Iterator[float]:
    """The p values of each run against the best, in every cell and in Avg."""
    means = np.array([one.mean(axis=0) for one in found])
    best = [*means.argmax(axis=0), means.mean(axis=1).argmax()]
    for other in range(len(found)):
        for column, place in enumerate(best):
            if other != place:
                yield list(p_values(found[place], found[other], None, 0))[column]


def same(points: float, questions: int, trials: int, seed: int = 4) -> tuple[float, float]:
    """The shares of comparisons of one cell that say "same within the margin" and "better" at a true difference."""
    random, verdicts = np.random.default_rng(seed), Counter[str]()
    for _ in range(trials):
        wins, losses, ties = random.multinomial(questions, [0.1 + points / 200, 0.1 - points / 200, 0.8])
        first = [1.0] * wins + [0.0] * (losses + ties)
        found = difference((first, [0.0] * wins + [1.0] * losses + [0.0] * ties, range(questions)))
        verdicts[decide({"": found}, {"": 0.02})[""].outcome] += 1
    return verdicts["same within the margin"] / trials, verdicts["second better"] / trials


ROW = (0.375, 0.849, 0.791, 0.805, 0.695, 0.098, 0.692, 0.474, 0.301)  # nine accuracies of the published table


def answered(random: Random, images: int, shares: tuple[float, ...], correlation: float = 0.2) -> NDArray[np.bool_]:
    """Right answers, (images, cells): normal variables that an image's cells share, cut at each cell's accuracy."""
    common, own = random.normal(size=(images, 1)), random.normal(size=(images, len(shares)))
    cut = np.array([NormalDist().inv_cdf(share) for share in shares])
    return math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own < cut


def repeated(random: Random, answers: NDArray[np.bool_], points: float, flips: float) -> NDArray[np.bool_]:
    """A repeat on the same images: so many answers change, so that accuracies rise by so many points."""
    more, less = max(points, (flips + points) / 2), max(0.0, (flips - points) / 2)
    share, drawn = np.array(ROW), random.random(answers.shape)
    return np.where(answers, drawn >= less / share, drawn < more / (1 - share))


def rows(images: Images, points: float, flips: float, trials: int, seed: int = 5, n: int = 1000) -> Counter[str]:
    """What rows are called whose every cell is so many points off; and, as "cell: ...", their cells."""
    random, found = np.random.default_rng(seed), Counter[str]()
    for _ in range(trials):
        theirs = answered(random, n, ROW)
        off = tuple(share + points / 100 for share in ROW)
        same = images == "same images"
        ours = repeated(random, theirs, points / 100, flips) if same else answered(random, n, off)
        cells = {str(cell): (ours[:, cell].astype(float).tolist(), range(n)) for cell in range(CELLS)}
        printed = {name: PrintedShare(float(theirs[:, int(name)].mean()), n) for name in cells}
        printed |= {AVG: PrintedShare(round(float(theirs.mean()), 3), CELLS * n)}
        verdicts = reproduced(cells, printed, images, Margins(), {})
        found[row_verdict(verdicts).partition(":")[0]] += 1
        found.update(f"cell: {verdicts[name].outcome}" for name in cells)
    return found


def exact_coverage(images: int) -> tuple[list[float], float]:
    """Of one question an image, the coverage at accuracies of 2 to 98 %; and how many of these leave 93 to 97.5 open.

    Only so many tables are possible: where no run of neighbouring counts has such a probability, no interval whatever
    can have it.
    """
    from scipy.special import bdtr

    bounds = [share_interval(right / images, images) for right in range(images + 1)]
    covered, open_to_any = [], 0
    for share in np.arange(0.02, 0.985, 0.01):
        below = np.concatenate([[0.0], bdtr(np.arange(images + 1), images, share)])
        chances = np.diff(below)
        covered.append(float(sum(c for c, (low, high) in zip(chances, bounds, strict=True) if low <= share <= high)))
        runs = below[None, :] - below[:, None]
        open_to_any += bool(((runs >= 0.93) & (runs <= 0.975)).any())
    return covered, open_to_any / len(covered)


def kappa_coverage(images: int, disagreement: float, correlation: float, trials: int, seed: int = 6) -> float:
    """How many intervals hold the true kappa of two runs that answer yes or no to four questions an image."""
    random, held = np.random.default_rng(seed), 0
    owners = np.repeat(np.arange(images), 4).tolist()
    # Both say yes to 60 %; a changed answer is as often a yes as a no that was.
    true = 1 - disagreement / (2 * 0.6 * 0.4)
    for _ in range(trials):
        first = random.random(4 * images) < 0.6
        rate = np.repeat(skill(random, images, disagreement, correlation)[:, 0], 4) if correlation else disagreement
        wanted = np.where(first, 0.5 / 0.6, 0.5 / 0.4) * rate
        second = first ^ (random.random(4 * images) < wanted)
        found = kappa(first.tolist(), second.tolist(), owners)
        held += found.low <= true <= found.high
    return held / trials


def pathology_rates(alike: bool, trials: int, seed: int = 7) -> tuple[float, float, float]:
    """Of tables of sixty groups: found to differ; the span of the shrunken shares; intervals that hold the group's own.

    All groups have 30 %, or shares from a beta distribution with that mean.
    """
    random = np.random.default_rng(seed)
    differ, span, held = 0, 0.0, 0
    for _ in range(trials):
        shares = np.full(60, 0.3) if alike else random.beta(3, 7, 60)
        sizes = random.integers(5, 25, 60)
        found = shrink(
            {
                str(at): ((random.random(n) < shares[at]).astype(float).tolist(), [f"{at}-{one}" for one in range(n)])
                for at, n in enumerate(sizes)
            }
        )
        values = [one.value for one in found.estimates.values()]
        differ += found.p < 0.05
        span += max(values) - min(values)
        held += sum(one.low <= shares[int(at)] <= one.high for at, one in found.estimates.items())
    return differ / trials, span / trials, held / trials / 60


def judge_coverage(share: float, labels: int, trials: int, seed: int = 8) -> float:
    """How many corrected intervals hold the truth: a judge that errs on one in seven, as many labels of either kind."""
    random, held = np.random.default_rng(seed), 0
    for _ in range(trials):
        hits, refused = random.binomial(labels, 0.85) / labels, random.binomial(labels, 0.88) / labels
        raw = random.binomial(1000, share * 0.85 + (1 - share) * 0.12) / 1000
        _, low, high = corrected(raw, 1000, JudgeErrors("judge", hits, labels, refused, labels, 2 * labels))
        held += low <= share <= high
    return held / trials


def print_pathologies(trials: int) -> None:
    """Groups that are alike, and groups that are not."""
    _head("sixty pathologies", "tables that say they differ, %", "span of shrunken numbers, points", "intervals, %")
    for alike in (True, False):
        numbers = pathology_rates(alike, max(20, trials // 10))
        _line("alike" if alike else "of many shares", *(100 * one for one in numbers))


def print_judge(trials: int) -> None:
    """Open cells corrected for their judge."""
    _head("true accuracy, %", "labels of either kind", "intervals that hold it, %")
    for share in (0.1, 0.4, 0.8):
        for labels in (50, 200):
            _line(f"{100 * share:g}", str(labels), 100 * judge_coverage(share, labels, trials))


def print_exact(trials: int) -> None:
    """What is reachable where few tables are possible; computed, not simulated."""
    _head(
        "images",
        "coverage, %: least",
        "mean",
        "most",
        "accuracies at 93 to 97.5, %",
        "for which any interval can be, %",
    )
    for images in (5, 10, 20, 40, 100, 200):
        found, reachable = exact_coverage(images)
        inside = 100 * sum(0.93 <= one <= 0.975 for one in found) / len(found)
        numbers = 100 * min(found), 100 * sum(found) / len(found), 100 * max(found), inside, 100 * reachable
        _line(str(images), *numbers)


def print_kappa(trials: int) -> None:
    """Kappa near 1."""
    _head(
        "answers that differ, %", "images of four questions", "correlation in an image", "intervals that hold kappa, %"
    )
    for disagreement in (0.005, 0.01, 0.05, 0.2):
        for images in (50, 250):
            for correlation in (0.0, 0.2):
                held = kappa_coverage(images, disagreement, correlation, trials)
                _line(f"{100 * disagreement:g}", str(images), f"{correlation:g}", 100 * held)


def print_coverage(trials: int) -> None:
    """How many intervals hold the truth."""
    _head("interval of", "images", "coverage, %: least", "mean", "most")
    for images in SIZES:
        for kind, found in coverages(images, trials):
            least, mean, most = (100 * one for one in (min(found), sum(found) / len(found), max(found)))
            _line(kind, str(images), least, mean, most)


def print_false_verdicts(trials: int) -> None:
    """How often equal runs are told apart."""
    _head("runs", "images", "groups of a facet", "comparisons with a false verdict, %")
    for runs, images, groups in ((2, 40, 0), (2, 200, 0), (2, 200, 40), (5, 200, 10), (20, 200, 0)):
        _line(str(runs), str(images), str(groups), 100 * false_verdicts(runs, images, groups, max(100, trials // 2)))
    _head("equal runs", "images", "tables with a false place, %")
    for runs in (2, 5, 12):
        _line(str(runs), "200", 100 * false_places(runs, 200, max(40, trials // 10)))


def print_same(trials: int) -> None:
    """How often two runs are called the same, or better."""
    _head("true difference, points", "questions", "same within two points, %", "better, %")
    for questions in (1000, 5000, 10000):
        for points in (0, 1, 2, 5):
            alike, better = same(points, questions, trials)
            _line(str(points), f"{questions:,}", 100 * alike, 100 * better)


def print_rows(trials: int) -> None:
    """What becomes of a run beside a printed row."""
    _head("", "changed by a repeat, %", "points off", "reproduced, %", "not reproduced, %", "cells the same, %")
    kinds: list[tuple[Images, float]] = [("same images", flips) for flips in (0.01, 0.02, 0.05, 0.1)]
    for images, flips in [*kinds, ("other images", 0.0)]:
        for points in (0, 1, 2, 5):
            found = rows(images, points, flips, trials)
            yes, no = (100 * found[name] / trials for name in ("is reproduced", "is not reproduced"))
            alike = 100 * found["cell: same within the margin"] / trials / CELLS
            _line(images, f"{100 * flips:g}" if flips else "", str(points), yes, no, alike)


def _head(*names: str) -> None:
    print(f"\n| {' | '.join(names)} |\n| --- |{' ---: |' * (len(names) - 1)}")


def _line(*fields: str | float) -> None:
    print(f"| {' | '.join(one if isinstance(one, str) else f'{one:.1f}' for one in fields)} |", flush=True)


PARTS = {
    "coverage": print_coverage,
    "exact": print_exact,
    "kappa": print_kappa,
    "pathologies": print_pathologies,
    "judge": print_judge,
    "verdicts": print_false_verdicts,
    "same": print_same,
    "rows": print_rows,
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this table; may be given several times")
    asked = parser.parse_args()
    for part in asked.part or PARTS:
        PARTS[part](asked.trials)


if __name__ == "__main__":
    main()
