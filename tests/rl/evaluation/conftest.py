"""Predictions made by hand."""

from collections.abc import Sequence
from typing import Any

from data import Gold, Ruling, Violation
from rl.evaluation import Prediction


def predicted(
    case: str,
    verdict: str | None,
    gold: str | None,
    *,
    rules: Sequence[str] = (),
    broken: Sequence[str] | None = None,
    **more: Any,
) -> Prediction:
    """A prediction; ``verdict`` None is unparsed, ``broken`` are gold's rules (None: not annotated)."""
    cited = [Violation(rule=rule) for rule in rules]
    gold_settings = {name: more.pop(name) for name in ("accept", "exhaustive", "not") if name in more}
    violations = None if broken is None else [{"rule": rule} for rule in broken]
    return Prediction(
        case=case,
        cluster=more.pop("cluster", case),
        ruling=Ruling(verdict=verdict, confidence=0.9, violations=cited) if verdict else None,
        gold=Gold.model_validate({"verdict": gold, "violations": violations, **gold_settings}),
        **more,
    )
