"""What a line says, and when it says it where it cannot be redrawn."""

import io
import re
import sys

import pytest

from rl.terminal.line import EVERY, Fact, Line, Reading
from tests.rl.terminal.conftest import Clock

FACTS = (Fact("reward 0.62"), Fact("verdicts right 81 %", "right 81 %"), Fact("2,100 tokens/s", "2,100 tok/s"))
TRAINING = Reading("mine-grpo", 12, 1060, "step", 340.0, FACTS)


class Terminal(io.StringIO):
    """A stream that says of itself that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_in_words_a_line_says_everything():
    said = "mine-grpo: step 12 of 1,060, 5:40 left, reward 0.62, verdicts right 81 %, 2,100 tokens/s"
    assert TRAINING.plain() == said
    assert Reading("mine-grpo", facts=(Fact("preparing"), Fact("0:08"))).plain() == "mine-grpo: preparing, 0:08"
    assert Reading("reviewing", 40, 40, left=0.0, facts=(Fact("in 0:12"),)).plain() == "reviewing: 40 of 40, in 0:12"


def test_a_drawn_line_has_a_bar_and_drops_what_there_is_no_room_for():
    wide, narrow, less, tight = (str(TRAINING.drawn(width)) for width in (120, 86, 76, 50))
    assert wide.startswith("mine-grpo     12/1,060 ━") and " 5:40 left" in wide
    assert wide.endswith("reward 0.62  verdicts right 81 %  2,100 tokens/s") and len(wide) < 120
    assert narrow.endswith("reward 0.62  right 81 %  2,100 tok/s") and len(narrow) < 86
    assert less.endswith("reward 0.62  right 81 %") and len(less) < 76
    assert str(Reading("reviewing", 40, 40, left=0.0, facts=(Fact("in 0:12"),)).drawn(80)).endswith("━  in 0:12")
    assert tight.endswith("5:40 left") and "━━━━━━━━" in tight and len(tight) < 50


@pytest.mark.parametrize(("done", "full"), [(0, 0), (5, 15), (10, 30)])
def test_the_bar_fills_as_items_are_done(done: int, full: int):
    line = Reading("reviewing", done, 10, left=1.0).drawn(100)
    green = [span for span in line.spans if "green" in str(span.style)]
    assert sum(span.end - span.start for span in green) == full


def test_names_of_others_move_no_cursor():
    hostile = Reading("a\x1b[2J", 1, 2, left=None, facts=(Fact("b\r\u202e"),))
    assert "\x1b" not in hostile.plain() + str(hostile.drawn(200))
    assert "\r" not in hostile.plain() + str(hostile.drawn(200))
    prepared = Reading("mine", facts=(Fact("downloading \x1b[2J 3 %"),))
    assert str(prepared.drawn(80)) == "mine  downloading ⟨U+001B⟩[2J 3 %"


def test_where_nothing_can_be_redrawn_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]):
    clock, done = Clock(), 0
    with Line(lambda: Reading("reviewing", done, 100, left=None), now=clock) as line:
        for _ in range(100):
            clock.wait(1.0)
            done += 1
            line.update()
        line.update(at_once=True)
    said = capsys.readouterr().err
    assert said.splitlines() == [f"reviewing: {n} of 100" for n in (30, 60, 90, 100)] and EVERY == 30.0
    assert "\x1b" not in said and "\r" not in said


def test_a_line_that_is_not_due_waits_for_the_next_that_is(capsys: pytest.CaptureFixture[str]):
    clock, done = Clock(), 0
    with Line(lambda: Reading("mine", done, 100), now=clock) as line:
        for done in range(1, 101):
            clock.wait(1.0)
            line.update(due=done % 25 == 0)
    assert capsys.readouterr().err.splitlines() == ["mine: 50 of 100", "mine: 100 of 100"]


def test_the_same_line_is_not_said_twice_and_a_hidden_one_never(capsys: pytest.CaptureFixture[str]):
    with Line(lambda: TRAINING, now=Clock()) as line, Line(lambda: TRAINING, shown=False) as hidden:
        for each in (line, hidden):
            each.update(at_once=True)
            each.update(at_once=True)
    assert capsys.readouterr().err.splitlines() == [TRAINING.plain()]


def test_on_a_terminal_the_line_is_redrawn_and_gone_in_the_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with Line(lambda: TRAINING) as line:
        line.update(at_once=True)
    said = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "12/1,060" in said and TRAINING.plain() not in said
    assert "\x1b[?25l" in said and "\x1b[?25h" in said  # the cursor is hidden, and back
    assert said.endswith("\x1b[2K")


def test_a_line_within_a_line_takes_its_place_meanwhile(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with Line(lambda: Reading("outer", 1, 2)), pytest.raises(KeyboardInterrupt), Line(lambda: Reading("inner", 3, 4)):
        raise KeyboardInterrupt
    said = sys.stderr.getvalue()  # type: ignore[attr-defined]
    shown = re.findall("outer|inner", said)
    assert shown[0] == "outer" and "inner" in shown and shown[-1] == "outer"
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") == 3


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_the_plainest_terminals_get_lines(term: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", term)
    with Line(lambda: TRAINING) as line:
        line.update(at_once=True)
    assert sys.stderr.getvalue() == TRAINING.plain() + "\n"  # type: ignore[attr-defined]
