"""The pace is that of the last items; the first one warms up."""

import pytest

from rl.terminal.pace import WINDOW, Pace


def test_the_first_item_counts_only_while_it_is_the_only_one() -> None:
    pace = Pace()
    pace.mark(0, 0)
    assert pace.seconds is None and pace.left(10, 0) is None
    pace.mark(1, 60)
    assert pace.seconds == 60
    pace.mark(2, 62)
    pace.mark(3, 64)
    assert pace.seconds == 2
    assert pace.left(10, 64) == 14 and pace.left(10, 67) == 11 and pace.left(3, 100) == 0


def test_it_forgets_what_was_long_ago() -> None:
    pace = Pace()
    for step in range(200):
        pace.mark(step, step * 10)
    for step in range(200, 201 + WINDOW):
        pace.mark(step, 2000 + step)
    assert pace.seconds == pytest.approx(1)


def test_nothing_done_has_no_pace() -> None:
    pace = Pace()
    pace.mark(5, 0)
    pace.mark(5, 9)
    assert pace.seconds is None
