"""Recall at a fixed precision: of the cases to be rejected, the share that is caught by rejecting from a risk on,
where that risk was chosen on other cases as the one that reaches the precision.

    recall at precision p = (gold rejects and risk >= t) / gold rejects
    precision achieved    = (gold rejects and risk >= t) / (risk >= t)

The threshold t is given (`rl.evaluation.choose_thresholds`), so the precision achieved here differs from p and is
shown beside the recall. A case without a risk is wrong at every threshold: never caught, or always flagged. Cases
that gold escalates are left out. Source: recall at fixed precision, Eban et al. 2017, *Scalable Learning of
Non-Decomposable Objectives*; freezing the threshold is the ordinary split of choosing and judging.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted, flagged
from rl.evaluation.ranking.thresholds import PRECISIONS, named
from rl.evaluation.settings import Settings


class RecallAtPrecision(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("float64"), "references": counted.TEXT}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return flagged.risk_columns(predictions)

    def options(self, settings: Settings) -> dict[str, Any]:
        return {"thresholds": settings.thresholds.values("precision", PRECISIONS) if settings.thresholds else None}

    def counts(self, predictions: Any, references: Any, thresholds: Any = None) -> counted.Counts:
        return flagged.flag_counts(predictions, references, thresholds, len(PRECISIONS), "reject")

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        figures = {}
        for place, target in enumerate(PRECISIONS):
            tp, fp, positives, _ = np.moveaxis(totals[..., 4 * place : 4 * place + 4], -1, 0)
            figures[named("recall_at_precision", target)] = counted.ratio(tp, positives)
            figures[named("achieved_precision", target)] = counted.ratio(tp, tp + fp)
        return figures
