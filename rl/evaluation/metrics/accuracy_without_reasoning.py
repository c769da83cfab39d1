"""Accuracy without reasoning: the share of cases whose verdict is right when the model must answer at once.

    accuracy without reasoning = right, given ``<think></think>`` / probed cases with a gold verdict

The same model, made to leave its reasoning empty: not one that was trained to answer at once. Right is as in verdict
accuracy. Source: truncated reasoning, Lanham et al. 2023, *Measuring Faithfulness in Chain-of-Thought Reasoning*.
"""

from rl.evaluation.metrics import counted, unreasoned


class AccuracyWithoutReasoning(unreasoned.Unreasoned):
    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"accuracy_without_reasoning": counted.ratio(totals[..., 1], totals[..., 2])}
