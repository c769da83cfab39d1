"""The worth of verdicts, and what it makes the best verdict be."""

import numpy as np
import pytest

from rewards import NotApplicable, Prices, verdict_utility
from rewards.testing.small import BOOK, CASES, make_case, rule_on


@pytest.mark.parametrize(
    ("gold", "verdict", "worth"),
    [
        ("approve", "approve", 1.0),
        ("approve", "reject", -1.0),
        ("approve", "escalate", 0.3),
        ("reject", "approve", -8.0),  # the gravest of the two missed rules is critical
        ("reject", "reject", 1.0),
        ("reject", "escalate", 0.3),
        ("escalate", "approve", -4.0),
        ("escalate", "reject", -1.0),
        ("escalate", "escalate", 1.0),
    ],
)
def test_every_outcome_has_its_price(gold, verdict, worth):
    assert verdict_utility(rule_on(verdict), CASES[gold](), BOOK).value == worth


@pytest.mark.parametrize(
    ("rule", "worth"), [("HEALTH-1", -2.0), ("CURE-2", -4.0), ("WIN-1", -6.0), ("CURE-1", -8.0), ("GONE-1", -4.0)]
)
def test_a_miss_weighs_by_severity(rule, worth):
    case = make_case(verdict="reject", violations=[{"rule": rule}], exhaustive=False)
    assert verdict_utility(rule_on("approve"), case, BOOK).value == worth


def test_a_miss_of_unknown_rules_weighs_one():
    assert verdict_utility(rule_on("approve"), make_case(verdict="reject"), BOOK).value == -4.0


def test_an_accepted_verdict_is_right():
    case = make_case(verdict="reject", accept=["escalate"], violations=[{"rule": "WIN-1"}])
    assert verdict_utility(rule_on("escalate"), case, BOOK).value == 1.0


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
def test_confidence_plays_no_part(confidence, any_case):
    for verdict in ("approve", "reject", "escalate"):
        plain = verdict_utility(rule_on(verdict), any_case, BOOK)
        assert verdict_utility(rule_on(verdict, confidence=confidence), any_case, BOOK) == plain


def test_without_a_gold_verdict_there_is_nothing_to_say():
    assert verdict_utility(rule_on("approve"), make_case(), BOOK) is NotApplicable
    assert verdict_utility(rule_on("approve"), make_case().model_copy(update={"gold": None}), BOOK) is NotApplicable


def test_gold_is_projected_onto_the_excerpt():
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1"}])
    assert verdict_utility(rule_on("approve"), case, BOOK.excerpt(["CURE-1"])).value == 1.0


@pytest.mark.parametrize("prices", [Prices(), Prices(miss=2, escalation=0.2), Prices(miss=1, false_flag=3)])
@pytest.mark.parametrize("severity", ["low", "medium", "critical"])
def test_escalating_is_best_exactly_inside_the_band(prices, severity):
    rule = {"low": "HEALTH-1", "medium": "CURE-2", "critical": "CURE-1"}[severity]
    cases = {"reject": make_case(verdict="reject", violations=[{"rule": rule}]), "approve": CASES["approve"]()}
    score = verdict_utility.with_params({"prices": prices}, range=(prices.lowest, 1.0))
    worth = {
        (gold, verdict): score(rule_on(verdict), case, BOOK).value
        for gold, case in cases.items()
        for verdict in ("approve", "reject", "escalate")
    }
    low, high = prices.band(getattr(prices.severity, severity))
    for belief in np.linspace(0.001, 0.999, 500):
        expected = {
            verdict: belief * worth["reject", verdict] + (1 - belief) * worth["approve", verdict]
            for verdict in ("approve", "reject", "escalate")
        }
        best = max(expected, key=expected.__getitem__)
        assert best == ("approve" if belief < low else "escalate" if belief < high else "reject"), belief


def test_a_violation_weighs_as_the_rule_that_the_excerpt_has():
    case = make_case(verdict="reject", violations=[{"rule": "HEALTH-1", "or": ["CURE-1"]}])  # low, or critical
    assert verdict_utility(rule_on("approve"), case, BOOK).value == -2.0
    assert verdict_utility(rule_on("approve"), case, BOOK.excerpt(["CURE-1"])).value == -8.0


def test_weights_that_do_not_rise_with_severity_are_taken_as_they_are():
    case = make_case(verdict="reject", violations=[{"rule": "HEALTH-1"}, {"rule": "CURE-1"}])  # low and critical
    prices = Prices(severity={"low": 3, "critical": 0.5})
    score = verdict_utility.with_params({"prices": prices}, range=(prices.lowest, 1.0))
    assert score(rule_on("approve"), case, BOOK).value == -12.0
