"""Times, shares and sizes in words; at the edges none of them reads 60 seconds or 60 minutes."""

import pytest

from rl.terminal.quantities import about, clock, share, size, spent


@pytest.mark.parametrize(
    ("say", "value", "said"),
    [
        (clock, 59.6, "1:00"),
        (clock, 3599.6, "1:00:00"),
        (spent, 59.7, "1 min 0 s"),
        (spent, 3599.7, "1 h 0 min"),
        (spent, 90000, "25 h 0 min"),
        (about, 54, "50 seconds"),
        (about, 57, "1 minute"),
        (about, 3590, "1 h 0 min"),
        (share, 0.0, "0 %"),
        (share, 1.0, "100 %"),
        (size, 512_000_000, "512.0 MB"),
    ],
)
def test_in_words(say, value: float, said: str) -> None:
    assert say(value) == said
