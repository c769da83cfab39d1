"""An honest risk earns most, by either score."""

import numpy as np
import pytest

from rewards import NotApplicable, calibration, log_score
from rewards.testing.small import BOOK, CASES, make_case, rule_on

BOTH = pytest.mark.parametrize("score", [calibration, log_score], ids=lambda score: score.name)


@BOTH
@pytest.mark.parametrize("belief", [0.01, 0.1, 0.35, 0.5, 0.8, 0.99])
def test_stating_the_true_belief_is_best(score, belief):
    stated = np.linspace(0, 1, 101)
    mean = [
        belief * score(rule_on("reject", confidence=q), CASES["reject"](), BOOK)
        + (1 - belief) * score(rule_on("reject", confidence=q), CASES["approve"](), BOOK)
        for q in stated
    ]
    assert stated[int(np.argmax(np.round(mean, 12)))] == pytest.approx(belief, abs=0.011)


@BOTH
@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize("belief", [0.1, 0.35, 0.8])
def test_it_is_best_too_where_the_verdict_may_be_accepted(score, verdict, belief):
    """Belief in y = 1, with one case on which the verdict is wrong, and one on which it is accepted."""
    other = "reject" if verdict == "approve" else "approve"
    accepted, wrong = make_case(verdict=other, accept=[verdict]), make_case(verdict=other)
    stated = np.linspace(0, 1, 101)
    risky, safe = (accepted, wrong) if verdict == "reject" else (wrong, accepted)
    mean = [
        belief * score(rule_on(verdict, confidence=q), risky, BOOK)
        + (1 - belief) * score(rule_on(verdict, confidence=q), safe, BOOK)
        for q in stated
    ]
    best = stated[int(np.argmax(np.round(mean, 12)))]
    assert rule_on(verdict, confidence=best).risk == pytest.approx(belief, abs=0.011)


@BOTH
@pytest.mark.parametrize("verdict", ["approve", "escalate", "reject"])
@pytest.mark.parametrize("gold", ["approve", "escalate", "reject"])
@pytest.mark.parametrize("confidence", [0.05, 0.5, 0.95])
def test_an_accepted_verdict_is_scored_as_gold_and_a_wrong_one_by_gold(score, verdict, gold, confidence):
    ruling = rule_on(verdict, confidence=confidence)
    others = [other for other in ("approve", "escalate", "reject") if other != verdict]
    accepted, own = make_case(verdict=gold, accept=[verdict]), make_case(verdict=verdict)
    assert score(ruling, accepted, BOOK) == score(ruling, own, BOOK)
    wrong, plain = make_case(verdict=gold, accept=others), make_case(verdict=gold)
    assert score(ruling, wrong, BOOK) == score(ruling, plain, BOOK)


def test_an_accepted_approval_earns_nothing_by_stating_that_it_is_wrong():
    case = make_case(verdict="reject", accept=["approve"])
    for score in (calibration, log_score):
        assert score(rule_on("approve", confidence=0.05), case, BOOK) < 0.4
        assert score(rule_on("approve", confidence=0.95), case, BOOK) > 0.95


@BOTH
def test_only_risk_counts(score):
    # Approving with q says the same as rejecting with 1 - q, so verdicts are not pulled towards either.
    for name in CASES:
        one = score(rule_on("approve", confidence=0.3), CASES[name](), BOOK)
        assert one == pytest.approx(score(rule_on("reject", confidence=0.7), CASES[name](), BOOK))


def test_escalation_is_worth_the_middle():
    assert calibration(rule_on("escalate", confidence=1.0), CASES["escalate"](), BOOK) == 1.0
    assert calibration(rule_on("escalate", confidence=1.0), CASES["reject"](), BOOK) == 0.75
    assert log_score(rule_on("escalate"), CASES["escalate"](), BOOK) == 1.0


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_the_log_score_goes_from_0_to_1_and_is_flat_beyond_its_clips(verdict):
    case, other = CASES[verdict](), "reject" if verdict == "approve" else "approve"
    for sure in (0.99, 0.999, 1.0):
        assert log_score(rule_on(verdict, confidence=sure), case, BOOK) == pytest.approx(1.0)
        assert log_score(rule_on(other, confidence=sure), case, BOOK) == pytest.approx(0.0)


def test_the_log_score_is_harder_on_the_sure_and_wrong():
    sure, surer = rule_on("reject", confidence=0.9), rule_on("reject", confidence=0.98)
    fell = [
        score(sure, CASES["approve"](), BOOK) - score(surer, CASES["approve"](), BOOK)
        for score in (calibration, log_score)
    ]
    assert fell[1] > 2 * fell[0]


@BOTH
def test_without_a_gold_verdict_it_does_not_apply(score):
    assert score(rule_on("reject"), make_case(), BOOK) is NotApplicable
