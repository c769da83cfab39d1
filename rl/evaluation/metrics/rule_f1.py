"""Rule F1: how well the rulings name the broken rules, over all citations together (micro).

    precision = tp / (tp + fp)      recall = tp / (tp + fn)      F1 = 2 tp / (2 tp + fp + fn)

A citation matches a gold violation one to one, on its rule or any of its alternatives. Where gold is not exhaustive an
extra citation counts half a false positive, unless gold clears that rule or the ruling repeats itself. Every gold
violation of an unparsed completion is a false negative. Source: van Rijsbergen 1979, *Information Retrieval*, ch. 7,
micro-averaged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import datasets
import numpy as np

from data import Gold, GoldViolation, Rulebook, Ruling, Violation
from rewards.pure.matching import match
from rl.evaluation.metrics import counted

_NO_RULES = Rulebook(name="none", rules=())
TEXTS = datasets.List(counted.TEXT)
TAKES = {"predictions": TEXTS, "references": datasets.List(TEXTS)}

Told = list[tuple[str, float]]
"""Rules, and how much each counts."""


class RuleF1(counted.Counted):
    takes: ClassVar[dict[str, Any]] = TAKES

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return citation_columns(predictions)

    def counts(self, predictions: Any, references: Any, exhaustive: Any = None, cleared: Any = None) -> counted.Counts:
        found = matched(predictions, references, exhaustive, cleared)
        return np.array([[sum(weight for _, weight in told) for told in case.all] for case in found], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        tp, fp, fn = totals[..., 0], totals[..., 1], totals[..., 2]
        return {
            "rule_f1": counted.ratio(2 * tp, 2 * tp + fp + fn),
            "rule_precision": counted.ratio(tp, tp + fp),
            "rule_recall": counted.ratio(tp, tp + fn),
        }


@dataclass(frozen=True)
class Matched:
    """One case's citations set against gold, by rule; empty where gold is not annotated."""

    hit: Told = field(default_factory=list)
    false: Told = field(default_factory=list)
    missed: Told = field(default_factory=list)
    broken: Told = field(default_factory=list)

    @property
    def all(self) -> tuple[Told, Told, Told, Told]:
        return self.hit, self.false, self.missed, self.broken


def citation_columns(predictions: Sequence[Any]) -> dict[str, list[Any]]:
    """Cited rules; for each gold violation the rules that answer it (None: not annotated); what is known beyond."""
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


def matched(predictions: Any, references: Any, exhaustive: Any = None, cleared: Any = None) -> Iterator[Matched]:
    """Each case's citations set against gold."""
    exhaustive = exhaustive or [True] * len(predictions)
    cleared = cleared or [()] * len(predictions)
    for cited, gold, whole, known in zip(predictions, references, exhaustive, cleared, strict=True):
        if gold is None:
            yield Matched()
            continue
        ruling = Ruling(verdict="reject", confidence=1.0, violations=[Violation(rule=rule) for rule in cited])
        broken = [GoldViolation(rule=rule, alternatives=others) for rule, *others in gold]
        # Without rules to look up categories in, only an exact citation matches.
        matching = match(ruling, Gold(violations=broken), _NO_RULES)
        seen = {cited[pair.citation] for pair in matching.pairs}
        false = []
        for rule in (cited[place] for place in matching.extra):
            false.append((rule, 1.0 if whole or rule in known or rule in seen else 0.5))
            seen.add(rule)
        yield Matched(
            hit=[(gold[pair.gold][0], 1.0) for pair in matching.pairs],
            false=false,
            missed=[(gold[place][0], 1.0) for place in matching.missed],
            broken=[(accepted[0], 1.0) for accepted in gold],
        )
