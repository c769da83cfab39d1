"""Counting says where it is and, in the end, how long it took."""

import pytest

from rl.terminal.progress import counting


def test_it_says_the_first_and_the_last(clock, capsys: pytest.CaptureFixture[str]) -> None:
    with counting("reviewing", 4, done=1, now=clock) as at:
        for count in (2, 3, 4):
            clock.time += 10
            at(count)
    assert capsys.readouterr().err.splitlines() == ["reviewing: 2 of 4, 0:20 left", "reviewing: 4 of 4, in 0:30"]


def test_it_can_keep_silent(clock, capsys: pytest.CaptureFixture[str]) -> None:
    with counting("reviewing", 1, shown=False, now=clock) as at:
        at(1)
    assert capsys.readouterr() == ("", "")
