"""Macro-F1 over verdicts: the mean of F1 over approve, reject and escalate, so that a rare verdict weighs as much.

    F1 = 2 tp / (2 tp + fp + fn)      macro-F1 = mean of F1 over verdicts that occur in gold

An accepted verdict counts as gold's own, so that the classes are those of gold whatever a model says; an unparsed
completion is a false negative of gold's verdict. Source: Opitz & Burst 2019, *Macro F1 and Macro F1* (the mean of F1s,
not the F1 of means).
"""

from typing import Any

from data import VERDICTS
from rl.evaluation.metrics import counted, labels


class MacroF1(counted.Counted):
    def counts(self, predictions: Any, references: Any, accept: Any = None) -> counted.Counts:
        if accept is not None:
            rows = zip(predictions, references, accept, strict=True)
            predictions = [gold if gold and predicted in also else predicted for predicted, gold, also in rows]
        return labels.label_counts(predictions, references, VERDICTS)

    def rests_on(self, totals: counted.Counts) -> float | None:
        return labels.rests_on(labels.f1_scores(totals)[1])

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"macro_f1": labels.mean_f1(totals)}
