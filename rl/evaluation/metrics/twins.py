"""Twins: the same ad under two excerpts, and what a model makes of the change.

Each of two twins names the other; a pair *flips* where gold's verdict differs between them. A pair's counts stand in
the row of its first twin, so that counts stay one row per case.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

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
    }

    @abstractmethod
    def count(self, verdicts: Sequence[str], right: Sequence[bool], flips: bool) -> tuple[bool, bool]:
        """Whether a pair is as it should be, and whether the metric speaks of it at all."""

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        pairs = [p.twin and "\n".join([*sorted([p.case, p.twin]), str(p.sample)]) for p in predictions]
        return {**verdict_columns(predictions), "pairs": pairs}

    def counts(self, predictions: Any, references: Any, pairs: Any = None, accept: Any = None) -> counted.Counts:
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
            flips = len({references[row] for row in rows}) > 1
            good, counted_ = self.count([predictions[row] for row in rows], right, flips)
            counts[rows[0]] = (good and counted_, counted_)
        return counts
