"""Models that differ in a known way."""

from collections.abc import Sequence
from typing import Any

from data import Gold, Ruling, Violation
from rl.evaluation import Evaluation, Prediction

RULES = ("A-1", "B-1", "C-1")
SEVERITIES = {"A-1": "low", "B-1": "medium", "C-1": "critical"}


def row(case: str, broken: str | None, right: bool = True, risk: float = 0.9, **more: Any) -> Prediction:
    """A case that breaks a rule or none, ruled on rightly, or approved (rejected under A-1) where it should not be."""
    verdict = "reject" if (broken is not None) == right else "approve"
    cited = [Violation(rule=broken or RULES[0])] if verdict == "reject" else []
    return Prediction(
        case=case,
        cluster=more.pop("cluster", case),
        ruling=Ruling(verdict=verdict, confidence=risk, violations=cited),  # type: ignore[arg-type]
        risk=risk if verdict == "reject" else 1 - risk,
        rules=list(RULES),
        gold=Gold.model_validate(
            {"verdict": "reject" if broken else "approve", "violations": [{"rule": broken}] if broken else []}
        ),
        severity=SEVERITIES[broken] if broken else None,  # type: ignore[arg-type]
        category=broken[0] if broken else None,
        **more,
    )


def model(name: str, rights: Sequence[bool], broken: Sequence[str | None], **more: Any) -> Evaluation:
    """A model that is right where it is said to be."""
    rows = [row(f"c{i}", broken[i], right, **more) for i, right in enumerate(rights)]
    return Evaluation(name, "test", rows)
