"""The pace follows what was measured last, and the first item counts only while there is no other."""

import pytest

from rl.terminal.pace import WINDOW, Pace


def test_nothing_is_known_before_the_first_item():
    pace = Pace()
    assert pace.seconds is None and pace.left(10, 0.0) is None
    pace.mark(0, 100.0)
    assert pace.seconds is None
    pace.mark(0, 105.0)
    assert pace.seconds is None


def test_the_first_item_counts_only_while_it_is_alone():
    pace = Pace()
    pace.mark(0, 100.0)
    pace.mark(1, 130.0)
    assert pace.seconds == 30.0
    pace.mark(2, 132.0)
    assert pace.seconds == 2.0
    pace.mark(3, 138.0)
    assert pace.seconds == 4.0


def test_what_is_left_shrinks_while_an_item_is_done_and_never_below_nothing():
    pace = Pace()
    for done in range(4):
        pace.mark(done, 10.0 * done)
    assert pace.left(10, 30.0) == 70.0
    assert pace.left(10, 34.0) == 66.0
    assert pace.left(10, 500.0) == 0.0


def test_a_run_that_goes_on_counts_from_where_it_began():
    pace = Pace()
    for done in (150, 151, 152):
        pace.mark(done, 2.0 * done)
    assert pace.left(400, 304.0) == pytest.approx(248 * 2.0)


def test_only_the_last_items_count():
    pace, now = Pace(), 0.0
    for done in range(3 * WINDOW):
        pace.mark(done, now)
        now += 1.0 if done < 2 * WINDOW - 1 else 5.0
    assert pace.seconds == 5.0
