"""All that people see of a run; of several processes, the first one alone is seen."""

import sys
from pathlib import Path

import pytest

from rl.terminal.messages import FILE
from rl.terminal.session import session
from rl.terminal.snapshot import Snapshot

STEPS = [Snapshot(0, 2, 0.0), Snapshot(1, 2, 1.0, loss=2.0), Snapshot(2, 2, 2.0, loss=1.0)]


def go_on(tmp_path: Path, steps: list[Snapshot] = STEPS) -> list[Snapshot]:
    watched: list[Snapshot] = []
    with session("mine", tmp_path, tmp_path / "final", watched.append) as show:
        print("of a library", file=sys.stderr)
        for snapshot in steps:
            show(snapshot)
    return watched


def test_a_line_and_what_it_came_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert go_on(tmp_path) == STEPS
    out, err = capsys.readouterr()
    preparing, first, last = err.splitlines()
    assert preparing.startswith("mine: preparing")
    assert first.startswith("mine: step 1 of 2, ") and "loss 2.000" in first
    assert last.startswith("mine: step 2 of 2, loss 1.000")
    assert "mine: 2 steps in 2.0 s" in out and "the model is in" in out
    assert "\x1b" not in out + err and "\r" not in out + err
    assert "of a library" in (tmp_path / FILE).read_text()


def test_another_process_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert go_on(tmp_path) == STEPS
    assert capfd.readouterr() == ("", "") and "process 1 stderr: of a library" in (tmp_path / FILE).read_text()


def test_a_run_that_is_stopped_says_after_which_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), session("mine", tmp_path, tmp_path / "final") as show:
        for snapshot in STEPS[:2]:
            show(snapshot)
        raise KeyboardInterrupt
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1] == "stopped after step 1 of 2"
