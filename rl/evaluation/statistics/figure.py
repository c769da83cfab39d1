"""Figure: one figure of several models on the same cases, with resamples that all models share.

Intervals of differences are what is simulated in the tests of coverage: percentile intervals of the paired cluster
bootstrap, and score intervals for shares of cases where fewer than ten clusters changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from rl.evaluation.statistics.bootstrap import Counts, Statistic, exact_at_the_edge, percentiles, resample
from rl.evaluation.statistics.corrections import max_t_level
from rl.evaluation.statistics.estimate import Difference, Estimate
from rl.evaluation.statistics.pairing import FEW, Pairing
from rl.evaluation.statistics.power import cases_to_decide


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
    share: bool
    """Whether it lies between 0 and 1."""

    def estimate(self, model: int = 0, level: float = 0.95) -> Estimate | None:
        """One model's figure with its own interval; None where it does not apply."""
        if np.isnan(self.values[model]):
            return None
        found = Estimate(float(self.values[model]), *percentiles(self.draws[:, model], level), self.support)
        return exact_at_the_edge(found, self.clusters, level) if self.share else found

    def known_difference(self, challenger: int = 0, level: float = 0.95) -> Difference | None:
        """`difference`; None where the figure does not apply to one of the two."""
        if np.isnan(self.values[[0, challenger + 1]]).any():
            return None
        return self.difference(challenger, level)

    def difference(self, challenger: int = 0, level: float = 0.95) -> Difference:
        """How much higher a challenger's figure is than the baseline's.

        Args:
            challenger: its place among the challengers.
            level: the coverage, 0..1.
        """
        value = float(self.values[challenger + 1] - self.values[0])
        low, high = percentiles(self.draws[:, challenger + 1] - self.draws[:, 0], level)
        if self.pairings is None:
            if self._hardly_changed(challenger) or (self.share and low == high):
                # Resampling shows next to no spread: keep as much doubt as score intervals do where no pair differs.
                z = norm.ppf((1 + level) / 2)
                doubt = float(z**2 / (self.clusters + z**2))
                low, high = max(-1.0, min(low, value - doubt)), min(1.0, max(high, value + doubt))
            return Difference(value, low, high, self.support)
        pairing = self.pairings[challenger]
        p, mid_p, test = pairing.test()
        if pairing.few:
            return Difference(value, *pairing.interval(level), self.support, "score", p, mid_p, test)
        return Difference(value, low, high, self.support, "bootstrap", p, mid_p, test)

    def simultaneous(self, level: float = 0.95) -> list[Estimate]:
        """Intervals of all challengers' differences that hold together: each at the level that the max-t gives."""
        challengers = range(len(self.values) - 1)
        together = max_t_level(self.draws[:, 1:] - self.draws[:, :1], self.values[1:] - self.values[0], level)
        wider = [self.difference(challenger, together) for challenger in challengers]
        return [Estimate(found.value, found.low, found.high, found.support) for found in wider]

    def rows_to_decide(self, distance: float, challenger: int = 0) -> int | None:
        """How many rows it takes for a one-sided 95 % bound to clear a margin, if the difference stays what it is.

        Args:
            distance: of the difference from the margin; None comes back for 0, as no number would do.
        """
        if self.pairings is not None:
            pairing = self.pairings[challenger]
            # One more pair of either kind, so that no change at all is not taken for certainty.
            both, gained, lost, neither = pairing.table
            rows = both + gained + lost + neither + 1
            share, gap = (gained + lost + 1) / rows, (gained - lost) / rows
            return cases_to_decide(distance, sqrt(share - gap**2), design_effect=pairing.design_effect)
        change = self.draws[:, challenger + 1] - self.draws[:, 0]
        needed = cases_to_decide(distance, float(np.nanstd(change)) * sqrt(self.support))
        if needed is None or not self._hardly_changed(challenger):
            return needed
        z = norm.ppf(0.95)
        return max(needed, ceil(self.support / self.clusters * z**2 * (1 / abs(distance) - 1)))

    def _hardly_changed(self, challenger: int) -> bool:
        return self.share and self.changed[challenger] < FEW


@dataclass(frozen=True)
class Sheet:
    """One metric on the same rows in several models."""

    counts: Sequence[Counts]
    """Per model, baseline first: additive counts ``(N, K)``, the support last."""
    formula: Statistic
    """Totals ``(..., K)`` to named figures ``(...)``."""
    share: bool = True
    """Whether the figures lie between 0 and 1."""


def figures(
    sheets: Sequence[Sheet], clusters: NDArray[np.int64], resamples: int, seed: int = 0
) -> list[dict[str, Figure]]:
    """The figures of several metrics, by name, on the same rows and from the same resamples.

    Args:
        clusters: the cluster of each row, ``(N,)``.
    """
    drawn = resample([np.hstack(sheet.counts) for sheet in sheets], clusters, resamples, seed)
    return [_figures(sheet, clusters, draws) for sheet, draws in zip(sheets, drawn, strict=True)]


def _figures(sheet: Sheet, clusters: NDArray[np.int64], draws: Counts) -> dict[str, Figure]:
    counts, formula = sheet.counts, sheet.formula
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
            share=sheet.share,
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
