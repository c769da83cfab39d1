"""Brier score: the mean squared distance of the stated risk from what is so. Models are compared in calibration by it.

    Brier = mean of (risk - y)^2      y: 1 where gold rejects, 0 where gold approves

Cases that gold escalates are left out; where no risk is stated the distance is the whole, 1. Source: Brier 1950,
*Verification of forecasts expressed in terms of probability*.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted, flagged


class Brier(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("float64"), "references": counted.TEXT}

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.risk is not None for prediction in predictions)

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return flagged.risk_columns(predictions)

    def counts(self, predictions: Any, references: Any) -> counted.Counts:
        rows = []
        for risk, gold in zip(predictions, references, strict=True):
            if gold not in ("approve", "reject"):
                rows.append((0.0, 0))
            else:
                rows.append((1.0 if risk is None else (risk - (gold == "reject")) ** 2, 1))
        return np.array(rows, dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"brier": counted.ratio(totals[..., 0], totals[..., 1])}
