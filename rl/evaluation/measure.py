"""Measure: predictions in, every figure with its interval out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from data import DataError
from rl.evaluation.metrics import METRICS, RANKED
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.ranking import Floats, Ranking
from rl.evaluation.settings import DEFAULT, Settings
from rl.evaluation.statistics.bootstrap import bootstrap, exact_at_the_edge, percentiles
from rl.evaluation.statistics.estimate import Estimate

if TYPE_CHECKING:
    from rl.evaluation.metrics.counted import Counted
    from rl.evaluation.metrics.ranked import Ranked

RESAMPLES = 2_000
"""Of ranked metrics, which have to go through all cases for each."""
_CELLS = 2**22
"""Most weights held at once: 32 MB."""

Figure = TypeVar("Figure", bound=Estimate)


def figures_of(
    predictions: Sequence[Prediction],
    names: Sequence[str] | None = None,
    settings: Settings = DEFAULT,
    weights: Floats | None = None,
) -> dict[str, Estimate]:
    """Every figure of the named metrics that applies to these predictions, with 95 % intervals over clusters.

    Args:
        names: of `METRICS` and `RANKED`; all if None.
        weights: of the predictions, ``(N,)``; metrics that speak of several cases at once are then left out.
    """
    clusters = codes([prediction.cluster for prediction in predictions])
    found: dict[str, Estimate] = {}
    for name in names or (*METRICS, *RANKED):
        if name in RANKED:
            ranked = RANKED[name].load()
            if ranked.applies(predictions):
                found[name] = _ranked(ranked, predictions, clusters, weights)
            continue
        metric = METRICS[name].load()
        if metric.applies(predictions) and (weights is None or metric.by_case):
            counts = metric.of(predictions, settings)
            found |= estimates(metric, counts, clusters, weights, share=METRICS[name].share)
    return known(found)


def estimates(
    metric: "Counted",
    counts: NDArray[np.float64],
    clusters: ArrayLike,
    weights: Floats | None = None,
    *,
    share: bool = True,
) -> dict[str, Estimate]:
    """A metric's figures from its counts ``(N, K)``.

    Args:
        weights: of the rows, ``(N,)``; 1 each if None.
        share: whether the figures lie between 0 and 1.
    """
    support, clusters = counts[:, -1], np.asarray(clusters)
    weighed = counts if weights is None else counts * weights[:, None]
    figures = bootstrap(weighed, clusters, metric.values, support=round(support.sum()))
    if not share:
        return figures
    spoken_of = len(np.unique(clusters[support > 0]))
    return {figure: exact_at_the_edge(estimate, spoken_of) for figure, estimate in figures.items()}


def _ranked(
    metric: "Ranked", predictions: Sequence[Prediction], clusters: NDArray[np.int64], weights: Floats | None
) -> Estimate:
    steps = _Steps.of(metric, predictions, weights)
    draws = [steps.value(times) for times in drawn(clusters)]
    return Estimate(steps.whole, *percentiles(np.concatenate(draws), 0.95), steps.support)


def ranked_difference(
    metric: "Ranked", ours: Sequence[Prediction], theirs: Sequence[Prediction], clusters: NDArray[np.int64]
) -> Estimate:
    """How much higher a ranked metric is than the baseline's, on the same cases in the same order."""
    our, their = _Steps.of(metric, ours), _Steps.of(metric, theirs)
    draws = [our.value(times) - their.value(times) for times in drawn(clusters)]
    return Estimate(our.whole - their.whole, *percentiles(np.concatenate(draws), 0.95), our.support)


@dataclass(frozen=True)
class _Steps:
    """A ranked metric on its cases, ready to be worked out for many resamples."""

    metric: "Ranked"
    ranking: Ranking
    members: csr_array
    """``(N, entries)``: the weight of each case in the entry of the ranking that stands for it."""
    support: int

    @classmethod
    def of(cls, metric: "Ranked", predictions: Sequence[Prediction], weights: Floats | None = None) -> "_Steps":
        ranking, rows = metric.of(predictions)
        entries, places = ranking.collapsed()
        own = np.ones(len(rows)) if weights is None else weights[rows]
        members = csr_array((own, (rows, places)), shape=(len(predictions), len(entries.scores)))
        return cls(metric, entries, members, len(rows))

    @property
    def whole(self) -> float:
        """The figure of the cases as they are."""
        return float(self.metric.value(self.ranking, self.members.sum(axis=0)))

    def value(self, times: Floats) -> Floats:
        """The figure of resamples, from how often each case was drawn ``(..., N)``."""
        return self.metric.value(self.ranking, times @ self.members)


def drawn(clusters: NDArray[np.int64], resamples: int = RESAMPLES, seed: int = 0) -> Iterator[Floats]:
    """How often each case is in a resample of whole clusters, ``(some, N)`` time after time.

    Args:
        clusters: the number of each case's cluster, ``(N,)``, from 0 without gaps.
    """
    rng = np.random.default_rng(seed)
    count = int(clusters.max(initial=-1)) + 1
    step = max(1, _CELLS // max(1, len(clusters)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        times = [np.bincount(rng.integers(0, count, count), minlength=count)[clusters] for _ in range(size)]
        yield np.stack(times).astype(float)


def codes(names: Sequence[str]) -> NDArray[np.int64]:
    """Names as numbers from 0."""
    found: NDArray[np.int64] = np.unique(np.asarray(names), return_inverse=True)[1]
    return found


def prevalence_weights(predictions: Sequence[Prediction], prevalence: float) -> Floats:
    """Weights ``(N,)`` under which gold rejects that share of the cases that have a verdict; 1 for those without.

    Raises:
        DataError: gold rejects all of them or none, so that no weights can do that.
    """
    golds = [prediction.gold.verdict if prediction.gold else None for prediction in predictions]
    rejected = np.array([gold == "reject" for gold in golds])
    judged = np.array([gold is not None for gold in golds])
    share = rejected.sum() / max(1, judged.sum())
    if not 0 < share < 1:
        raise DataError(f"gold rejects {share:.0%} of these cases: they cannot be weighed for another prevalence")
    return np.where(rejected, prevalence / share, np.where(judged, (1 - prevalence) / (1 - share), 1.0))


def known(figures: dict[str, Figure]) -> dict[str, Figure]:
    """Without those that do not apply."""
    return {name: estimate for name, estimate in figures.items() if not isnan(estimate.value)}
