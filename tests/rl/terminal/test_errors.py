import pytest

from rl.terminal.errors import INTERRUPTED, interruptible


def test_ctrl_c_says_how_to_go_on(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as exit_, interruptible("ruling train sft --resume '[red]'", lambda: "go on"):
        raise KeyboardInterrupt
    assert exit_.value.code == INTERRUPTED == 130
    assert capsys.readouterr().err == "stopped; to go on: ruling train sft --resume '[red]'\n"


def test_anything_else_is_none_of_its_business():
    with pytest.raises(ValueError), interruptible("again"):
        raise ValueError
