"""Bootstrap: how sure we are of a figure, when whole clusters of cases are drawn again.

A metric is a formula on *sums of counts* over cases: accuracy is right / all, F1 is 2 tp / (2 tp + fp + fn). So a
resample needs no cases, only how often each cluster was drawn. Clusters with equal counts are exchangeable, and their
multiplicities in a resample are multinomial: ten thousand resamples of any number of cases are one multinomial draw
over the few distinct count vectors and one matrix product, exactly as if every cluster had been drawn by itself. Where
nearly every cluster has counts of its own (a Brier score), clusters are drawn one by one, once for all such metrics.

The intervals of `bootstrap` are percentile intervals (Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993,
ch. 13) with clusters as the unit (Field & Welsh 2007, *Bootstrapping clustered data*). They are too narrow near the
ends of a figure's range, and have no width where every resample gives the same value: evaluations take from resamples
how much a figure varies, and no more (`rl.evaluation.statistics.figure`).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from rl.evaluation.statistics.estimate import Estimate

Counts = NDArray[np.float64]
Statistic = Callable[[Counts], Mapping[str, NDArray[np.float64]]]
"""Named figures, each of shape ``(...)``, from totals of shape ``(..., K)``."""

_CELLS = 2**24
"""Most multiplicities held at once: 128 MB."""
_OWN_COUNTS = 1 / 16
"""From this share of distinct count vectors on, drawing clusters one by one is faster."""


def bootstrap(
    counts: ArrayLike,
    clusters: ArrayLike,
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
        clusters: the cluster of each row, ``N`` names or numbers; whole clusters are drawn.
        statistic: the formula: totals ``(..., K)`` to named figures ``(...)``.
        support: what the estimates report as their support.
        level: the coverage, 0..1.
    """
    counts = checked(counts, clusters)
    point = statistic(counts.sum(axis=0))
    (totals,) = resample([counts], clusters, resamples, seed)
    draws = statistic(totals)
    return {name: Estimate(float(point[name]), *percentiles(draws[name], level), support) for name in point}


def resample(blocks: Sequence[Counts], clusters: ArrayLike, resamples: int, seed: int = 0) -> list[Counts]:
    """Totals of resampled clusters, ``(resamples, K)`` for each block of counts ``(N, K)`` on the same rows."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    by_cluster = csr_array((np.ones(len(index)), (index, np.arange(len(index)))))
    sums = [by_cluster @ block for block in blocks]
    profiles = [_profiles(block) for block in sums]
    own = [place for place, (found, _) in enumerate(profiles) if len(found) > max(256, _OWN_COUNTS * len(names))]
    drawn = dict(zip(own, _one_by_one([sums[place] for place in own], resamples, seed), strict=True))
    return [
        drawn[place] if place in drawn else _by_profile(*profile, resamples, seed)
        for place, profile in enumerate(profiles)
    ]


def _profiles(sums: Counts) -> tuple[Counts, NDArray[np.int64]]:
    """The distinct rows and how often each comes up. Rows are told apart by one random projection, which sorts much
    faster than whole rows do and takes two for one with a chance of 1e-16.
    """
    direction = np.random.default_rng(0).random(sums.shape[1])
    _, first, multiplicity = np.unique((sums * direction).sum(axis=1), return_index=True, return_counts=True)
    return sums[first], multiplicity


def _by_profile(profiles: Counts, multiplicity: NDArray[np.int64], resamples: int, seed: int) -> Counts:
    rng = np.random.default_rng(seed)
    clusters = multiplicity.sum()
    return np.concatenate(
        [
            rng.multinomial(clusters, multiplicity / clusters, size=size) @ profiles
            for size in _steps(resamples, len(profiles))
        ]
    )


def _one_by_one(sums: Sequence[Counts], resamples: int, seed: int) -> list[Counts]:
    if not sums:
        return []
    rng = np.random.default_rng(seed)
    clusters, stacked = len(sums[0]), np.hstack(sums)
    totals = []
    for size in _steps(resamples, clusters):
        times = np.empty((size, clusters))
        for row in times:
            row[:] = np.bincount(rng.integers(0, clusters, clusters, dtype=np.int32), minlength=clusters)
        totals.append(times @ stacked)
    ends = np.cumsum([block.shape[1] for block in sums])[:-1]
    return np.split(np.concatenate(totals), ends, axis=1)


def _steps(resamples: int, width: int) -> list[int]:
    """How many resamples to hold at once, time after time."""
    step = max(1, _CELLS // width)
    return [min(step, resamples - start) for start in range(0, resamples, step)]


def percentiles(draws: NDArray[np.float64], level: float) -> tuple[float, float]:
    """The middle part of the draws; those that are nan are left out, and nan comes back where none is left."""
    draws = draws[~np.isnan(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def checked(counts: ArrayLike, clusters: ArrayLike) -> Counts:
    """The counts as an array, if there is one row to each cluster name."""
    counts = np.asarray(counts, dtype=np.float64)
    rows = len(np.asarray(clusters))
    if counts.ndim != 2 or len(counts) != rows or not rows:
        raise ValueError(f"want one row of counts per case, got {counts.shape} for {rows} clusters")
    return counts
