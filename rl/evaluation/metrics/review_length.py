"""Review length: what a review costs to write and to read.

    tokens a review = sum of tokens / completions      characters a review = sum of characters / completions

Completions that are no ruling count: they were paid for. Source: the mean; tokens are the model's own, so they compare
checkpoints of one model, and characters compare models.
"""

from collections.abc import Sequence
from math import inf
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.settings import Settings
from rl.evaluation.statistics.figure import Bounds


class ReviewLength(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": counted.TEXT, "tokens": datasets.Value("int64")}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {"predictions": [p.completion for p in predictions], "tokens": [p.tokens for p in predictions]}

    def bounds(self, settings: Settings) -> Bounds:
        return 0.0, inf

    def counts(self, predictions: Any, tokens: Any, references: Any = None) -> counted.Counts:
        rows = zip(predictions, tokens, strict=True)
        return np.array(
            [
                (count or 0, count is not None, len(completion or ""), completion is not None)
                for completion, count in rows
            ],
            dtype=float,
        )

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        tokens, counted_, characters, everything = np.moveaxis(totals, -1, 0)
        return {
            "tokens_per_review": counted.ratio(tokens, counted_),
            "characters_per_review": counted.ratio(characters, everything),
        }
