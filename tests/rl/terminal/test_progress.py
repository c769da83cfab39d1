import pytest

from rl.terminal.progress import counting
from tests.rl.terminal.conftest import Clock


def test_what_takes_long_is_told_of_now_and_then(capsys: pytest.CaptureFixture[str]):
    clock = Clock()
    with counting("reviewing", 400, done=100, now=clock) as reached:
        for count in range(110, 401, 10):
            clock.wait(2.0)
            reached(count)
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "reviewing: 250 of 400, 0:30 left",
        "reviewing: 400 of 400, in 1:00",
    ]
    assert "\x1b" not in said and "\r" not in said


def test_what_is_over_soon_is_told_of_once(capsys: pytest.CaptureFixture[str]):
    with counting("thumbnails", 3, now=Clock()) as reached:
        for count in (1, 2, 3):
            reached(count)
    assert capsys.readouterr().err == "thumbnails: 3 of 3, in 0:00\n"


def test_nothing_is_told_where_nothing_is_to_be_shown(capsys: pytest.CaptureFixture[str]):
    with counting("reviewing", 2, shown=False) as reached:
        reached(2)
    assert capsys.readouterr() == ("", "")
