"""Clusters: rows that hang together, and how much they tell.

Rows of one cluster are not independent, so they are worth fewer loose rows: their number over the *design effect*, the
variance of a mean by clusters over that by rows (Kish 1965, *Survey Sampling*). What is estimated from few clusters is
itself unsure: Student's t takes the place of the normal, on as many degrees of freedom as there are clusters of the
size that a row sees, less one (Korn & Graubard 1998, *Confidence intervals for proportions with small expected number
of positive counts estimated from survey data*).
"""

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

Floats = NDArray[np.float64]

_ONE_MORE_EACH_WAY = 2
"""Large clusters, changed as a whole, that are counted in before a variance is believed: a few changes must not make
clusters look harmless. With one, gates passed in error up to 6.4 % of the time, with two of a size that only rows see
8.5 % (where sizes are very uneven), with two of the size here 4.8 %; see `benchmarks/intervals.py`."""


@dataclass(frozen=True)
class Clusters:
    """The cluster of each row, and what each row weighs."""

    index: NDArray[np.int64]
    """``(N,)``: the cluster of each row, any whole numbers."""
    weights: Floats | None = None
    """``(N,)``; 1 each if None."""

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """The cluster of each row, from 0 without gaps."""
        found: NDArray[np.int64] = np.unique(self.index, return_inverse=True)[1]
        return found

    @cached_property
    def sizes(self) -> Floats:
        """The weight of each cluster: how many rows it has."""
        return np.bincount(self.places, weights=self.weights).astype(float)

    @cached_property
    def typical(self) -> float:
        """The size of the cluster that a row finds itself in; 1 where every row stands alone."""
        total = self.sizes.sum()
        return float((self.sizes**2).sum() / total) if total else 1.0

    @cached_property
    def large(self) -> float:
        """The size of the clusters that decide how much clusters vary: each weighs as its size squared. Equal sizes
        make it the typical one."""
        squares = (self.sizes**2).sum()
        return float((self.sizes**3).sum() / squares) if squares else 1.0

    @property
    def effective(self) -> float:
        """How many clusters of typical size there are; as many as there are if all have one size."""
        return float(self.sizes.sum() / self.typical)

    @cached_property
    def clustered(self) -> bool:
        """Whether a cluster holds more than one row."""
        return bool(len(self.sizes) < len(self.index))

    def design_effect(self, values: ArrayLike) -> float:
        """How many of these rows tell as much about the mean of their values as one loose row, at least 1."""
        if not self.clustered:
            return 1.0
        values = np.asarray(values, dtype=float)
        sums = np.bincount(self.places, weights=values).astype(float)
        return float(self.design_effect_of(sums, (values**2).sum()))

    def design_effect_of(self, sums: Floats, squares: ArrayLike) -> Floats:
        """The same from the sum of values in each cluster, ``(..., clusters)``, and that of squares, ``(...)``."""
        rows, more = self.sizes.sum(), _ONE_MORE_EACH_WAY * self.large
        mean = sums.sum(axis=-1) / rows
        by_cluster = ((sums - mean[..., None] * self.sizes) ** 2).sum(axis=-1) + more * self.large
        by_row = np.asarray(squares) - rows * mean**2 + more
        few = len(self.sizes) / max(1, len(self.sizes) - 1)
        return np.maximum(1.0, few * by_cluster / by_row)

    def quantile(self, level: float) -> float:
        """How many standard errors an interval of that level reaches; infinite where there is one cluster."""
        freedom = self.effective - 1
        return float(t.ppf((1 + level) / 2, freedom)) if freedom > 0 else inf

    def worth(self, design_effect: float, level: float) -> float:
        """How many loose rows an interval of that level may count on for each row, 0..1."""
        if not self.clustered:
            return 1.0
        unsure = (float(norm.ppf((1 + level) / 2)) / self.quantile(level)) ** 2
        return unsure / design_effect
