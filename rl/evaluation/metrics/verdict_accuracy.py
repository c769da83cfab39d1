"""Verdict accuracy: the share of cases whose verdict is right, and what it is made of.

    verdict accuracy      = right / all
    coverage              = decided / all                 (decided: approved or rejected)
    accuracy when decided = right and decided / decided

Right is gold's verdict or one it accepts. An escalation that gold does not ask for and an unparsed completion are
wrong. Source: selective classification, El-Yaniv & Wiener 2010, *On the Foundations of Noise-free Selective
Classification*, for coverage and accuracy when decided.
"""

from typing import Any

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import outcome


class VerdictAccuracy(counted.Counted):
    def counts(self, predictions: Any, references: Any, accept: Any = None) -> counted.Counts:
        accept = accept or [()] * len(predictions)
        rows = []
        for predicted, gold, also in zip(predictions, references, accept, strict=True):
            right = outcome(predicted, gold, also) == "right"
            decided = predicted in ("approve", "reject") and gold is not None
            rows.append((right, decided, right and decided, gold is not None))
        return np.array(rows, dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        right, decided, right_decided, everything = np.moveaxis(totals, -1, 0)
        return {
            "verdict_accuracy": counted.ratio(right, everything),
            "coverage": counted.ratio(decided, everything),
            "accuracy_when_decided": counted.ratio(right_decided, decided),
        }
