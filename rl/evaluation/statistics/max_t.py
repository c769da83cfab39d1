"""Max-t: how wide intervals must be for several differences to hold all at once.

Each resampled difference is measured in its own standard errors from the point estimate; the level is that of the
quantile of the largest such distance. Correlation between models is in the resamples, so this is never wider than
Bonferroni asks, up to resampling. Sources: Westfall & Young 1993, *Resampling-Based Multiple Testing*; with one
baseline it is the bootstrap version of Dunnett 1955, *A multiple comparison procedure for comparing several
treatments with a control*.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm


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
