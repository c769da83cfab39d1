"""Precision, recall and F1 of each rule apart, also where a case breaks several.

    precision = tp / (tp + fp)      recall = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

Citations and gold violations are matched as for rule F1, one to one; a citation of an alternative counts for the rule
that gold names first. An extra citation is a false positive of the rule it names: a half where gold is not exhaustive.
So the counts of all rules, those that gold never has broken included, add up to those of rule F1. Source: van
Rijsbergen 1979, *Information Retrieval*, ch. 7.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rl.evaluation.metrics import counted, rule_f1

FIGURES = ("precision", "recall", "f1")


class PerRule(counted.Counted):
    takes: ClassVar[dict[str, Any]] = rule_f1.TAKES

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return rule_f1.citation_columns(predictions)

    def counts(self, predictions: Any, references: Any, rules: Sequence[str] = (), **more: Any) -> counted.Counts:
        """Per rule: true positives, false positives, false negatives, support. ``(N, 4 * len(rules))``."""
        place = {rule: 4 * i for i, rule in enumerate(rules)}
        counts = np.zeros((len(predictions), 4 * len(rules)))
        for row, found in enumerate(rule_f1.matched(predictions, references, **more)):
            for i, told in enumerate((found.hit, found.false, found.missed, found.broken)):
                for rule, weight in told:
                    if rule in place:
                        counts[row, place[rule] + i] += weight
        return counts

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        """Precision, recall and F1 from totals ``(..., 4)`` of one rule."""
        tp, fp, fn, _ = np.moveaxis(totals, -1, 0)
        figures = (counted.ratio(tp, tp + fp), counted.ratio(tp, tp + fn), counted.ratio(2 * tp, 2 * tp + fp + fn))
        return dict(zip(FIGURES, figures, strict=True))

    def _compute(self, **columns: Any) -> dict[str, Any]:
        rules = columns.pop("rules", None) or broken_rules(columns["references"])
        totals = self.counts(**columns, rules=rules).sum(axis=0).reshape(len(rules), 4)
        figures = self.values(totals)
        return {
            rule: {**{name: float(figures[name][i]) for name in FIGURES}, "support": int(totals[i, -1])}
            for i, rule in enumerate(rules)
        }


def broken_rules(references: Sequence[Any]) -> list[str]:
    """The rules that gold has broken somewhere, the most frequent first."""
    names = [accepted[0] for gold in references for accepted in gold or []]
    return sorted(set(names), key=lambda rule: (-names.count(rule), rule))
