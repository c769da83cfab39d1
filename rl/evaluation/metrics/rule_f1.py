"""Rule F1: how well the rulings name the broken rules, over all citations together (micro).

    precision = tp / (tp + fp)      recall = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

A citation matches a gold violation one to one, on its rule or any of its alternatives. Where gold is not exhaustive an
extra citation counts half a false positive, unless gold clears that rule or the ruling repeats itself. Every gold
violation of an unparsed completion is a false negative. Source: van Rijsbergen 1979, *Information Retrieval*, ch. 7,
micro-averaged.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from data import Gold, GoldViolation, Rulebook, Ruling, Violation
from rewards import match
from rl.evaluation.metrics import counted

_NO_RULES = Rulebook(name="none", rules=())
TEXTS = datasets.List(counted.TEXT)


class RuleF1(counted.Counted):
    titles: ClassVar[dict[str, str]] = {
        "rule_f1": "rule F1",
        "rule_precision": "rule precision",
        "rule_recall": "rule recall",
    }
    takes: ClassVar[dict[str, Any]] = {"predictions": TEXTS, "references": datasets.List(TEXTS)}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        golds = [prediction.gold for prediction in predictions]
        return {
            "predictions": [prediction.cited for prediction in predictions],
            "references": [
                None if gold is None or gold.violations is None else [list(v.accepted) for v in gold.violations]
                for gold in golds
            ],
            "exhaustive": [gold is None or gold.exhaustive for gold in golds],
            "cleared": [gold.cleared if gold else [] for gold in golds],
        }

    def counts(self, predictions: Any, references: Any, exhaustive: Any = None, cleared: Any = None) -> counted.Counts:
        exhaustive = exhaustive or [True] * len(predictions)
        cleared = cleared or [()] * len(predictions)
        rows = []
        for cited, gold, whole, known in zip(predictions, references, exhaustive, cleared, strict=True):
            if gold is None:
                rows.append((0.0, 0.0, 0.0, 0))
                continue
            ruling = Ruling(verdict="reject", confidence=1.0, violations=[Violation(rule=rule) for rule in cited])
            broken = [GoldViolation(rule=rule, alternatives=others) for rule, *others in gold]
            # Without rules to look up categories in, only an exact citation matches.
            matching = match(ruling, Gold(violations=broken), _NO_RULES)
            seen = {cited[pair.citation] for pair in matching.pairs}
            false = 0.0
            for rule in (cited[place] for place in matching.extra):
                false += 1.0 if whole or rule in known or rule in seen else 0.5
                seen.add(rule)
            rows.append((len(matching.pairs), false, len(matching.missed), len(gold)))
        return np.array(rows, dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        tp, fp, fn = totals[..., 0], totals[..., 1], totals[..., 2]
        return {
            "rule_f1": counted.ratio(2 * tp, 2 * tp + fp + fn),
            "rule_precision": counted.ratio(tp, tp + fp),
            "rule_recall": counted.ratio(tp, tp + fn),
        }
