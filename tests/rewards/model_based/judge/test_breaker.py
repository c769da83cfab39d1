"""The circuit opens after failures in a row, and closes again."""

import pytest

from rewards.model_based.judge import CircuitBreaker, CircuitOpen


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_opens_after_failures_in_a_row_only(clock: Clock) -> None:
    breaker = CircuitBreaker(3, 10, clock)
    for outcome in "ffsffs":
        breaker.check()
        breaker.failed("refused") if outcome == "f" else breaker.succeeded()
    for _ in range(3):
        breaker.check()
        breaker.failed("refused")
    with pytest.raises(CircuitOpen, match="3 calls in a row failed, the last with: refused"):
        breaker.check()


def test_after_the_pause_one_failure_opens_it_again_and_one_answer_closes_it(clock: Clock) -> None:
    breaker = CircuitBreaker(2, 10, clock)
    breaker.failed("a")
    breaker.failed("b")
    clock.now = 10
    breaker.check()
    breaker.failed("c")
    with pytest.raises(CircuitOpen, match="the last with: c"):
        breaker.check()
    clock.now = 20
    breaker.check()
    breaker.succeeded()
    breaker.failed("d")
    breaker.check()
