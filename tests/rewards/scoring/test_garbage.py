"""The collector comes back, whatever happens meanwhile."""

import gc

import pytest

from data import Briefs
from prompts import write
from rewards import Rubric, reward
from rewards.scoring.garbage import without_collector
from rewards.testing.small import BOOK, approving, ideal


@reward(name="t_looks_at_collector", range=(0, 1))
def looks_at_collector(ruling, case, excerpt):
    assert not gc.isenabled()
    raise KeyError("x")


def test_it_is_kept_away_from_plain_rewards_and_comes_back():
    rubric = Rubric(name="t", craft={"t_looks_at_collector": 0.1})
    (card,) = rubric.score_many([write(ideal(approving()))], Briefs.bind([approving()], BOOK))
    assert card.errors == {"t_looks_at_collector": "KeyError: 'x'"}
    assert gc.isenabled()


def test_it_stays_away_where_it_was_away():
    gc.disable()
    try:
        with without_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(KeyError), without_collector():
        raise KeyError
    assert gc.isenabled()
