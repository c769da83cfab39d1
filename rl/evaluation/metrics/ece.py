"""Expected calibration error: how far stated risk and the share of rejections lie apart, in ten bins of equal width.

    ECE = sum over bins of |sum of risk - sum of y| / all      y: 1 where gold rejects, 0 where gold approves

A description of one model, and no more: it is biased upward, the more so the fewer the cases, and depends on the bins.
Compare models by Brier score. Cases that gold escalates, or without a stated risk, are left out. Source: Naeini et al.
2015, *Obtaining Well Calibrated Probabilities Using Bayesian Binning*; the bias: Roelofs et al. 2022, *Mitigating Bias
in Calibration Error Estimation*.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted, flagged

BINS = 10


class ECE(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("float64"), "references": counted.TEXT}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return flagged.risk_columns(predictions)

    def counts(self, predictions: Any, references: Any) -> counted.Counts:
        counts = np.zeros((len(predictions), 2 * BINS + 1))
        for row, (risk, gold) in enumerate(zip(predictions, references, strict=True)):
            if risk is not None and gold in ("approve", "reject"):
                place = min(int(round(risk, 9) * BINS), BINS - 1)
                counts[row, [place, BINS + place, -1]] = risk, gold == "reject", 1
        return counts

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        stated, observed, everything = np.split(totals, [BINS, 2 * BINS], axis=-1)
        return {"ece": counted.ratio(np.abs(stated - observed).sum(axis=-1), everything[..., 0])}
