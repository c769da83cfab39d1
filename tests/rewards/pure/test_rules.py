"""Citing right pays more than citing more, less, or something near."""

import random

import pytest

from rewards import NotApplicable, rules
from rewards.testing.small import BOOK, approving, escalating, make_case, rejecting, rule_on


def value(case, *cited, verdict="reject"):
    return rules(rule_on(verdict, *cited), case, BOOK).value


def test_damage_costs_step_by_step():
    case = rejecting()  # CURE-1 and WIN-1
    ladder = [
        value(case, "CURE-1", "WIN-1"),
        value(case, "CURE-1", "WIN-1", "ODD-1"),
        value(case, "health/cures", "WIN-1"),
        value(case, "CURE-2", "WIN-1"),
        value(case, "CURE-2", "ODD-1"),
        value(case, "X-1"),
    ]
    assert ladder[0] == 1.0 and ladder == sorted(ladder, reverse=True) and len(set(ladder)) == len(ladder)


def test_a_made_up_rule_costs_two_false_positives():
    assert value(rejecting(), "CURE-1", "WIN-1", "X-1") == value(rejecting(), "CURE-1", "WIN-1", "CURE-2", "ODD-1")


def test_saying_a_rule_twice_costs_a_false_positive():
    assert value(rejecting(), "CURE-1", "WIN-1", "WIN-1") == value(rejecting(), "CURE-1", "WIN-1", "ODD-1")


def test_order_makes_no_difference():
    cited = ["CURE-2", "WIN-1", "X-1", "ODD-1", "CURE-1", "WIN-1"]
    expected = value(rejecting(), *cited)
    for seed in range(10):
        assert value(rejecting(), *random.Random(seed).sample(cited, len(cited))) == expected


def test_where_gold_is_not_exhaustive_an_extra_costs_half():
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1"}], exhaustive=False, **{"not": ["ODD-1"]})
    assert value(case, "WIN-1", "HEALTH-1") == 2 / 2.5
    assert value(case, "WIN-1", "ODD-1") == 2 / 3
    assert value(case, "WIN-1", "WIN-1") == 2 / 3
    assert value(case, "WIN-1", "X-1") == 2 / 4


def test_nothing_to_cite():
    assert value(approving(), verdict="approve") == 1.0
    assert value(escalating(), verdict="escalate") == 1.0
    assert value(escalating(), "ODD-1", verdict="escalate") == 0.0
    accepted = make_case(verdict="reject", accept=["approve"], violations=[{"rule": "WIN-1"}])
    assert value(accepted, verdict="approve") == 1.0


def found_unclear(case, *unclear):
    """What an escalation earns that cites nothing and finds these rules unclear."""
    said = "".join(f"{rule}: it cannot be told -> unclear\n" for rule in unclear)
    return rules(rule_on("escalate", reasoning=said), case, BOOK).value


def test_an_escalation_rests_on_what_gold_leaves_open():
    assert found_unclear(escalating(), "ODD-1") == 1.0
    assert found_unclear(escalating(), "ODD-1", "CURE-1") == pytest.approx(2 / 3)
    assert found_unclear(escalating(), "CURE-1") == found_unclear(escalating()) == 0.0
    untold = make_case(verdict="escalate", violations=[])
    assert found_unclear(untold, "CURE-1") == 1.0


def test_an_accepted_escalation_has_nothing_to_cite_beside_what_calls_for_reject():
    def gold(*rules, **more):
        return make_case(verdict="reject", violations=[{"rule": rule} for rule in rules], **more)

    accepting = gold("WIN-1", accept=["escalate"])
    assert found_unclear(accepting, "WIN-1") == 1.0 > found_unclear(accepting, "WIN-1", "CURE-1") > 0
    assert found_unclear(accepting, "ODD-1") == found_unclear(accepting) == 0.0
    assert value(gold("WIN-1"), verdict="escalate") == 0.0
    both = gold("WIN-1", "ODD-1", accept=["escalate"])
    assert value(both, verdict="escalate") == 0.0 < value(both, "ODD-1", verdict="escalate")
    own = make_case(verdict="escalate", violations=[{"rule": "ODD-1"}])
    assert value(own, verdict="escalate") == 0.0 and value(own, "ODD-1", verdict="escalate") == 1.0


def test_what_an_accepted_rejection_cites_is_held_against_what_gold_lists():
    accepted = make_case(verdict="approve", violations=[], accept=["reject"])
    assert value(accepted, "WIN-1") == 0.0 and value(accepted, verdict="approve") == 1.0
    unclear = make_case(verdict="escalate", violations=[{"rule": "ODD-1"}], accept=["reject"])
    assert value(unclear, "ODD-1", "WIN-1") == 2 / 3


@pytest.mark.parametrize(
    "gold",
    [
        {"verdict": "reject"},
        {"verdict": "reject", "violations": [], "exhaustive": False},
        {"verdict": "approve", "violations": [], "exhaustive": False, "accept": ["reject"]},
        {},
    ],
)
def test_applies_where_gold_says_what_is_broken(gold):
    assert rules(rule_on("reject", "WIN-1"), make_case(**gold), BOOK) is NotApplicable
    assert rules(rule_on("approve"), make_case(**gold), BOOK) is NotApplicable
