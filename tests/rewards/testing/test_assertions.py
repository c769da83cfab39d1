"""Each assertion passes on a sound reward, and fails on one that breaks what it is about."""

import itertools
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import Case
from rewards import NotApplicable, Reward, Rubric, calibration, evidence, find_reward, reward, rules
from rewards.batch import BatchReward
from rewards.testing import (
    assert_applies_by_case,
    assert_deterministic,
    assert_order_invariant,
    assert_range,
    assert_ranks,
    probes,
)
from rewards.testing.small import BOOK, CURES, PRIZE, approving, ideal, rejecting, rule_on
from rewards.testing.strategies import cases, completions, rulings

SHIPPED = [
    find_reward(name)
    for name in (
        *("verdict", "calibration", "log_score", "rules", "evidence", "intent", "rulebook_consistency"),
        *("reasoning_agreement", "overlong", "repetition", "incomplete", "language"),
    )
]
DEFAULT = Rubric.load("default")
shipped = pytest.mark.parametrize("scorer", [*SHIPPED, DEFAULT], ids=lambda scorer: scorer.name)


def making(function, range=(0.0, 1.0), **settings) -> Reward:
    return Reward("t_made", function, range, **settings)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30)
@given(st.data())
def test_what_is_shipped_keeps_it_on_anything(data):
    case = data.draw(cases(BOOK))
    ruling, completion = data.draw(rulings(BOOK, case)), data.draw(completions(BOOK, case))
    for scorer in SHIPPED:
        assert_range(scorer, case, ruling, completion, book=BOOK)
        assert_order_invariant(scorer, case, ruling, book=BOOK)
    assert_range(DEFAULT, case, ruling, completion, book=BOOK)


@shipped
def test_what_is_shipped_keeps_the_contract(scorer, any_case):
    tried = list(probes(any_case, BOOK))
    for holds in (assert_range, assert_deterministic, assert_applies_by_case):
        holds(scorer, any_case, *tried, book=BOOK)


def test_ranks():
    cited = [{"rule": "CURE-1", "evidence": [CURES]}, {"rule": "WIN-1", "evidence": [PRIZE]}]
    one, both = rule_on("reject", cited[0]), rule_on("reject", *cited)
    assert_ranks(rules, rejecting(), both, one, book=BOOK)
    assert_ranks(DEFAULT, rejecting(), both, one, book=BOOK, margin=0.1)
    with pytest.raises(AssertionError, match=r"rules on case 'c-1': want better.* got 0\.6.* and 1 \(1 of 2"):
        assert_ranks(rules, rejecting(), one, both, book=BOOK)
    with pytest.raises(AssertionError, match="want better above worse, got 1 and 1"):
        assert_ranks(rules, rejecting(), both, both, book=BOOK)
    with pytest.raises(AssertionError, match=r"by more than 0\.5"):
        assert_ranks(rules, rejecting(), both, one, book=BOOK, margin=0.5)
    with pytest.raises(AssertionError, match=r"does not apply$"):
        assert_ranks(calibration, Case(id="x"), both, one, book=BOOK)
    with pytest.raises(AssertionError, match=r"does not apply \(under no rules: is book= missing\?\)"):
        assert_ranks(making(lambda *_: NotApplicable), rejecting(), both, one)
    with pytest.raises(AssertionError, match="gate 'format' is closed"):
        assert_ranks(DEFAULT, rejecting(), "nothing", both, book=BOOK)


def test_range():
    with pytest.raises(AssertionError, match=r"t_made on case 'c-1' fails: .*outside of its range"):
        assert_range(making(lambda ruling, case, excerpt: len(ruling.reasoning)), approving(), book=BOOK)
    with pytest.raises(AssertionError, match="IndexError"):
        assert_range(making(lambda ruling, case, excerpt: float(bool(ruling.violations[0]))), approving(), book=BOOK)
    with pytest.raises(AssertionError, match="has no attribute 'verdict'"):
        seeing = making(lambda ruling, case, excerpt: float(ruling.verdict == "reject"), on_failure=True)
        assert_range(seeing, approving(), book=BOOK)


def test_deterministic():
    counter = itertools.count()
    with pytest.raises(AssertionError, match="and then"):
        assert_deterministic(making(lambda *_: next(counter) % 7 / 10), approving(), book=BOOK)

    def takes_note(ruling, case, excerpt):
        case.meta["seen"] = True
        return 1.0

    with pytest.raises(AssertionError, match="t_made changes what it scores"):
        assert_deterministic(making(takes_note), approving(), book=BOOK)


def test_order_invariant():
    ruling = rule_on("reject", {"rule": "CURE-1", "evidence": [CURES, PRIZE]}, "WIN-1", "X-1")
    assert_order_invariant(evidence, rejecting(), ruling, book=BOOK)
    first = making(lambda ruling, case, excerpt: float(ruling.violations[0].rule == "CURE-1"))
    with pytest.raises(AssertionError, match=r"1.0 becomes 0.0 in the order \['WIN-1'"):
        assert_order_invariant(first, rejecting(), ruling, book=BOOK)
    shown = making(lambda ruling, case, excerpt: float(hasattr(ruling.violations[0].evidence[0], "quote")))
    with pytest.raises(AssertionError, match=r"becomes 0\.0"):
        assert_order_invariant(shown, rejecting(), rule_on("reject", {"rule": "A", "evidence": [CURES, PRIZE]}))


def test_applies_by_case():
    picky = making(lambda ruling, case, excerpt: 1.0 if ruling.violations else NotApplicable)
    with pytest.raises(AssertionError, match=r"applies to Ruling.*and does not apply to Ruling"):
        assert_applies_by_case(picky, rejecting(), book=BOOK)


def test_batch_rewards_are_scorers_too():
    class Longest(BatchReward):
        name = "t_longest"

        def score_batch(self, items):
            return [min(1.0, len(item.completion) / 1e6) for item in items]

    assert_range(Longest(), approving(), book=BOOK)
    assert_ranks(Longest(), approving(), ideal(approving()), rule_on("approve", reasoning="CURE-1: clear"), book=BOOK)


def test_a_batch_that_fails_as_a_whole_is_blamed_on_the_answer():
    class Fragile(BatchReward):
        name = "t_fragile"

        def score_batch(self, items):
            if any(item.ruling.verdict == "escalate" for item in items):
                raise KeyError("escalate")
            return [1.0 for _ in items]

    with pytest.raises(AssertionError, match=r"t_fragile .* fails: KeyError.*, for Ruling.*verdict='escalate'"):
        assert_range(Fragile(), approving(), rule_on("approve"), rule_on("escalate"), book=BOOK)


def test_every_answer_has_the_time_that_it_would_have_alone():
    @reward(name="t_takes_its_time", range=(0, 1))
    def takes_its_time(ruling, case, excerpt):
        time.sleep(0.03)
        return 1.0

    rubric = Rubric(name="t", craft={"t_takes_its_time": {"weight": 0.1, "time_limit": 0.1}})
    assert_range(rubric, approving(), *[ideal(approving())] * 5, book=BOOK)


def test_rules_may_come_with_the_case():
    case = rejecting()
    case.rules = [BOOK["WIN-1"]]
    assert_ranks(rules, case, rule_on("reject", "WIN-1"), rule_on("reject", "X-1"))
