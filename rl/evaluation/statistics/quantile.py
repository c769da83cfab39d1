"""Quantile: the median of values, or the value that so many do not exceed, and its interval. Values may be infinite.

The interval goes from one of the values to another: how many of them lie below the true quantile is binomial, whatever
the values are, so it is exact; where too few lie on a side, nothing bounds it there. Values in clusters are first made
as few as they are worth for the share that does not exceed the quantile. Sources: Thompson 1936, *On confidence ranges
for the median*; for clusters, Woodruff 1952, *Confidence intervals for medians and other position measures*.
"""

from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from rl.evaluation.statistics.clusters import Clusters, Floats


@dataclass(frozen=True)
class Quantile:
    """Values of which a quantile is told."""

    values: Floats
    """``(N,)``, none negative; infinite for what never comes."""
    share: float
    """Of the values that do not exceed it, 0..1: a half is the median."""
    clusters: Clusters
    """Of the same values."""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The interval of the quantile; from 0, or to infinity, where too few values tell."""
        ranked, tail = np.sort(self.values), (1 - level) / 2
        worth = self.clusters.worth(self.design_effect, level)
        count = floor(len(ranked) * worth + 1e-9)
        if not count:
            return 0.0, inf
        below, above = int(binom.ppf(tail, count, self.share)), int(binom.isf(tail, count, self.share)) + 1
        first, last = floor(below * len(ranked) / count), ceil(above * len(ranked) / count)
        return float(ranked[first - 1]) if below else 0.0, float(ranked[last - 1]) if above <= count else inf

    @property
    def design_effect(self) -> float:
        """How many of these values tell as much as one loose value, at least 1."""
        return self.clusters.design_effect(self.values <= float(quantile(self.values, self.share)))


def quantile(values: Floats, share: float, weights: NDArray[np.float64] | None = None) -> Floats:
    """The least of the values that at least this share of them does not exceed, ``(...)``; nan where there are none.

    Args:
        values: ``(N,)``.
        weights: of the values, ``(..., N)``; 1 each if None.

    Example:
        >>> float(quantile(np.array([6.0, np.inf, 12.0, 10.0]), 0.5))
        10.0
    """
    weights = np.ones(len(values)) if weights is None else weights
    if not len(values):
        return np.full(weights.shape[:-1], np.nan)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[..., order], axis=-1)
    whole = reached[..., -1:]
    places = (reached < share * whole - 1e-9).sum(axis=-1)
    return np.where(whole[..., 0] > 0, values[order][np.minimum(places, len(values) - 1)], np.nan)
