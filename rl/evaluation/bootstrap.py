"""Bootstrap: how sure we are of a figure, when whole clusters of cases are drawn again.

A metric is a formula on *sums of counts* over cases: accuracy is right / all, F1 is 2 tp / (2 tp + fp + fn). So a
resample needs no cases, only how often each cluster was drawn. Clusters with equal counts are exchangeable, and their
multiplicities in a resample are multinomial: ten thousand resamples of any number of cases are one multinomial draw
over the few distinct count vectors and one matrix product, exactly as if every cluster had been drawn by itself.

Intervals are percentile intervals (Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 13) with
clusters as the unit (Field & Welsh 2007, *Bootstrapping clustered data*). Where all is right, or all wrong, every
resample gives the same value; `exact_at_the_edge` then says what can still be said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.float64]
Statistic = Callable[[Counts], Mapping[str, NDArray[np.float64]]]
"""Named figures, each of shape ``(...)``, from totals of shape ``(..., K)``."""

_CELLS = 2**24
"""Most multiplicities held at once: 128 MB."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; nan where the metric does not apply."""

    value: float
    low: float
    high: float
    support: int
    """How many cases, citations or pairs the figure speaks of."""

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval of a difference leaves out 0, so that the sign can be told."""
        return self.low > 0 or self.high < 0


def bootstrap(
    counts: ArrayLike,
    clusters: Sequence[str],
    statistic: Statistic,
    *,
    support: int,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Intervals for figures that are formulas on summed counts.

    Args:
        counts: additive counts, ``(N, K)``, one row per case.
        clusters: the cluster of each row, ``N`` names; whole clusters are drawn.
        statistic: the formula: totals ``(..., K)`` to named figures ``(...)``.
        support: what the estimates report as their support.
        level: the coverage, 0..1.
    """
    counts = _checked(counts, clusters)
    point = statistic(counts.sum(axis=0))
    draws = statistic(_resampled(counts, clusters, resamples, seed))
    return {name: _estimate(float(point[name]), draws[name], level, support) for name in point}


def exact_at_the_edge(estimate: Estimate, clusters: int, level: float = 0.95) -> Estimate:
    """A share's interval where nothing varies: 0 or 1 in every one of so many clusters, so that the bootstrap gives
    no width. The exact binomial interval (Clopper & Pearson 1934) takes its place; other estimates stay as they are.
    """
    if estimate.low != estimate.high or estimate.value not in (0.0, 1.0) or not clusters:
        return estimate
    reach = ((1 - level) / 2) ** (1 / clusters)
    return replace(estimate, low=reach) if estimate.value == 1.0 else replace(estimate, high=1 - reach)


def paired_difference(
    counts: ArrayLike,
    baseline: ArrayLike,
    clusters: Sequence[str],
    statistic: Statistic,
    *,
    support: int,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """How much higher each figure is than the baseline's, on the same cases: both models are resampled together.

    Args:
        counts, baseline: the two models' counts, ``(N, K)`` each, rows in the same order of cases.
        clusters, statistic, support, level: as in `bootstrap`.
    """
    counts, baseline = _checked(counts, clusters), _checked(baseline, clusters)
    width = counts.shape[1]

    def difference(totals: Counts) -> dict[str, NDArray[np.float64]]:
        ours, theirs = statistic(totals[..., :width]), statistic(totals[..., width:])
        return {name: ours[name] - theirs[name] for name in ours}

    both = np.hstack([counts, baseline])
    return bootstrap(both, clusters, difference, support=support, resamples=resamples, level=level, seed=seed)


def _resampled(counts: Counts, clusters: Sequence[str], resamples: int, seed: int) -> Counts:
    """Totals of resampled clusters, ``(resamples, K)``."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((len(names), counts.shape[1]))
    np.add.at(sums, index, counts)
    profiles, multiplicity = np.unique(sums, axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS // len(profiles))
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    share = multiplicity / multiplicity.sum()
    return np.concatenate([rng.multinomial(len(names), share, size=size) @ profiles for size in sizes])


def _estimate(value: float, draws: NDArray[np.float64], level: float, support: int) -> Estimate:
    draws = draws[~np.isnan(draws)]
    if np.isnan(value) or not len(draws):
        return Estimate(float("nan"), float("nan"), float("nan"), support)
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), support)


def _checked(counts: ArrayLike, clusters: Sequence[str]) -> Counts:
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim != 2 or len(counts) != len(clusters) or not len(counts):
        raise ValueError(f"want one row of counts per case, got {counts.shape} for {len(clusters)} clusters")
    return counts
