"""Pairing: two models, right or wrong on the same rows, cluster by cluster."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.statistics.clusters import Clusters
from rl.evaluation.statistics.mcnemar import mcnemar
from rl.evaluation.statistics.sign_flip import sign_flip
from rl.evaluation.statistics.tango import tango

CONTINUITY = 0.5
"""Pairs that Tango's interval is corrected by. Without it a one-sided 95 % bound is wrong in up to 5.9 % of
experiments with 50 to 2,000 loose pairs, with it in 4.9 % (summed over all tables; `benchmarks/intervals.py`)."""


@dataclass(frozen=True)
class Pairing:
    """Who is right where: the baseline, the challenger, both or none."""

    baseline: NDArray[np.bool_]
    """``(N,)``: whether the baseline has a row right."""
    challenger: NDArray[np.bool_]
    """``(N,)``, the same rows."""
    clusters: Clusters
    """Of the same rows."""

    @cached_property
    def table(self) -> tuple[int, int, int, int]:
        """How many rows both have right, only the challenger (gained), only the baseline (lost), and none."""
        ours, theirs = self.challenger, self.baseline
        both, gained, lost = (int(cell.sum()) for cell in (ours & theirs, ours & ~theirs, ~ours & theirs))
        return both, gained, lost, len(ours) - both - gained - lost

    @property
    def gained(self) -> int:
        return self.table[1]

    @property
    def lost(self) -> int:
        return self.table[2]

    @property
    def discordant(self) -> float:
        """The share of rows that only one of the two has right."""
        return (self.gained + self.lost) / len(self.baseline)

    @cached_property
    def design_effect(self) -> float:
        """How many of these rows tell as much about the difference as one loose row, at least 1."""
        return self.clusters.design_effect(self._change)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Score interval for the challenger's share less the baseline's, on what the rows are worth; both ends hold
        one-sided as well."""
        worth = self.clusters.worth(self.design_effect, level)
        if not worth:
            return -1.0, 1.0
        return tango(self.gained * worth, self.lost * worth, len(self.baseline) * worth, level, CONTINUITY)

    def test(self) -> tuple[float, float, Literal["mcnemar", "sign flip"]]:
        """Two-sided p and mid-p of no difference, and the test they come from."""
        if self.clusters.clustered:
            net_gains = np.bincount(self.clusters.places, weights=self._change).astype(np.int64)
            return *sign_flip(net_gains), "sign flip"
        p, mid_p = mcnemar(self.lost, self.gained)
        return float(p), float(mid_p), "mcnemar"

    @property
    def _change(self) -> NDArray[np.float64]:
        return self.challenger.astype(float) - self.baseline
