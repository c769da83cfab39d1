"""Sufficiency: how often the reasoning alone, without the case, leads to the same decision again.

    sufficiency             = same verdict given rules and reasoning, the case not shown / rulings probed
    sufficiency of decision = same verdict and same citations / rulings probed

Low: what the answer rests on is not said in the reasoning. High does not yet say that the reasoning is right, or that
the answer needs it; a model with one answer for everything has 1. Source: sufficiency, DeYoung et al. 2020, *ERASER: A
Benchmark to Evaluate Rationalized NLP Models*.
"""

from typing import Any

from rl.evaluation.metrics import counted, decisions


class Sufficiency(decisions.Decisions):
    def pair(self, prediction: Any) -> tuple[Any, Any] | None:
        alone = prediction.probed and prediction.probed.alone
        return alone and (alone, prediction.decision)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {
            "sufficiency": counted.ratio(totals[..., 0], totals[..., 2]),
            "sufficiency_of_decision": counted.ratio(totals[..., 1], totals[..., 2]),
        }
