"""Twins: the same ad under two excerpts, and what a model makes of the change.

Twins share a pair id; a pair *flips* where gold's verdict differs between them. A pair's counts stand in the row of
its first twin, so that counts stay one row per case.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import outcome, verdict_columns


class Twins(counted.Counted):
    """A share of pairs."""

    by_case = False
    takes: ClassVar[dict[str, Any]] = {
        "predictions": counted.TEXT,
        "references": counted.TEXT,
        "pairs": counted.TEXT,
        "flips": datasets.Value("bool"),
    }

    @abstractmethod
    def count(self, verdicts: Sequence[str], right: Sequence[bool], flips: bool) -> tuple[bool, bool]:
        """Whether a pair is as it should be, and whether the metric speaks of it at all."""

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        pairs = [p.meta.get("pair") for p in predictions]
        return {
            **verdict_columns(predictions),
            "pairs": [
                None if pair is None else f"{pair}\n{p.sample}" for pair, p in zip(pairs, predictions, strict=True)
            ],
            "flips": [bool(p.meta.get("flips")) for p in predictions],
        }

    def counts(
        self, predictions: Any, references: Any, pairs: Any = None, flips: Any = None, accept: Any = None
    ) -> counted.Counts:
        accept = accept or [()] * len(predictions)
        twins: dict[str, list[int]] = defaultdict(list)
        for row, (pair, gold) in enumerate(zip(pairs, references, strict=True)):
            if pair is not None and gold is not None:
                twins[pair].append(row)
        counts = np.zeros((len(predictions), 2))
        for rows in twins.values():
            if len(rows) < 2:
                continue
            right = [outcome(predictions[row], references[row], accept[row]) == "right" for row in rows]
            good, counted_ = self.count([predictions[row] for row in rows], right, any(flips[row] for row in rows))
            counts[rows[0]] = (good and counted_, counted_)
        return counts
