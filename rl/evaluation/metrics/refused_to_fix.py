"""Refused to fix: of the ads that no words can mend, the share where the ruling says so.

    refused to fix = rulings that name the picture that has to change / ads whose picture has to change

Advice on words alone would send an advertiser round in circles. Saying nothing is no refusal. Source: the share of
unanswerable questions that are declined (Rajpurkar et al. 2018, SQuAD 2.0), with the place that is to blame required.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import advice, counted


class RefusedToFix(advice.Advice):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("bool")}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {"predictions": advice.said(predictions, "refused")}

    def counts(self, predictions: Any, references: Any = None) -> counted.Counts:
        return np.array([(refused is True, refused is not None) for refused in predictions], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"refused_to_fix": counted.ratio(totals[..., 0], totals[..., 1])}
