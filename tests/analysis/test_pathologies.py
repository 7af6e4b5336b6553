"""Pathologies without noise: a test of heterogeneity first, then what is left of each number once chance is out."""

from __future__ import annotations

import numpy as np
import pytest
from runs_support import arm, record

from radimagenet_vqa_tasks.analysis.measure import Scheme
from radimagenet_vqa_tasks.analysis.pathologies import pathologies, pathology_sheets
from radimagenet_vqa_tasks.analysis.shrunken import Scores, heterogeneity, shrink
from radimagenet_vqa_tasks.scoring.record import Record

STRICT = Scheme()


def groups(random: np.random.Generator, shares: list[float], n: int) -> dict[str, Scores]:
    """Groups of so many questions, one an image."""
    return {
        str(at): ((random.random(n) < share).astype(float).tolist(), [f"{at}-{one}" for one in range(n)])
        for at, share in enumerate(shares)
    }


def answers(shares: list[float], n: int = 12, seed: int = 1) -> list[Record]:
    """A run's answers about as many pathologies as shares."""
    random = np.random.default_rng(seed)
    return [
        record(1000 * at + one, "pathology_mc", bool(random.random() < share), pathology=f"finding {at:02}")
        for at, share in enumerate(shares)
        for one in range(n)
    ]


def test_equal_pathologies_are_drawn_together() -> None:
    """Sixty that are all read at 30 %: raw numbers run from 0 to over 50, shrunken ones over less than 15 points."""
    found = pathologies(arm(found=answers([0.3] * 60)), STRICT, 10)
    assert found.shrunken is not None and not found.differ
    assert max(found.raw.values()) > 0.5 and min(found.raw.values()) < 0.1
    values = [one.value for one in found.shrunken.estimates.values()]
    assert max(values) - min(values) < 0.15
    assert all(one.low < one.value < one.high for one in found.shrunken.estimates.values())
    assert "No difference between pathologies is shown" in found.said


def test_real_differences_are_found_and_kept() -> None:
    """Thirty at 10 % and thirty at 90 % differ, and stay far apart."""
    found = pathologies(arm(found=answers([0.1] * 30 + [0.9] * 30)), STRICT, 10)
    assert found.shrunken is not None and found.differ
    values = found.shrunken.estimates
    assert values["finding 00"].value < 0.35 and values["finding 59"].value > 0.65
    order = list(found.raw)
    assert order[0] >= "finding 30" > order[-1]


def test_intervals_hold_the_groups_own_shares() -> None:
    """Of 200 groups whose shares vary, about 95 % lie within their intervals."""
    random = np.random.default_rng(2)
    shares = random.beta(3, 7, 200).tolist()
    found = shrink(groups(random, shares, 12)).estimates
    held = sum(found[str(at)].low <= share <= found[str(at)].high for at, share in enumerate(shares))
    assert 0.9 <= held / 200 <= 0.99


def test_the_test_of_heterogeneity_keeps_its_level() -> None:
    """Equal groups are called different in about 5 of 100 cases; questions of one image are dealt together."""
    random = np.random.default_rng(3)
    p = [heterogeneity(groups(random, [0.4] * 10, 8), shuffles=199) for _ in range(100)]
    assert sum(one < 0.05 for one in p) <= 12
    copied = {name: (scores * 5, owners * 5) for name, (scores, owners) in groups(random, [0.4] * 10, 8).items()}
    assert heterogeneity(copied) == pytest.approx(heterogeneity({k: (s[:8], o[:8]) for k, (s, o) in copied.items()}))


def test_no_pathology_seen_is_no_pathology() -> None:
    """Normal images are not among those ranked, nor counted; without any left there is no crash."""
    found = answers([0.5, 0.7]) + [record(9000 + n, "pathology_mc", pathology="no pathology seen") for n in range(20)]
    of_run = pathologies(arm(found=found), STRICT, 10)
    assert set(of_run.raw) == {"finding 00", "finding 01"} and of_run.found == 2
    [sheet] = pathology_sheets([arm(found=found[24:])], STRICT, 10)
    assert not sheet.rows and "0 of 0 pathologies" in " ".join(sheet.notes)
