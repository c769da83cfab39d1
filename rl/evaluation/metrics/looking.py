"""Looking: how much a model looks things up.

    calls a review = sum of calls / reviews      turns a review = sum of the policy's turns / reviews
    calls that showed nothing = sum of calls that failed / sum of calls

Where no model had tools there is nothing to count. More is neither better nor worse: what it costs stands beside what
it gains. Source: the mean, and the share.
"""

from collections.abc import Sequence
from math import inf
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.settings import Settings
from rl.evaluation.statistics.figure import Bounds


class Looking(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {
        "predictions": datasets.Value("int64"),
        "failed": datasets.Value("int64"),
        "turns": datasets.Value("int64"),
    }

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {
            "predictions": [None if p.looks is None else len(p.looks) for p in predictions],
            "failed": [sum(bool(look.error) for look in p.looks or ()) for p in predictions],
            "turns": [p.turns for p in predictions],
        }

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.looks for prediction in predictions)

    def bounds(self, settings: Settings) -> Bounds:
        return 0.0, inf

    def counts(self, predictions: Any, failed: Any, turns: Any, references: Any = None) -> counted.Counts:
        rows = zip(predictions, failed, turns, strict=True)
        return np.array(
            [(0, 0, 0, 0) if calls is None else (calls, bad, count or 0, 1) for calls, bad, count in rows], dtype=float
        )

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        calls, failed, turns, reviews = np.moveaxis(totals, -1, 0)
        return {
            "calls_per_review": counted.ratio(calls, reviews),
            "turns_per_review": counted.ratio(turns, reviews),
            "failed_calls": counted.ratio(failed, calls),
        }
