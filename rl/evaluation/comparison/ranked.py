"""Ranked: figures that need all cases in order (AUPRC, AURC), of several models from the same resamples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rl.evaluation.comparison.models import Models
from rl.evaluation.measure import RESAMPLES, drawn
from rl.evaluation.metrics import RANKED
from rl.evaluation.ranking.ranking import Floats, Ranking
from rl.evaluation.statistics import Figure

if TYPE_CHECKING:
    from rl.evaluation.metrics.ranked import Ranked

DIGITS = 3
"""Resamples rank scores rounded to thousandths, so that they cost the same for any number of cases."""


@dataclass(frozen=True)
class _Steps:
    """A ranking with its equal cases put together."""

    ranking: Ranking
    """One entry for each distinct rounded score and truth."""
    members: csr_array
    """``(N, entries)``: which rows each entry stands for."""

    @classmethod
    def of(cls, ranking: Ranking, rows: NDArray[np.int64], size: int) -> "_Steps":
        pairs: Floats = np.column_stack([np.round(ranking.scores, DIGITS), ranking.true]).astype(np.float64)
        entries, place = np.unique(pairs, axis=0, return_inverse=True)
        members = csr_array((np.ones(len(rows)), (rows, place.ravel())), shape=(size, len(entries)))
        return cls(Ranking(entries[:, 0], entries[:, 1] == 1), members)

    def value(self, metric: "Ranked", times: Floats) -> Floats:
        """The figure of resamples, from how often each row was drawn ``(..., N)``."""
        return metric.value(self.ranking, times @ self.members)


def ranked_figures(models: Models) -> dict[str, Figure]:
    """Every ranked figure that applies to these models."""
    loaded = {name: entry.load() for name, entry in RANKED.items()}
    metrics = {name: metric for name, metric in loaded.items() if all(map(metric.applies, models.rows))}
    found = {name: [metric.of(rows) for rows in models.rows] for name, metric in metrics.items()}
    steps = {name: [_Steps.of(*ranking, len(models.gold)) for ranking in found[name]] for name in metrics}
    draws: dict[str, list[Floats]] = {name: [] for name in metrics}
    for times in drawn(models.clusters, min(models.resamples, RESAMPLES), models.seed) if metrics else ():
        for name, metric in metrics.items():
            draws[name].append(np.stack([model.value(metric, times) for model in steps[name]], axis=-1))
    return {
        name: _figure(models, metric, found[name], np.concatenate(draws[name])) for name, metric in metrics.items()
    }


def _figure(
    models: Models, metric: "Ranked", found: Sequence[tuple[Ranking, NDArray[np.int64]]], draws: Floats
) -> Figure:
    rankings, rows = zip(*found, strict=True)
    # A case that some model ranks otherwise than the baseline does.
    placed = [_placed(ranking, kept, len(models.gold)) for ranking, kept in found]
    return Figure(
        values=np.array([float(metric.value(ranking)) for ranking in rankings]),
        draws=draws,
        support=len(rows[0]),
        pairings=None,
        changed=[np.unique(models.clusters[(theirs != placed[0]).any(axis=1)]).size for theirs in placed[1:]],
        clusters=np.unique(models.clusters[rows[0]]).size,
        share=True,
    )


def _placed(ranking: Ranking, rows: NDArray[np.int64], size: int) -> Floats:
    placed = np.zeros((size, 2))
    placed[rows] = np.column_stack([ranking.scores, ranking.true])
    return placed
