"""An honest risk earns most."""

import numpy as np
import pytest

from rewards import NotApplicable, calibration
from tests.rewards.small import BOOK, CASES, make_case, rule_on


@pytest.mark.parametrize("belief", [0.0, 0.1, 0.35, 0.5, 0.8, 1.0])
def test_stating_the_true_belief_is_best(belief):
    stated = np.linspace(0, 1, 101)
    mean = [
        belief * calibration(rule_on("reject", confidence=q), CASES["reject"](), BOOK)
        + (1 - belief) * calibration(rule_on("reject", confidence=q), CASES["approve"](), BOOK)
        for q in stated
    ]
    assert stated[int(np.argmax(mean))] == pytest.approx(belief)


def test_only_risk_counts():
    # Approving with q says the same as rejecting with 1 - q, so verdicts are not pulled towards either.
    for name in CASES:
        one = calibration(rule_on("approve", confidence=0.3), CASES[name](), BOOK)
        assert one == pytest.approx(calibration(rule_on("reject", confidence=0.7), CASES[name](), BOOK))


def test_escalation_is_worth_the_middle():
    assert calibration(rule_on("escalate", confidence=1.0), CASES["escalate"](), BOOK) == 1.0
    assert calibration(rule_on("escalate", confidence=1.0), CASES["reject"](), BOOK) == 0.75


def test_without_a_gold_verdict_it_does_not_apply():
    assert calibration(rule_on("reject"), make_case(), BOOK) is NotApplicable
