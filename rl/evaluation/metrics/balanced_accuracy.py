"""Balanced accuracy: the mean of the shares of right verdicts, taken for each gold verdict apart.

    balanced accuracy = mean of (right / all) over approve, reject and escalate, where gold has them

An accepted verdict is right for gold's own. Source: Brodersen et al. 2010, *The Balanced Accuracy and Its Posterior
Distribution*.
"""

from typing import Any

import numpy as np

from data import VERDICTS
from rl.evaluation.metrics import counted, labels
from rl.evaluation.outcomes import outcome


class BalancedAccuracy(counted.Counted):
    def counts(self, predictions: Any, references: Any, accept: Any = None) -> counted.Counts:
        rows = zip(predictions, references, accept or [()] * len(predictions), strict=True)
        right = np.array([outcome(p, gold, also) == "right" for p, gold, also in rows], dtype=bool)
        golds = np.array([[gold == verdict for verdict in VERDICTS] for gold in references], dtype=bool)
        return np.concatenate([golds & right[:, None], golds, golds.any(axis=1, keepdims=True)], axis=1).astype(float)

    def rests_on(self, totals: counted.Counts) -> float | None:
        return labels.rests_on(totals[len(VERDICTS) : 2 * len(VERDICTS)])

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        right, golds, _ = np.split(totals, [len(VERDICTS), 2 * len(VERDICTS)], axis=-1)
        occurs = golds > 0
        shares = np.where(occurs, counted.ratio(right, golds), 0.0)
        return {"balanced_accuracy": counted.ratio(shares.sum(axis=-1), occurs.sum(axis=-1))}
