"""Necessity: how often the decision follows when one finding of the reasoning is turned round.

    necessity = decisions that are what the changed findings call for / rulings with a finding that can be turned

A broken rule is said to be clear or, where none is broken, a clear one to be broken; the case is shown as before. The
decision is the verdict with the citations. Low: the answer is read off the case past the reasoning. Source: edited
reasoning, Lanham et al. 2023, *Measuring Faithfulness in Chain-of-Thought Reasoning*.
"""

from typing import Any

from rl.evaluation.metrics import counted, decisions


class Necessity(decisions.Decisions):
    def pair(self, prediction: Any) -> tuple[Any, Any] | None:
        flipped = prediction.probed and prediction.probed.flipped
        return flipped and (flipped.decided, flipped.called_for)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"necessity": counted.ratio(totals[..., 1], totals[..., 2])}
