"""Corrections: what it costs to look at several comparisons at once.

*Holm* adjusts p-values so that the chance of even one false alarm among many tests stays at the level. It needs no
independence. Source: Holm 1979, *A simple sequentially rejective multiple test procedure*.

*Max-t* says how wide intervals must be for several differences to hold together. Each resampled difference is measured
in its own standard errors from the point estimate; the level is that of the quantile of the largest such distance.
Correlation between models is in the resamples, so this is never wider than Bonferroni asks, up to resampling. Sources:
Westfall & Young 1993, *Resampling-Based Multiple Testing*; with one baseline it is the bootstrap version of Dunnett
1955, *A multiple comparison procedure for comparing several treatments with a control*.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: the k-th smallest of m times m - k + 1, no less than those before it."""
    adjusted, floor = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = floor
    return adjusted


def max_t_level(draws: NDArray[np.float64], points: NDArray[np.float64], level: float = 0.95) -> float:
    """The level at which single intervals must be taken so that all of them hold with the given level.

    Args:
        draws: resampled differences, ``(resamples, challengers)``; nan is left out.
        points: the differences themselves, ``(challengers,)``.
    """
    errors = np.nanstd(draws, axis=0)
    moving = errors > 0
    if not moving.any():
        return level
    distance = np.abs(draws[:, moving] - points[moving]) / errors[moving]
    distance = distance[~np.isnan(distance).any(axis=1)]
    return max(level, float(2 * norm.cdf(np.quantile(distance.max(axis=1), level)) - 1))
