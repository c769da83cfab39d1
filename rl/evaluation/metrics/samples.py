"""Samples: several completions on one case, and what can be said of them together.

A case's counts stand in the row of its first sample, so that counts stay one row per prediction.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import outcome, verdict_columns

KS = (2, 4, 8, 16)
"""How many samples are taken together, where there are as many."""


class Samples(counted.Counted):
    """A mean over cases of something worked out from all of a case's samples."""

    figures: ClassVar[Sequence[str]]
    """What the means are called."""
    takes: ClassVar[dict[str, Any]] = {
        "predictions": counted.TEXT,
        "references": counted.TEXT,
        "cases": counted.TEXT,
    }

    @abstractmethod
    def of_case(self, verdicts: Sequence[str], right: Sequence[bool]) -> Sequence[float | None]:
        """One value for each of `figures`, from verdicts and whether each is right; None of too few samples."""

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.sample for prediction in predictions)

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {**verdict_columns(predictions), "cases": [prediction.case for prediction in predictions]}

    def counts(self, predictions: Any, references: Any, cases: Any, accept: Any = None) -> counted.Counts:
        accept = accept or [()] * len(predictions)
        samples: dict[str, list[int]] = defaultdict(list)
        for row, (case, gold) in enumerate(zip(cases, references, strict=True)):
            if gold is not None:
                samples[case].append(row)
        counts = np.zeros((len(predictions), 2 * len(self.figures) + 1))
        for rows in samples.values():
            right = [outcome(predictions[row], references[row], accept[row]) == "right" for row in rows]
            values = self.of_case([predictions[row] for row in rows], right)
            counts[rows[0], :-1] = [part for v in values for part in (v or 0.0, v is not None)]
            counts[rows[0], -1] = any(value is not None for value in values)
        return counts

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {
            name: counted.ratio(totals[..., 2 * place], totals[..., 2 * place + 1])
            for place, name in enumerate(self.figures)
        }
