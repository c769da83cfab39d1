"""False-flag rate at a fixed recall: of the cases to be approved, the share that is turned away by rejecting from a
risk on, where that risk was chosen on other cases as the highest that reaches the recall.

    false-flag rate at recall r = (gold approves and risk >= t) / gold approves
    recall achieved             = (gold rejects and risk >= t) / gold rejects

The threshold t is given (`rl.evaluation.choose_thresholds`), so the recall achieved here differs from r and is shown
beside the rate. A case without a risk is wrong at every threshold: never caught, or always flagged. Cases that gold
escalates are left out. Source: a point of the ROC curve, Fawcett 2006, *An introduction to ROC analysis*.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted, flagged
from rl.evaluation.ranking.thresholds import RECALLS, named
from rl.evaluation.settings import Settings


class FalseFlagRateAtRecall(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("float64"), "references": counted.TEXT}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return flagged.risk_columns(predictions)

    def options(self, settings: Settings) -> dict[str, Any]:
        return {"thresholds": settings.thresholds.values("recall", RECALLS) if settings.thresholds else None}

    def counts(self, predictions: Any, references: Any, thresholds: Any = None) -> counted.Counts:
        return flagged.flag_counts(predictions, references, thresholds, len(RECALLS), "approve")

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        figures = {}
        for place, target in enumerate(RECALLS):
            tp, fp, positives, negatives = np.moveaxis(totals[..., 4 * place : 4 * place + 4], -1, 0)
            figures[named("false_flag_rate_at_recall", target)] = counted.ratio(fp, negatives)
            figures[named("achieved_recall", target)] = counted.ratio(tp, positives)
        return figures
