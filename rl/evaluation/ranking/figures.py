"""Figures that need all cases in order (AUPRC, AURC), of one model or several from the same resamples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rl.evaluation.metrics import RANKED
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.ranking import Floats, Ranking
from rl.evaluation.statistics import SHARE, Clusters, Figure
from rl.evaluation.statistics.figure import support_of

if TYPE_CHECKING:
    from rl.evaluation.metrics.ranked import Ranked

RESAMPLES = 2_000
"""At most: each has to go through all cases."""
DIGITS = 3
"""Resamples rank scores rounded to thousandths, so that they cost the same for any number of cases."""
_CELLS = 2**22
"""Most weights held at once: 32 MB."""


@dataclass(frozen=True)
class _Steps:
    """A ranking with its equal cases put together."""

    ranking: Ranking
    """One entry for each distinct rounded score and truth."""
    members: csr_array
    """``(N, entries)``: the weight of each row in the entry that stands for it."""

    @classmethod
    def of(cls, ranking: Ranking, rows: NDArray[np.int64], weights: Floats) -> "_Steps":
        entries, places = Ranking(np.round(ranking.scores, DIGITS), ranking.true).collapsed()
        members = csr_array((weights[rows], (rows, places)), shape=(len(weights), len(entries.scores)))
        return cls(entries, members)

    def value(self, metric: "Ranked", times: Floats) -> Floats:
        """The figure of resamples, from how often each row was drawn ``(..., N)``."""
        return metric.value(self.ranking, times @ self.members)


def ranked_figures(
    models: Sequence[Sequence[Prediction]],
    clusters: NDArray[np.int64],
    cases: NDArray[np.int64],
    names: Sequence[str] = tuple(RANKED),
    *,
    weights: Floats | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Figure]:
    """The named figures, as far as they apply to all of these models, baseline first.

    Args:
        models: the predictions of each, on the same cases in the same order.
        clusters: the cluster of each row, ``(N,)``, as numbers from 0 without gaps.
        cases: the case of each row, ``(N,)``.
        weights: of the rows, ``(N,)``; 1 each if None.
        resamples: of clusters; 2,000 at most are drawn.
    """
    loaded = {name: RANKED[name].load() for name in names}
    metrics = {name: metric for name, metric in loaded.items() if all(map(metric.applies, models))}
    own = np.ones(len(clusters)) if weights is None else weights
    rankings = {name: [metric.of(rows) for rows in models] for name, metric in metrics.items()}
    steps = {name: [_Steps.of(*ranking, own) for ranking in found] for name, found in rankings.items()}
    draws: dict[str, list[Floats]] = {name: [] for name in metrics}
    for times in drawn(clusters, min(resamples, RESAMPLES), seed) if metrics else ():
        for name, metric in metrics.items():
            draws[name].append(np.stack([model.value(metric, times) for model in steps[name]], axis=-1))
    found = {}
    for name, metric in metrics.items():
        ranking, rows = rankings[name][0]  # the rows that are ranked follow from gold, and are the same in all models
        here, rests_on = Clusters(clusters[rows], own[rows]), metric.rests_on(ranking)
        found[name] = Figure(
            values=np.array([float(metric.value(model, own[rows])) for model, _ in rankings[name]]),
            draws=np.concatenate(draws[name]),
            support=support_of(np.ones(len(rows)), cases[rows]),
            shares=[None] * len(models),
            pairings=None,
            clusters=here,
            step=here.typical / max(1.0, min(here.sizes.sum(), rests_on if rests_on is not None else np.inf)),
            bounds=SHARE,
        )
    return found


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
