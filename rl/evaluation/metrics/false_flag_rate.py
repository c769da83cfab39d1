"""False-flag rate: the share of cases to be approved that were turned away.

    false-flag rate = (gold approves and the model rejects or writes no ruling) / gold approves

An escalation is no false flag, and stays in the denominator. Source: the false positive rate, with an unparsed
completion counted as one.
"""

from typing import Any

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import outcome


class FalseFlagRate(counted.Counted):
    def counts(self, predictions: Any, references: Any, accept: Any = None) -> counted.Counts:
        accept = accept or [()] * len(predictions)
        rows = zip(predictions, references, accept, strict=True)
        return np.array(
            [(outcome(p, gold, also) == "false flag", gold == "approve") for p, gold, also in rows], dtype=float
        )

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"false_flag_rate": counted.ratio(totals[..., 0], totals[..., 1])}
