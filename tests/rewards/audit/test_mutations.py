"""Each component and each price of the shipped rubric is needed: without it, the audit flags what it kept out."""

import pytest
from pydantic import ValidationError

from rewards import Rubric
from rewards.audit import audit

SHIPPED = Rubric.load("billboard").model_dump()
GATES = SHIPPED["gates"]


def without(part: str, name: str) -> dict[str, object]:
    return {part: {key: value for key, value in SHIPPED[part].items() if key != name}}


ERRORS = {
    "evidence": (without("craft", "evidence"), "foreign evidence"),
    "reasoning_agreement": ({"gates": GATES[:1]}, "clear then cite"),
    "overcitation": (without("penalties", "overcitation"), "one frequent rule more"),
    "calibration": ({"calibration": 0}, "overconfidence"),
    "escalation": ({"prices": {**SHIPPED["prices"], "escalation": 0}}, "reject when in doubt"),
}
WARNINGS = {
    "overlong": (without("penalties", "overlong"), "long reasoning"),
    "repetition": (without("penalties", "repetition"), "repeated reasoning"),
}
"""Without them bulk is free, and not paid: that drifts, and costs tokens, but fools nobody. So the audit warns."""
HARMLESS = {"incomplete", "rules", "rulebook_consistency"}
"""Passing over a rule earns nothing: a bad habit, which costs accuracy in training (RESULTS.md), and no cheat.
Where gold has all the evidence, as here, wrong citations cost by `evidence`, too. And whatever closes
`rulebook_consistency` closes `reasoning_agreement`: it is there to say which of the two it was.
"""
REFUSED = {"miss", "false_flag"}
"""Without such a price escalating is never best, so that no rubric can be made of it: nothing is left to audit."""


def test_nothing_is_forgotten():
    prices = set(SHIPPED["prices"]) - {"severity"}  # its weights must be above 0
    tried = set(ERRORS) | set(WARNINGS) | HARMLESS | REFUSED
    assert tried == {*SHIPPED["craft"], *GATES, *SHIPPED["penalties"], *prices, "calibration"}


@pytest.mark.parametrize("name", ERRORS)
def test_the_audit_fails_without(billboard, name):
    changed, cheat = ERRORS[name]
    assert cheat in {flaw.name for flaw in audit(Rubric(**{**SHIPPED, **changed}), billboard).errors}


@pytest.mark.parametrize("name", WARNINGS)
def test_the_audit_warns_without(billboard, name):
    changed, cheat = WARNINGS[name]
    found = audit(Rubric(**{**SHIPPED, **changed}), billboard)
    assert found.ok and cheat in {flaw.name for flaw in found.warnings}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_no_rubric_can_be_without(name):
    with pytest.raises(ValidationError, match="never be best to escalate"):
        Rubric(**{**SHIPPED, "prices": {**SHIPPED["prices"], name: 0}})


@pytest.mark.parametrize("severity", ["low", "medium", "high", "critical"])
def test_no_severity_can_weigh_nothing(severity):
    weights = {**SHIPPED["prices"]["severity"], severity: 0}
    with pytest.raises(ValidationError, match="greater than 0"):
        Rubric(**{**SHIPPED, "prices": {**SHIPPED["prices"], "severity": weights}})
