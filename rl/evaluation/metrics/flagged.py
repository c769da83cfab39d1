"""Flagged: cases told apart by a threshold of risk that was chosen elsewhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.ranking.ranking import by_risk


def risk_columns(predictions: Sequence[Any]) -> dict[str, list[Any]]:
    """Stated risks (or None) and gold verdicts (or None)."""
    return {
        "predictions": [prediction.risk for prediction in predictions],
        "references": [prediction.gold.verdict if prediction.gold else None for prediction in predictions],
    }


def flag_counts(
    risks: Sequence[float | None],
    golds: Sequence[str | None],
    thresholds: Sequence[float | None] | None,
    targets: int,
    support: str,
) -> counted.Counts:
    """Per case and threshold: caught, falsely flagged, to be rejected, to be approved; then the support.

    ``(N, 4 * targets + 1)``; zeros for a threshold that is None, so that its figures are nan.

    Args:
        support: the gold verdict whose cases are the support.
    """
    thresholds = thresholds or [None] * targets
    counts = np.zeros((len(golds), 4 * targets + 1))
    rows = np.array([gold in ("approve", "reject") for gold in golds], dtype=bool)
    ranking = by_risk(risks, golds)
    for place, threshold in enumerate(thresholds):
        if threshold is not None:
            flagged, true = ranking.scores >= threshold, ranking.true
            counts[rows, 4 * place : 4 * place + 4] = np.stack([flagged & true, flagged & ~true, true, ~true], axis=1)
    counts[:, -1] = [gold == support for gold in golds]
    return counts
