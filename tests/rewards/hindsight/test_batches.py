"""Batches are as large as the slowest reward's limit lets them be, and nothing is lost to it."""

from collections.abc import Sequence

import pytest

from data import Brief
from prompts import write
from rewards import BatchReward, Item, Rubric
from rewards.hindsight.batches import LARGEST, SHARE, Batches
from rewards.scoring import scorer
from rewards.testing.small import BOOK, ideal, rejecting, rule_on

BRIEF = Brief.of(rejecting(), BOOK)
RIGHT, WRONG = write(ideal(rejecting())), write(rule_on("approve"))


class Clock:
    """Time passes only where a reward takes it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slowest = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


class Sequential(BatchReward):
    """A judge that takes its time over one after the other, and hands over all or nothing."""

    name = "t_sequential"

    def __init__(self, *, seconds: float):
        self.seconds = seconds

    def score_batch(self, items: Sequence[Item]) -> list[float]:
        CLOCK.now += self.seconds * len(items)
        return [0.5] * len(items)


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reward's time limit, by the clock that the rewards move."""

    def within(seconds: float, function: object) -> None:
        began = CLOCK.now
        function()
        CLOCK.slowest = max(CLOCK.slowest, CLOCK.now - began)
        if CLOCK.now - began > seconds:
            raise TimeoutError

    CLOCK.__init__()
    monkeypatch.setattr(scorer, "within", within)


def sizes(rubric: Rubric, answers: Sequence[str]) -> list[int]:
    """How many were scored together; all must be scored, in their order."""
    found, cards = [], []
    for (batch,) in Batches.under(rubric).score([rubric], answers, [BRIEF] * len(answers), CLOCK):
        found.append(len(batch))
        cards += batch
    assert [card.right for card in cards] == [answer == RIGHT for answer in answers]
    assert all(card.total is not None for card in cards)
    return found


def judged(seconds: float, **settings: float) -> Rubric:
    return Rubric(name="t", craft={f"{__name__}:Sequential": {"weight": 0.1, "seconds": seconds, **settings}})


def test_a_second_each_on_two_thousand_completions_loses_none():
    found = sizes(judged(1), [RIGHT] * 2000)
    assert found[:4] == [1, 4, 15, 15] and CLOCK.slowest <= SHARE * 60


@pytest.mark.parametrize("seconds", [0.01, 0.2, 3, 10, 59])
@pytest.mark.parametrize(
    "answers", [[WRONG] * 300 + [RIGHT] * 300, [RIGHT, WRONG] * 150, [WRONG] * 290 + [RIGHT] * 10]
)
def test_completions_that_cost_nothing_do_not_make_batches_too_large(seconds: float, answers: list[str]):
    assert max(sizes(judged(seconds), answers)) <= LARGEST and CLOCK.slowest <= 60


def test_quick_rewards_are_asked_about_as_many_as_in_a_step():
    assert sizes(judged(0.0001), [RIGHT] * 1000) == [1, 4, 16, 64, 256, 256, 256, 147]


def test_the_tightest_limit_counts_and_a_category_may_have_it():
    assert sizes(judged(1, time_limit=8), [RIGHT] * 7) == [1, 2, 2, 2]
    wide = judged(1).model_dump()
    tight = Rubric.model_validate(
        {**wide, "overrides": {"money": {"craft": {f"{__name__}:Sequential": {"time_limit": 8}}}}}
    )
    assert Batches.under(tight, judged(1))._seconds == SHARE * 8


def test_a_server_that_becomes_slow_makes_batches_small_again():
    batches = Batches(60)
    for seconds, size in ((0.01, 4), (0.04, 16), (0.16, 64), (30, 32), (32, 15), (600, 1), (1, 15)):
        batches.took(seconds, batches.size, batches.size)
        assert batches.size == size
