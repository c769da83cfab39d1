"""Reasoning agreement: the share of rulings whose answer follows from the reasoning before it.

    reasoning agreement = rulings that agree / rulings with reasoning

A ruling agrees if its verdict is the one that its citations call for, and its findings and its answer say the same
(`rl.evaluation.agreement`). Source: the self-consistency of explanations,
Wiegreffe et al. 2021, *Measuring Association Between Labels and Free-Text Rationales*, checked mechanically.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted


class ReasoningAgreement(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("bool")}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {"predictions": [prediction.agrees for prediction in predictions]}

    def counts(self, predictions: Any, references: Any = None) -> counted.Counts:
        return np.array([(agrees is True, agrees is not None) for agrees in predictions], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"reasoning_agreement": counted.ratio(totals[..., 0], totals[..., 1])}
