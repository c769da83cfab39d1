"""Cost: what the verdicts lose against the right ones, at given prices, a case.

    cost = mean of 1 - U      U: 1 right, -c_m * s a miss, -c_f a false flag, e a needless escalation

so 0 is all right, a miss costs 1 + c_m * s with s the weight of the gravest broken rule, a false flag 1 + c_f, a
needless escalation 1 - e. Where gold escalates, approving costs 1 + c_m and rejecting 1 + c_f. An unparsed completion
costs what the opposite decision would. It is the utility that training prices (`rewards.verdict_utility`), turned
round, wherever weights rise with severity: training takes the greatest weight of all that is broken, and a prediction
knows the gravest rule alone. Source: Chow 1970, *On optimum recognition error and reject tradeoff*.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rewards.pure.utility import DEFAULT_PRICES, Prices
from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import outcome, verdict_columns
from rl.evaluation.settings import Settings
from rl.evaluation.statistics.figure import Bounds


class Cost(counted.Counted):
    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        severities = [prediction.severity for prediction in predictions]
        return {**verdict_columns(predictions), "severities": severities}

    def options(self, settings: Settings) -> dict[str, Any]:
        return {"prices": settings.prices}

    def bounds(self, settings: Settings) -> Bounds:
        prices = settings.prices
        gravest = max(1.0, *prices.severity.values)
        return 0.0, 1 + max(prices.miss * gravest, prices.false_flag, -prices.escalation)

    def counts(
        self,
        predictions: Any,
        references: Any,
        accept: Any = None,
        severities: Any = None,
        prices: Prices | dict[str, Any] = DEFAULT_PRICES,
    ) -> counted.Counts:
        known = Prices.model_validate(prices)
        nothing = [None] * len(predictions)
        rows = zip(predictions, references, accept or [()] * len(predictions), severities or nothing, strict=True)
        return np.array([(cost(p, g, also, severity, known), g is not None) for p, g, also, severity in rows])

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"cost": counted.ratio(totals[..., 0], totals[..., 1])}


def cost(predicted: str, gold: str | None, accept: Sequence[str], severity: str | None, prices: Prices) -> float:
    """What one verdict loses; 0 where gold has none."""
    weight = getattr(prices.severity, severity) if severity else 1.0
    what = outcome(predicted, gold, accept)
    if what == "missed escalation":
        return 1 + (prices.false_flag if predicted == "reject" else prices.miss)
    costs = {
        "miss": 1 + prices.miss * weight,
        "false flag": 1 + prices.false_flag,
        "needless escalation": 1 - prices.escalation,
    }
    return float(costs.get(what or "", 0.0))
