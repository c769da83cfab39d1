"""Reasoning gain: how much more often the verdict is right with the reasoning than without.

    reasoning gain = (right with reasoning - right without) / probed cases with a gold verdict

Case by case on the same cases, -1 to 1; see accuracy without reasoning for what *without* means. Negative: the model
decides better before it has reasoned. Source: the comparison of reasoning with direct answers, Wei et al. 2022,
*Chain-of-Thought Prompting Elicits Reasoning*.
"""

from rl.evaluation.metrics import counted, unreasoned
from rl.evaluation.settings import Settings
from rl.evaluation.statistics.figure import Bounds


class ReasoningGain(unreasoned.Unreasoned):
    def bounds(self, settings: Settings) -> Bounds:
        return -1.0, 1.0

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"reasoning_gain": counted.ratio(totals[..., 0] - totals[..., 1], totals[..., 2])}
