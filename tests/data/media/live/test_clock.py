"""Clocks of broadcasts: set back, jumping, damaged; whatever they say, nothing that is shown is missed."""

from math import inf

import pytest

from data.media.live import Place
from data.media.live import clock as clocks
from data.media.live.clock import BroadcastClock, Clock, Marks


def test_a_recording_adds_the_same_all_along() -> None:
    clock = Clock(5.0)
    assert [clock.read(0.0), clock.shown(1.0), clock.of_sound().read(-3.0)] == [5.0, 6.0, 2.0]


def test_times_go_on_where_the_clock_is_set_back() -> None:
    clock = BroadcastClock(0.0, Place(), {})
    assert [clock.read(stamp) for stamp in (100.0, 100.2, 100.4)] == [100.0, 100.2, 100.4]
    assert clock.read(3.0) == -inf  # nobody knows yet
    assert clock.read(3.2) == pytest.approx(100.8)
    assert clock.shown(3.0) == pytest.approx(100.6) and clock.shown(100.4) == 100.4  # decoded only now


def test_one_time_that_is_damaged_changes_nothing() -> None:
    clock = BroadcastClock(0.0, Place(), {})
    assert [clock.read(stamp) for stamp in (50.0, 50.2, 7.0, 50.4, 49.9, 7.0, 50.6)] == [
        50.0, 50.2, -inf, 50.4, 49.9, -inf, 50.6,
    ]  # fmt: skip


def test_sound_goes_on_by_the_old_clock_until_its_own_is_set_back() -> None:
    clock = BroadcastClock(0.0, Place(), {})
    sound = clock.of_sound()
    clock.read(10.0)
    assert sound.read(10.0) == 10.0
    clock.read(0.0), clock.read(0.2)
    assert sound.read(10.1) == 10.1
    assert [sound.read(0.0), sound.read(0.1)] == [-inf, pytest.approx(10.3)]


def test_what_was_shown_before_the_clock_was_set_back_is_known_again() -> None:
    marks: Marks = {}
    clock = BroadcastClock(0.0, Place(), marks)
    for second in range(10):
        clock.read(float(second), 100 + second)
    for second in range(4):
        clock.read(float(second), 200 + second)
    again = BroadcastClock(clock.offset, Place(position=14.0), marks)
    sound = again.of_sound()
    shown = [again.read(float(second), 100 + second) for second in range(10)]
    assert shown == list(range(10)) and sound.read(9.0) == 9.0
    assert [again.read(float(second), 200 + second) for second in range(6)] == [10, 11, 12, 13, 14, 15]


def test_a_clock_that_was_set_back_meanwhile_is_told_by_how_long_nothing_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = BroadcastClock(0.0, Place(position=100.0, gap=5.0), {})
    assert clock.read(1.0) == 1.0
    monkeypatch.setattr(clocks.time, "monotonic", lambda: clock._begun + clocks.STALE + 1)
    assert clock.read(2.0) == 105.0 and clock.read(3.0) == 106.0


def test_marks_do_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "MOST_KNOWN", 3)
    marks: Marks = {}
    clock = BroadcastClock(0.0, Place(), marks)
    for second in range(10):
        clock.read(float(second), 1)
    assert list(marks) == [(7.0, 1), (8.0, 1), (9.0, 1)]
