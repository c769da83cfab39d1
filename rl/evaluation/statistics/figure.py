"""Figure: one figure of several models on the same cases, with resamples that all models share.

Intervals of differences are what is simulated in the tests of coverage: percentile intervals of the paired cluster
bootstrap, and Newcombe's interval for shares of cases where fewer than ten clusters changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from rl.evaluation.bootstrap import Counts, Estimate, Statistic, percentiles, resample
from rl.evaluation.statistics.difference import Difference
from rl.evaluation.statistics.max_t import max_t_level
from rl.evaluation.statistics.pairing import FEW, Pairing

Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Figure:
    """One figure of several models, baseline first."""

    values: NDArray[np.float64]
    """``(models,)``."""
    draws: NDArray[np.float64]
    """``(resamples, models)``; nan where a resample has nothing to divide by."""
    support: int
    pairings: list[Pairing] | None
    """One per challenger, where the figure is a share of the same rows in every model."""
    changed: list[int]
    """One per challenger: how many clusters count for something else than in the baseline."""
    clusters: int
    """How many clusters the figure speaks of."""

    def difference(self, challenger: int = 0, level: float = 0.95) -> Difference:
        """How much higher a challenger's figure is than the baseline's.

        Args:
            challenger: its place among the challengers.
            level: the coverage, 0..1.
        """
        value = float(self.values[challenger + 1] - self.values[0])
        low, high = percentiles(self.draws[:, challenger + 1] - self.draws[:, 0], level)
        if self.pairings is None:
            if self.changed[challenger] < FEW and self._bounded:
                # Hardly a case changed, so that resampling shows no spread: as much doubt as Newcombe's interval
                # keeps where no pair differs.
                doubt = Z**2 / (self.clusters + Z**2)
                low, high = max(-1.0, min(low, value - doubt)), min(1.0, max(high, value + doubt))
            return Difference(value, low, high, self.support)
        pairing = self.pairings[challenger]
        p, mid_p, test = pairing.test()
        if pairing.few:
            return Difference(value, *pairing.interval(level), self.support, "newcombe", p, mid_p, test)
        return Difference(value, low, high, self.support, "bootstrap", p, mid_p, test)

    def simultaneous(self, level: float = 0.95) -> list[Estimate]:
        """Intervals of all challengers' differences that hold together: each at the level that the max-t gives."""
        challengers = range(len(self.values) - 1)
        together = max_t_level(self.draws[:, 1:] - self.draws[:, :1], self.values[1:] - self.values[0], level)
        wider = [self.difference(challenger, together) for challenger in challengers]
        return [Estimate(found.value, found.low, found.high, found.support) for found in wider]

    def deviation(self, challenger: int = 0) -> float:
        """Of one case's difference: the standard error is this over the root of the support."""
        if self.pairings is not None:
            pairing = self.pairings[challenger]
            # One more pair of either kind, so that no change at all is not taken for certainty.
            both, gained, lost, neither = pairing.table
            n = both + gained + lost + neither + 1
            share, gap = (gained + lost + 1) / n, (gained - lost) / n
            return float(np.sqrt(pairing.design_effect * (share - gap**2)))
        change = self.draws[:, challenger + 1] - self.draws[:, 0]
        return float(np.nanstd(change) * np.sqrt(self.support))

    @property
    def _bounded(self) -> bool:
        return bool(((self.values >= 0) & (self.values <= 1)).all())


Sheet = tuple[Sequence[Counts], Statistic]
"""One metric: each model's counts, ``(N, K)`` with the support last, baseline first; and the formula on their sums."""


def figures(
    sheets: Sequence[Sheet], clusters: NDArray[np.int64], resamples: int, seed: int = 0
) -> list[dict[str, Figure]]:
    """The figures of several metrics, by name, on the same rows and from the same resamples.

    Args:
        clusters: the cluster of each row, ``(N,)``.
    """
    blocks = [np.hstack(counts) for counts, _ in sheets]
    drawn = resample(blocks, clusters, resamples, seed)
    return [_figures(counts, formula, clusters, draws) for (counts, formula), draws in zip(sheets, drawn, strict=True)]


def _figures(
    counts: Sequence[Counts], formula: Statistic, clusters: NDArray[np.int64], draws: Counts
) -> dict[str, Figure]:
    totals = [formula(model.sum(axis=0)) for model in counts]
    resampled = [formula(part) for part in np.split(draws, len(counts), axis=-1)]
    rows = [formula(model) for model in counts]
    differing = [np.unique(clusters[(model != counts[0]).any(axis=1)]).size for model in counts[1:]]
    found = {}
    for name in totals[0]:
        values = np.array([float(total[name]) for total in totals])
        by_row = [np.asarray(model[name], dtype=float) for model in rows]
        spoken_of = ~np.isnan(np.stack(by_row)).all(axis=0)
        found[name] = Figure(
            values=values,
            draws=np.stack([model[name] for model in resampled], axis=-1),
            support=round(float(counts[0][:, -1].sum())),
            pairings=_pairings(values, by_row, clusters),
            changed=differing,
            clusters=np.unique(clusters[spoken_of]).size,
        )
    return found


def _pairings(
    values: NDArray[np.float64], by_row: Sequence[NDArray[np.float64]], clusters: NDArray[np.int64]
) -> list[Pairing] | None:
    """Pairs of right and wrong, where a figure is the share of right rows among the same rows in every model."""
    applies = ~np.isnan(by_row[0])
    if not applies.any() or any((np.isnan(model) == applies).any() for model in by_row):
        return None
    right = [model[applies] for model in by_row]
    if not all(np.isin(model, (0.0, 1.0)).all() for model in right):
        return None
    if not np.allclose([model.mean() for model in right], values, rtol=0, atol=1e-12):
        return None
    baseline, *challengers = (model == 1.0 for model in right)
    return [Pairing(baseline, challenger, clusters[applies]) for challenger in challengers]
