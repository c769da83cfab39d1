"""A reward that takes too long costs its limit, and leaves unscored what it has not scored.

The collector of garbage comes back, whatever happens meanwhile.
"""

import contextlib
import gc
import re
import signal
import threading
import time

import pytest

from data import Briefs
from prompts import write
from rewards import BatchReward, Rubric, reward
from rewards.scoring.timing import collector_paused, within
from rewards.testing.small import BOOK, approving, ideal

LIMIT = 0.2
TEXT = write(ideal(approving()))


@reward(name="t_slow", range=(0, 1))
def slow(ruling, case, excerpt):
    time.sleep(5 if case.id == "slow" else 0)
    return 1.0


@reward(name="t_stubborn", range=(0, 1))
def stubborn(ruling, case, excerpt):
    with contextlib.suppress(Exception):
        time.sleep(5)
    return 1.0


class Slow(BatchReward):
    name = "t_slow_batch"

    def score_batch(self, items):
        for item in items:
            yield slow.function(item.ruling, item.case, item.excerpt)


def named(*ids):
    return Briefs.bind([approving().model_copy(update={"id": id_}) for id_ in ids], BOOK)


def score(reference, briefs, **settings):
    rubric = Rubric(name="t", craft={reference: {"weight": 0.5, **settings}}, time_limit=LIMIT)
    start = time.monotonic()
    cards = rubric.score_many([TEXT] * len(briefs), briefs)
    return cards, time.monotonic() - start


@pytest.fixture(params=["main thread", "other thread"])
def anywhere(request):
    """Runs a function in the main thread, where alarms ring, or in another."""

    def run(function):
        if request.param == "main thread":
            return function()
        results = []
        thread = threading.Thread(target=lambda: results.append(function()))
        thread.start()
        thread.join()
        return results[0]

    return run


@pytest.mark.parametrize("reference", ["t_slow", f"{__name__}:Slow"])
def test_what_is_late_stays_unscored_and_the_others_go_on(reference, anywhere):
    cards, took = anywhere(lambda: score(reference, named("a", "b", "slow", "c")))
    assert took < 2
    name = list(cards[0].components)[-1]
    assert [card[name].value for card in cards] == [1.0, 1.0, None, None]
    assert [card.total is None for card in cards] == [False, False, True, True]
    assert all(card["calibration"].value is not None for card in cards)
    assert cards[3].errors == {name: "TimeoutError: took longer than 0.2 s"}


class SlowList(BatchReward):
    name = "t_slow_list"

    def __init__(self, parts: int | None = None):
        self.at_once = parts

    def score_batch(self, items):
        return list(Slow.score_batch(self, items))


@pytest.mark.parametrize(("parts", "scored"), [(None, 0), (1, 3), (2, 2), (3, 3)])
def test_of_a_list_that_is_late_the_parts_that_were_ready_count(parts, scored, anywhere):
    settings = {} if parts is None else {"parts": parts}
    cards, took = anywhere(lambda: score(f"{__name__}:SlowList", named("a", "b", "c", "slow", "d"), **settings))
    assert took < 2
    assert [card["t_slow_list"].value for card in cards] == [1.0] * scored + [None] * (5 - scored)
    assert {card.errors["t_slow_list"] for card in cards[scored:]} == {"TimeoutError: took longer than 0.2 s"}


def test_a_reward_may_have_a_limit_of_its_own():
    cards, _ = score("t_slow", named("slow"), time_limit=0.05)
    assert "0.05 s" in cards[0].errors["t_slow"]


def test_a_reward_that_catches_everything_is_broken_off_all_the_same():
    cards, took = score("t_stubborn", named("a"))
    assert took < 2 and cards[0].total is None


def test_loops_and_backtracking_are_broken_off():
    def loop():
        while True:
            pass

    for function in (loop, lambda: re.match(r"(a+)+$", "a" * 40 + "b")):
        with pytest.raises(TimeoutError, match=r"took longer than 0\.1 s"):
            within(0.1, function)


def test_nothing_rings_later_and_other_alarms_are_kept():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        within(0.1, lambda: None)
        time.sleep(0.15)
        assert not rung
        within(0.1, lambda: None)
        time.sleep(0.3)
        assert rung == [True]
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_a_function_raises_is_passed_on(anywhere):
    def fail():
        raise KeyError("x")

    def caught():
        with pytest.raises(KeyError, match="x"):
            within(1.0, fail)
        return True

    assert anywhere(caught)


@reward(name="t_looks_at_collector", range=(0, 1))
def looks_at_collector(ruling, case, excerpt):
    assert not gc.isenabled()
    raise KeyError("x")


def test_the_collector_is_kept_away_from_plain_rewards_and_comes_back():
    rubric = Rubric(name="t", craft={"t_looks_at_collector": 0.1})
    (card,) = rubric.score_many([write(ideal(approving()))], Briefs.bind([approving()], BOOK))
    assert card.errors["t_looks_at_collector"].startswith("KeyError: 'x'")
    assert gc.isenabled()


class WantsCollector(BatchReward):
    name = "t_wants_collector"

    def score_batch(self, items):
        return [float(gc.isenabled()) for _ in items]


def test_models_that_judge_run_with_the_collector():
    rubric = Rubric(name="t", penalties={f"{__name__}:WantsCollector": 0.1})
    (card,) = rubric.score_many([write(ideal(approving()))], Briefs.bind([approving()], BOOK))
    assert card["t_wants_collector"].value == 1.0 and gc.isenabled()


def test_the_collector_stays_away_where_it_was_away():
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(KeyError), collector_paused():
        raise KeyError
    assert gc.isenabled()
