"""Parse rate: the share of completions that are rulings; one that a server refuses to have written is none.

    parse rate = parsed / all

A base model that rarely answers in form gains on every metric by learning the form alone, so this stands beside them.
Source: Zhou et al. 2023, *Instruction-Following Evaluation for Large Language Models*: form that a program can verify.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.predictions import NO_RULING


class ParseRate(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": counted.TEXT}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {"predictions": [prediction.verdict for prediction in predictions]}

    def counts(self, predictions: Any, references: Any = None) -> counted.Counts:
        return np.array([(predicted not in NO_RULING, 1) for predicted in predictions], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"parse_rate": counted.ratio(totals[..., 0], totals[..., 1])}
