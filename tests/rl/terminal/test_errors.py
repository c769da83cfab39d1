"""Errors in one line, and Ctrl-C with the command to go on."""

import pytest

from data import DataError
from rl.terminal.errors import complain, interruptible


def test_what_a_file_says_is_no_markup_and_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    complain(DataError("'[/bold][red]\x1b[2J' is no verdict"))
    assert capsys.readouterr() == ("", "error: '[/bold][red]⟨U+001B⟩[2J' is no verdict\n")


def test_an_interrupt_ends_with_130_and_the_command_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    command = "ruling train sft --config '[red]\x1b[2J.yaml' " + "--resume " * 20
    with pytest.raises(SystemExit) as end, interruptible(command, lambda: "go on from step [4]"):
        raise KeyboardInterrupt
    assert end.value.code == 130
    said = command.replace("\x1b", "⟨U+001B⟩")
    assert capsys.readouterr() == ("", f"stopped; to go on from step [4]: {said}\n")


def test_other_errors_pass(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError), interruptible("ruling"):
        raise DataError("wrong")
    assert capsys.readouterr() == ("", "")
