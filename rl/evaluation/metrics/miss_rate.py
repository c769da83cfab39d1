"""Miss rate: the share of cases to be rejected that were let through.

    miss rate = (gold rejects and the model approves or writes no ruling) / gold rejects

An escalation is no miss, and stays in the denominator. Source: the false negative rate, with an unparsed completion
counted as one.
"""

from typing import Any

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import outcome


class MissRate(counted.Counted):
    def counts(self, predictions: Any, references: Any, accept: Any = None) -> counted.Counts:
        accept = accept or [()] * len(predictions)
        rows = zip(predictions, references, accept, strict=True)
        return np.array([(outcome(p, gold, also) == "miss", gold == "reject") for p, gold, also in rows], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"miss_rate": counted.ratio(totals[..., 0], totals[..., 1])}
