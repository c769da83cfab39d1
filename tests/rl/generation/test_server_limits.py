"""How fast a server may be asked: its limits are heeded, waited for, and said where they do not let up."""

import time
from pathlib import Path
from typing import Any

import pytest

from data import Briefs, DataError
from rl.generation import rate_limit

from .asking import asked, logged, others_are_answered
from .zoo import ANSWER, Zoo, saying, serving

pytestmark = pytest.mark.usefixtures("hurried")

PATIENCE = rate_limit.PATIENCE


def test_a_limit_that_lets_up_is_waited_for(briefs: Briefs) -> None:
    """Of more 429s than there are tries."""
    seen: list[int] = []

    def limited(handler: Any, body: dict[str, Any]) -> None:
        seen.append(1)
        handler.say("", 429) if len(seen) < 30 else handler.answer(body)

    with serving(Zoo(limited, everywhere=True)) as zoo:
        assert all(episode.completion == ANSWER for episode in asked(zoo, briefs, retries=1))


def test_a_limit_that_does_not_let_up_is_said(briefs: Briefs) -> None:
    with serving(Zoo(saying("", 429), everywhere=True)) as zoo:
        started = time.monotonic()
        with pytest.raises(DataError, match=r"HTTP 429.*did not let up"):
            asked(zoo, briefs)
        assert time.monotonic() - started > 0.3
        zoo.behaviour = saying("", 429, Retry_After="3600")
        with pytest.raises(DataError, match="asks to wait 3,600 s"):
            asked(zoo, briefs)


def test_nobody_waits_an_hour_for_a_turn(briefs: Briefs, tmp_path: Path) -> None:
    """Whether the server says so while others wait, or with an answer."""
    with serving(Zoo()) as zoo:
        zoo.told = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1h"}
        with pytest.raises(DataError, match=r"asks to wait 3,[56]\d\d s: run again then; what came in is kept"):
            asked(zoo, briefs, tmp_path / "log.jsonl", concurrency=1)
        assert len(logged(tmp_path / "log.jsonl")) == 1


def test_one_case_that_is_always_too_much_stops_no_other(briefs: Briefs) -> None:
    with serving(Zoo(saying("", 429))) as zoo:
        assert others_are_answered(asked(zoo, briefs)).refused


def test_a_limit_is_longer_than_a_minute() -> None:
    """Where nothing is hurried: a server's limit is often one per minute."""
    assert PATIENCE > 2 * 60


def test_requests_are_spread_over_what_a_server_has_left(briefs: Briefs) -> None:
    with serving(Zoo()) as zoo:
        zoo.told = {"x-ratelimit-remaining-requests": "2", "x-ratelimit-reset-requests": "100ms"}
        asked(zoo, briefs, concurrency=4)
        gaps = [later - sooner for sooner, later in zip(zoo.times[4:], zoo.times[5:], strict=False)]
        assert min(gaps) > 0.03, "two in 100 ms, so 50 ms apart"
