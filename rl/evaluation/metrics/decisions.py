"""Decisions: what a model decides, set against what it decided or should decide, over cases.

A decision is a list: the verdict (or ``unparsed``), then the cited rules in alphabetical order. None stands for a case
that the metric does not speak of. What cannot be read is never the same as anything.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.predictions import UNPARSED

DECISION = datasets.List(counted.TEXT)


class Decisions(counted.Counted):
    """A share of decisions that are the same, in their verdicts and as a whole."""

    takes: ClassVar[dict[str, Any]] = {"predictions": DECISION, "references": DECISION}

    @abstractmethod
    def pair(self, prediction: Any) -> tuple[Any, Any] | None:
        """Two `Decision`s to be compared; None where there are none."""

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.probed is not None for prediction in predictions)

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        pairs = [self.pair(prediction) or (None, None) for prediction in predictions]
        decided, expected = ([told(decision) for decision in side] for side in zip(*pairs, strict=True))
        return {"predictions": decided, "references": expected}

    def counts(self, predictions: Any, references: Any) -> counted.Counts:
        rows = []
        for decided, expected in zip(predictions, references, strict=True):
            if decided is None or expected is None:
                rows.append((False, False, False))
                continue
            same_verdict = decided[0] == expected[0] != UNPARSED
            rows.append((same_verdict, same_verdict and list(decided) == list(expected), True))
        return np.array(rows, dtype=float)


class Turned(Decisions):
    """How often the decision follows a finding that was turned round."""

    outcomes: ClassVar[Sequence[str]]
    """What the finding says now, where the metric speaks of it."""

    def pair(self, prediction: Any) -> tuple[Any, Any] | None:
        flipped = prediction.probed and prediction.probed.flipped
        return (flipped.decided, flipped.called_for) if flipped and flipped.outcome in self.outcomes else None

    def figure(self, totals: counted.Counts) -> counted.Counts:
        """The share of decisions that are what the findings call for now."""
        return counted.ratio(totals[..., 1], totals[..., 2])


def told(decision: Any) -> list[str] | None:
    """A `Decision` as a list."""
    return None if decision is None else [decision.verdict, *decision.rules]
