"""The quantiles that every interval needs, without scipy: importing it takes longer than all else that `table` does.

The tests hold both against scipy.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

LEVEL = 0.95

Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
"""A normal variable lies within -Z and Z in 95 of 100 cases."""


@cache
def t_quantile(freedom: int) -> float:
    """The t within whose positive and negative Student's variable lies in 95 of 100 cases; `freedom` is at least 1.

    For whole degrees of freedom the probability is a finite sum in the angle atan(t / sqrt(freedom)) (Abramowitz and
    Stegun, 26.7.3 and 26.7.4). It is concave there, so Newton's method from the normal quantile, which is smaller,
    comes closer with every step.
    """
    scale = 2 * math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    angle = math.atan(Z / math.sqrt(freedom))
    for _ in range(100):
        step = (LEVEL - _within(angle, freedom)) / (scale * math.cos(angle) ** (freedom - 1))
        angle += step
        if abs(step) < 1e-14:
            break
    return math.sqrt(freedom) * math.tan(angle)


def _within(angle: float, freedom: int) -> float:
    """The probability of an absolute value below sqrt(freedom) * tan(angle)."""
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for number in range(2 + odd, freedom - 1, 2):
        term *= math.cos(angle) ** 2 * (number - 1) / number
        total += term
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
