"""Measure: predictions in, every figure with its interval out."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from data import DataError
from rl.evaluation.live.figures import live_figures
from rl.evaluation.live.watched import streams_of
from rl.evaluation.metrics import METRICS, OF_STREAMS, RANKED
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.figures import ranked_figures
from rl.evaluation.ranking.ranking import Floats
from rl.evaluation.settings import DEFAULT, Settings
from rl.evaluation.statistics import Figure, figures
from rl.evaluation.statistics.estimate import Estimate

RESAMPLES = 10_000


def figures_of(
    predictions: Sequence[Prediction],
    names: Sequence[str] | None = None,
    settings: Settings = DEFAULT,
    weights: Floats | None = None,
) -> dict[str, Estimate]:
    """Every figure of the named metrics that applies to these predictions, with 95 % intervals over clusters.

    Args:
        names: of `METRICS`, `RANKED` and `OF_STREAMS`; all if None.
        weights: of the predictions, ``(N,)``; metrics that speak of several cases at once are then left out.
    """
    clusters, cases = rows_of(predictions)
    found: dict[str, Figure] = {}
    for name in names or (*METRICS, *RANKED):
        if name in OF_STREAMS:
            continue
        if name in RANKED:
            found |= ranked_figures([predictions], clusters, cases, [name], weights=weights)
            continue
        metric = METRICS[name].load()
        if metric.applies(predictions) and (weights is None or metric.by_case):
            sheet = metric.sheet([metric.of(predictions, settings)], settings, weights)
            found |= figures([sheet], clusters, RESAMPLES, cases=cases)[0]
    if weights is None:
        found |= stream_figures([predictions], [settings], names)
    return alone(found)


def stream_figures(
    models: Sequence[Sequence[Prediction]],
    settings: Sequence[Settings],
    names: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Figure]:
    """The figures of streams, where predictions are about the windows of whole ones.

    Args:
        models: the predictions of each, baseline first, in the same order.
        names: of `OF_STREAMS`; all if None.
    """
    wanted = [name for name in OF_STREAMS if names is None or name in names]
    streams = [streams_of(rows, one.agree) for rows, one in zip(models, settings, strict=True)] if wanted else []
    known = [of_model for of_model in streams if of_model]
    if not wanted or len(known) < len(models):
        return {}
    found = live_figures(known, resamples, seed)
    return {name: found[name] for name in wanted}


def alone(found: Mapping[str, Figure]) -> dict[str, Estimate]:
    """One model's figures with their intervals, those that apply."""
    estimates = {name: figure.estimate() for name, figure in found.items()}
    return {name: estimate for name, estimate in estimates.items() if estimate is not None}


def rows_of(predictions: Sequence[Prediction]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cluster and the case of each prediction, as numbers from 0."""
    return codes([p.cluster for p in predictions]), codes([p.case for p in predictions])


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
