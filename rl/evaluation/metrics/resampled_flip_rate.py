"""Resampled flip rate: how often the verdict is another one after other reasoning of the model's own.

    resampled flip rate = mean over cases of the share of samples at temperature 1 with another verdict

A sample that is no ruling is another verdict. Whether the verdict is right does not matter here. Source: the sampling
of reasoning paths, Wang et al. 2023, *Self-Consistency Improves Chain of Thought Reasoning in Language Models*.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted


class ResampledFlipRate(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.List(counted.TEXT), "references": counted.TEXT}

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.probed is not None for prediction in predictions)

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        sampled = [prediction.probed and prediction.probed.resampled for prediction in predictions]
        return {
            "predictions": [samples and [decision.verdict for decision in samples] for samples in sampled],
            "references": [prediction.verdict for prediction in predictions],
        }

    def counts(self, predictions: Any, references: Any) -> counted.Counts:
        rows = [
            (np.mean([verdict != first for verdict in samples]), 1.0) if samples else (0.0, 0.0)
            for samples, first in zip(predictions, references, strict=True)
        ]
        return np.array(rows, dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"resampled_flip_rate": counted.ratio(totals[..., 0], totals[..., 1])}
