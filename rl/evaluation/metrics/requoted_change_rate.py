"""Requoted change rate: how often the decision changes when what the reasoning quotes is another case's.

    requoted change rate = decisions that change / rulings whose findings quote

Outcomes stay, and the case is shown as before, so that what is quoted does not stand in it. A change says that the
answer checks the quotes; none says that it goes by the outcomes, as necessity asks. So neither is better by itself.
Source: shuffled explanations, Wiegreffe et al. 2021, *Measuring Association Between Labels and Free-Text Rationales*.
"""

from typing import Any

from rl.evaluation.metrics import counted, decisions


class RequotedChangeRate(decisions.Decisions):
    def pair(self, prediction: Any) -> tuple[Any, Any] | None:
        requoted = prediction.probed and prediction.probed.requoted
        return requoted and (requoted, prediction.decision)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"requoted_change_rate": counted.ratio(totals[..., 2] - totals[..., 1], totals[..., 2])}
