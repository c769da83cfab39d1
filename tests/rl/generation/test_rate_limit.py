"""How fast a server may be asked, on a clock that is set by hand."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from rl.generation.rate_limit import LONGEST_WAIT, RateLimit, seconds


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def sent(limit: RateLimit, clock: Clock, count: int) -> list[float]:
    """When so many requests are sent that all wait from now on."""
    times = []
    for _ in range(count):
        while wait := limit.turn():
            clock.time += wait
        times.append(clock.time - 1000)
    return times


def test_nothing_is_held_back_without_a_word(clock: Clock) -> None:
    limit = RateLimit(4, clock)
    limit.answered({})
    limit.answered({"x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s"})
    limit.answered({"x-ratelimit-remaining-requests": "many", "x-ratelimit-reset-requests": "soon"})
    assert sent(limit, clock, 5) == [0] * 5


@pytest.mark.parametrize("prefix", ["x-ratelimit-{}-{}", "anthropic-ratelimit-{1}-{0}", "ratelimit-{}-{}"])
def test_the_last_ones_are_spread(clock: Clock, prefix: str) -> None:
    limit = RateLimit(4, clock)
    limit.answered({prefix.format("remaining", "requests"): "2", prefix.format("reset", "requests"): "10"})
    assert sent(limit, clock, 3) == pytest.approx([0, 5, 10])


def test_none_left_waits_for_more(clock: Clock) -> None:
    limit = RateLimit(4, clock)
    limit.answered({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"})
    assert sent(limit, clock, 2) == pytest.approx([90, 90])


def test_tokens_count_by_what_a_request_takes(clock: Clock) -> None:
    limit, left = RateLimit(4, clock), {"x-ratelimit-remaining-tokens": "900", "x-ratelimit-reset-tokens": "30s"}
    limit.answered(left, tokens=300)
    assert sent(limit, clock, 2) == pytest.approx([0, 10])
    limit.answered(left, tokens=1000)
    assert limit.turn() == pytest.approx(30)


def test_a_refusal_holds_everything_and_grows_where_the_server_does_not_say(clock: Clock) -> None:
    limit = RateLimit(4, clock)
    assert limit.limited({"retry-after": "7"}) == 7 and limit.turn() == pytest.approx(7)
    assert limit.limited({"retry-after-ms": "250"}) == 0.25
    waits = []
    for _ in range(8):
        waits.append(limit.limited({}))
        assert limit.limited({}) >= waits[-1]  # turned down at the same time: no further step than one
        clock.time += LONGEST_WAIT
    assert waits == sorted(waits) and waits[0] < 5 and waits[-1] == LONGEST_WAIT
    limit.answered({})
    assert limit.limited({}) < 5


def test_waits_are_read_as_servers_write_them() -> None:
    assert [seconds(text) for text in ("12", "0.5", "-3", "6m0s", "120ms", "1h2m", "", "nan", "x", None)] == [
        12, 0.5, 0, 360, 0.12, 3720, None, None, None, None,
    ]  # fmt: skip
    later = datetime.now(UTC) + timedelta(seconds=90)
    for text in (later.isoformat(), format_datetime(later, usegmt=True), str(later.timestamp())):
        assert seconds(text) == pytest.approx(90, abs=2)


def test_a_date_beyond_all_dates_is_none_and_milliseconds_are_told_from_seconds() -> None:
    assert seconds("Mon, 01 Jan 99999999999999999999999 00:00:00 GMT") is None
    soon = seconds(str(int((time.time() + 60) * 1000)))
    assert soon is not None and 58 < soon < 61
