"""Errors in one line, and Ctrl-C with the command to go on."""

import pytest

from data import DataError
from rewards import TooManyUnscored
from rl.terminal.errors import DEBUG, complain, explained, interruptible


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


class TestExplained:
    @pytest.fixture
    def without_debug(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(DEBUG, raising=False)

    @pytest.mark.parametrize(
        ("error", "code", "said"),
        [
            (DataError("is no rule", file="book.yaml", line=3, field="id"), 2, "error: book.yaml:3: id: is no rule"),
            (PermissionError(13, "Permission denied", "book.yaml"), 2, "error: book.yaml: Permission denied"),
            (OSError("can't load the model"), 2, "error: can't load the model"),
            (MemoryError(), 2, "error: the memory does not suffice"),
            (RuntimeError("can't allocate memory\nframe #0"), 2, "error: the memory does not suffice: can't"),
            (KeyError("x"), 2, "error: KeyError: 'x' (this is a fault in Ruling"),
            (TooManyUnscored("9 of 9"), 1, "error: 9 of 9"),
        ],
    )
    @pytest.mark.usefixtures("without_debug")
    def test_one_line_and_the_exit_code(
        self, error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended, explained():
            raise error
        assert ended.value.code == code
        err = capsys.readouterr().err
        assert err.startswith(said) and err.count("\n") == 1

    def test_the_traceback_is_for_those_who_ask(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(DEBUG, "1")
        with pytest.raises(SystemExit), explained():
            raise DataError("is no rule")
        err = capsys.readouterr().err
        assert "Traceback (most recent call last)" in err and err.endswith("error: is no rule\n")
