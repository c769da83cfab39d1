"""Unreasoned: verdicts with and without reasoning on the same cases, and how many of each are right."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import outcome, verdict_columns


class Unreasoned(counted.Counted):
    """A figure on counts of what is right with reasoning, right without, and probed."""

    takes: ClassVar[dict[str, Any]] = {
        "predictions": counted.TEXT,
        "references": counted.TEXT,
        "without": counted.TEXT,
    }

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.probed is not None for prediction in predictions)

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        decided = [prediction.probed and prediction.probed.without for prediction in predictions]
        return {**verdict_columns(predictions), "without": [found and found.verdict for found in decided]}

    def counts(self, predictions: Any, references: Any, without: Any, accept: Any = None) -> counted.Counts:
        accept = accept or [()] * len(predictions)
        rows = []
        for reasoned, gold, unreasoned, also in zip(predictions, references, without, accept, strict=True):
            probed = unreasoned is not None and gold is not None
            right = [probed and outcome(verdict, gold, also) == "right" for verdict in (reasoned, unreasoned)]
            rows.append((*right, probed))
        return np.array(rows, dtype=float)
