"""Paired difference: two models' counts on the same cases in, every figure's difference out."""

import numpy as np
from numpy.typing import ArrayLike

from rl.evaluation.statistics.bootstrap import Statistic, checked
from rl.evaluation.statistics.estimate import Difference
from rl.evaluation.statistics.figure import SHARE, Bounds, Sheet, figures


def paired_difference(
    counts: ArrayLike,
    baseline: ArrayLike,
    clusters: ArrayLike,
    statistic: Statistic,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    bounds: Bounds = SHARE,
    seed: int = 0,
) -> dict[str, Difference]:
    """How much higher each figure is than the baseline's; see `rl.evaluation.statistics.figure`.

    Args:
        counts, baseline: the two models' counts, ``(N, K)`` each with the support last, rows in the same order.
        clusters: the cluster of each row; whole clusters are drawn.
        statistic: the formula: totals ``(..., K)`` to named figures ``(...)``.
        level: the coverage, 0..1.
        bounds: the least and the greatest value that the figures can have; infinite where there is none.

    Raises:
        ValueError: a figure is beyond its bounds.
    """
    sheet = Sheet([checked(baseline, clusters), checked(counts, clusters)], statistic, bounds)
    (found,) = figures([sheet], np.unique(np.asarray(clusters), return_inverse=True)[1], resamples, seed)
    return {name: figure.difference(level=level) for name, figure in found.items()}
