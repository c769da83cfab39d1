"""Break-even accuracy, against the same sums worked out by hand."""

import statistics

import pytest

from data import Briefs
from rewards import Rubric
from rewards.audit.bench import Bench
from rewards.audit.honest import Honest
from rewards.audit.subject import prepare
from rewards.testing.small import BOOK, CASES

RUBRIC = Rubric.load("default")


@pytest.fixture(scope="module")
def honest() -> Honest:
    cases = [CASES[name]().model_copy(update={"id": name}) for name in CASES]
    twice = CASES["approve"]().model_copy(update={"id": "approve again"})  # verdicts weigh the same all the same
    return Honest(Bench(RUBRIC, prepare(Briefs.bind([*cases, twice], BOOK))))


def by_hand(a: float) -> float:
    """λ 0.3, craft ½ (but the weight of intent, where gold has none), c_m 3 times severity 2, c_f 1."""

    def calibration(truth: float, risk: float) -> float:
        return 0.3 * (1 - (truth - risk) ** 2)

    approve = a * (1 + 0.45 + calibration(0, 1 - a)) + (1 - a) * (-1 + calibration(0, a))
    reject = a * (1 + 0.5 + calibration(1, a)) + (1 - a) * (-6 + calibration(1, 1 - a))
    wrong = statistics.fmean([-3 + calibration(0.5, 1 - a), -1 + calibration(0.5, a)])
    escalate = a * (1 + 0.45 + calibration(0.5, 0.5)) + (1 - a) * wrong
    return statistics.fmean([approve, reject, escalate])


@pytest.mark.parametrize("accuracy", [0.0, 0.3, 0.8, 1.0])
def test_the_mean_is_the_expectation_over_right_and_wrong(honest, accuracy):
    assert honest.mean(accuracy) == pytest.approx(by_hand(accuracy))


def test_the_mean_is_no_straight_line(honest):
    assert abs(honest.mean(0.5) - statistics.fmean([honest.mean(0), honest.mean(1)])) > 0.03


@pytest.mark.parametrize("accuracy", [0.05, 0.4, 0.75, 0.99])
def test_break_even_is_the_inverse_of_the_mean(honest, accuracy):
    assert honest.break_even(by_hand(accuracy)) == pytest.approx(accuracy, abs=1e-4)


def test_what_nobody_honest_earns_breaks_even_at_the_ends(honest):
    assert honest.break_even(-100) == 0.0
    assert honest.break_even(honest.mean(1.0)) == 1.0
    assert honest.break_even(100) == 1.0
