"""Pairing: two models, right or wrong on the same rows, cluster by cluster."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.statistics.mcnemar import mcnemar
from rl.evaluation.statistics.newcombe import newcombe
from rl.evaluation.statistics.sign_flip import sign_flip
from rl.evaluation.statistics.tango import tango

FEW = 10
"""Below so many clusters with a net change, resampling them says little: score intervals take its place."""


@dataclass(frozen=True)
class Pairing:
    """Who is right where: the baseline, the challenger, both or none."""

    baseline: NDArray[np.bool_]
    """``(N,)``: whether the baseline has a row right."""
    challenger: NDArray[np.bool_]
    """``(N,)``, the same rows."""
    clusters: NDArray[np.int64]
    """``(N,)``: the cluster of each row, any whole numbers."""

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

    @property
    def clustered(self) -> bool:
        """Whether a cluster holds more than one row."""
        return bool(len(self._sizes) < len(self.baseline))

    @property
    def few(self) -> bool:
        """Whether too few clusters changed on balance for the bootstrap to be trusted."""
        return int(np.count_nonzero(self._net_gains)) < FEW

    @cached_property
    def design_effect(self) -> float:
        """How many of these clustered rows tell as much as one loose row, at least 1.

        The variance of the difference by clusters over that by rows (Kish 1965). So that a few changes cannot make
        clusters look harmless, one more cluster of average size is counted in, which changes as a whole.
        """
        if not self.clustered:
            return 1.0
        size = float((self._sizes**2).sum() / self._sizes.sum())
        change = self.challenger.astype(float) - self.baseline
        mean = change.mean()
        by_cluster = ((self._net_gains - mean * self._sizes) ** 2).sum() + size**2
        by_row = ((change - mean) ** 2).sum() + size
        return max(1.0, float(by_cluster / by_row))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Score interval for the challenger's share less the baseline's, on what the rows are worth.

        Newcombe's and Tango's together: where all changes go one way, each is too narrow on another side (one-sided
        errors of 8 to 9 % instead of 5), and that is what a gate looks at.
        """
        both, gained, lost, neither = (cell / self.design_effect for cell in self.table)
        low, high = newcombe(both, gained, lost, neither, level)
        further_low, further_high = tango(gained, lost, both + gained + lost + neither, level)
        return min(low, further_low), max(high, further_high)

    def test(self) -> tuple[float, float, Literal["mcnemar", "sign flip"]]:
        """Two-sided p and mid-p of no difference, and the test they come from."""
        if self.clustered:
            return *sign_flip(self._net_gains), "sign flip"
        p, mid_p = mcnemar(self.lost, self.gained)
        return float(p), float(mid_p), "mcnemar"

    @cached_property
    def _sizes(self) -> NDArray[np.float64]:
        return np.bincount(self._places).astype(float)

    @cached_property
    def _net_gains(self) -> NDArray[np.int64]:
        change = self.challenger.astype(float) - self.baseline
        return np.bincount(self._places, weights=change).astype(np.int64)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        return np.unique(self.clusters, return_inverse=True)[1]
