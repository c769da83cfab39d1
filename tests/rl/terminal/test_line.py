"""What a line says in words and with a bar, and when it is written where it cannot be redrawn."""

import io

import pytest

from rl.terminal.line import EVERY, Line, Reading

READING = Reading("mine", 1200, 4000, "step", 190.0, ("loss 0.500", "RAM 1.0 GB"))


def test_in_words() -> None:
    assert READING.plain() == "mine: step 1,200 of 4,000, 3:10 left, loss 0.500, RAM 1.0 GB"
    assert Reading("mine", 4, 4, "step", 0.0).plain() == "mine: step 4 of 4"
    assert Reading("mine", facts=("preparing",)).plain() == "mine: preparing"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_drawn_it_fits_and_gives_up_the_least_important_facts(width: int) -> None:
    line = READING.drawn(width).plain
    assert len(line) <= width and line.startswith("mine  1,200/4,000 ━━") and "3:10 left" in line
    assert ("RAM" in line) <= ("loss" in line)
    assert ("RAM 1.0 GB" in line) == (width > 60)


def test_a_bar_is_filled_by_what_is_done() -> None:
    line = READING.drawn(200)
    done = next(span for span in line.spans if "green" in str(span.style))
    rest = next(span for span in line.spans if "bright_black" in str(span.style))
    assert (done.end - done.start, rest.end - rest.start) == (9, 21)


def test_a_hostile_name_moves_nothing() -> None:
    hostile = Reading("[red]\x1b[2J\r\u202e", 1, 2, facts=("\x1b[31m",))
    for text in (hostile.plain(), hostile.drawn(80).plain):
        assert text.startswith("[red]⟨U+001B⟩[2J⟨U+000D⟩⟨U+202E⟩") and "\x1b" not in text and "\r" not in text


def test_in_a_file_it_is_written_now_and_then(clock, capsys: pytest.CaptureFixture[str]) -> None:
    step = 0
    updates = (
        (1, 0, True, False),  # the first one
        (2, EVERY - 1, True, False),  # too soon
        (3, EVERY, False, False),  # not due
        (4, EVERY, True, False),
        (5, EVERY + 1, True, True),
        (5, 9 * EVERY, True, True),  # nothing new
    )
    with Line(lambda: Reading("mine", step, 9), now=clock) as line:
        for update in updates:
            step, clock.time, due, at_once = update
            line.update(due, at_once)
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines() == [f"mine: {n} of 9" for n in (1, 4, 5)]
    assert "\x1b" not in err and "\r" not in err


def test_not_shown_nothing_is_written(clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Line(lambda: READING, shown=False, now=clock) as line:
        line.update(at_once=True)
    assert capsys.readouterr() == ("", "")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_is_redrawn_and_nothing_is_left(clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stderr", screen := Screen())
    with Line(lambda: READING, now=clock) as line:
        line.update()
    drawn = screen.getvalue()
    assert "1,200/4,000" in drawn and "step 1,200 of 4,000" not in drawn
    assert drawn.rstrip().endswith("\x1b[2K")  # the line is erased


def test_the_plainest_terminal_is_like_a_file(clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stderr", screen := Screen())
    with Line(lambda: READING, now=clock) as line:
        line.update()
    assert screen.getvalue() == READING.plain() + "\n"


def test_what_is_being_prepared_moves_nothing_either() -> None:
    hostile = Reading("mine", facts=("downloading \x1b[2J 3 %",))
    assert hostile.drawn(80).plain == "mine  downloading ⟨U+001B⟩[2J 3 %"
