"""The quantiles that every interval needs. scipy.special takes half a second to import: hence inside the functions."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

LEVEL = 0.95


@cache
def z_quantile(level: float = LEVEL) -> float:
    """A normal variable lies within the negative and positive of this with the probability `level`."""
    return NormalDist().inv_cdf(0.5 + level / 2)


@cache
def t_quantile(freedom: float, level: float = LEVEL) -> float:
    """The same of Student's variable; degrees of freedom need not be whole."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + level / 2))


Z = z_quantile()
