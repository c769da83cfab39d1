"""Rate: how many events come in a stretch of time, and the interval of how many.

The exact interval of a Poisson count holds at every rate, also where nothing was counted: after no event in an hour,
up to 3.7 an hour are possible, where resampling says none. Events that come in clusters (streams in which one thing
sets off many) are first made as few as they are worth: their variance by clusters over that of a Poisson count, and
Student's t for few clusters, as `Clusters` has it for shares. Sources: Garwood 1936, *Fiducial limits for the Poisson
distribution*; Ulm 1990, *A simple method to calculate the confidence interval of a standardized mortality ratio*.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.stats import chi2, norm

from rl.evaluation.statistics.clusters import Clusters, Floats

_ONE_MORE_EACH_WAY = 2
"""Events that are counted in before a variance is believed, as for shares."""


@dataclass(frozen=True)
class Rate:
    """Events and for how long they were waited for, row by row."""

    counts: Floats
    """``(N,)``."""
    clusters: Clusters
    """Of the same rows, their weights the time."""

    @property
    def time(self) -> float:
        """In all."""
        return float(self.clusters.sizes.sum())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The interval of events in a unit of time; infinite to the right where there is one cluster."""
        unsure = float(norm.ppf((1 + level) / 2)) / self.clusters.quantile(level)
        worth = unsure**2 / self.design_effect
        if not worth or not self.time:
            return 0.0, inf
        low, high = garwood(float(self.counts.sum()) * worth, level)
        return low / (self.time * worth), high / (self.time * worth)

    @property
    def design_effect(self) -> float:
        """How many of these events tell as much as one that comes by itself, at least 1."""
        sums = np.bincount(self.clusters.places, weights=self.counts)
        expected = self.counts.sum() / self.time * self.clusters.sizes if self.time else 0.0 * sums
        few = len(sums) / max(1, len(sums) - 1)
        more = _ONE_MORE_EACH_WAY
        return max(1.0, few * float(((sums - expected) ** 2).sum() + more) / float(self.counts.sum() + more))


def garwood(count: float, level: float = 0.95) -> tuple[float, float]:
    """The interval of a Poisson count, which need not be whole.

    Example:
        >>> [round(end, 2) for end in garwood(0)], [round(end, 2) for end in garwood(10)]
        ([0.0, 3.69], [4.8, 18.39])
    """
    tail = (1 - level) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count > 0 else 0.0
    return low, float(chi2.isf(tail, 2 * count + 2)) / 2
