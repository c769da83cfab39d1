"""Macro-F1 over rules, for sets that give each case one rule or none.

    F1 = 2 tp / (2 tp + fp + fn)      macro-F1 = mean of F1 over the rules that occur in gold

The class of a case is the one rule it breaks, or ``none``; a ruling's is the first rule it cites. ``none`` is no class
of the mean, but citing a rule on such a case is that rule's false positive; an unparsed completion is of no class.
Each rule's F1 and support are given beside the mean. Source: Opitz & Burst 2019, *Macro F1 and Macro F1*.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rl.evaluation.metrics import counted, labels

NONE = "none"


class RuleMacroF1(counted.Counted):
    def applies(self, predictions: Sequence[Any]) -> bool:
        golds = [p.gold.violations for p in predictions if p.gold and p.gold.violations is not None]
        return any(golds) and all(len(violations) <= 1 for violations in golds)

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        predicted, references = [], []
        for p in predictions:
            violations = p.gold.violations if p.gold else None
            first = p.cited[0] if p.cited else (NONE if p.ruling else p.verdict)
            if violations and first in violations[0].alternatives:
                first = violations[0].rule
            predicted.append(first)
            references.append(None if violations is None else violations[0].rule if violations else NONE)
        return {"predictions": predicted, "references": references}

    def counts(self, predictions: Any, references: Any, rules: Sequence[str] | None = None) -> counted.Counts:
        return labels.label_counts(predictions, references, rules or self.rules(references))

    def rests_on(self, totals: counted.Counts) -> float | None:
        return labels.rests_on(labels.f1_scores(totals)[1])

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"rule_macro_f1": labels.mean_f1(totals)}

    def rules(self, references: Sequence[str | None]) -> list[str]:
        """The classes: the rules that occur in gold."""
        return sorted({gold for gold in references if gold is not None and gold != NONE})

    def _compute(self, **columns: Any) -> dict[str, Any]:
        rules = columns.get("rules") or self.rules(columns["references"])
        f1, support = labels.f1_scores(self.counts(**{**columns, "rules": rules}).sum(axis=0))
        found = zip(rules, f1, support, strict=True)
        per_rule = {rule: {"f1": float(np.nan_to_num(value)), "support": int(n)} for rule, value, n in found}
        return {**super()._compute(**columns), "rules": per_rule}
