"""All that people see of one run."""

import logging
from pathlib import Path

import pytest

from rl.terminal.session import session
from rl.terminal.snapshot import Snapshot


def run(folder: Path, stop_after: int | None = None) -> list[int]:
    """A run of three steps in which a library warns of something; the steps that were watched."""
    watched: list[int] = []
    with session("mine", folder / "messages.log", folder / "final", lambda now: watched.append(now.step)) as show:
        logging.getLogger("some_library").warning("weights are new")
        for step in range(4):
            show(Snapshot(step, 3, float(step), loss=3.0 - step))
            if step == stop_after:
                raise KeyboardInterrupt
    return watched


def test_a_run_shows_lines_then_a_table_then_where_the_messages_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(tmp_path) == [0, 1, 2, 3]
    out, err = capsys.readouterr()
    assert [line.split(",")[0] for line in err.splitlines()] == [
        "mine: preparing",
        "mine: step 1 of 3",
        "mine: step 3 of 3",
        f"libraries gave 1 warning: see {tmp_path / 'messages.log'}",
    ]
    assert out.startswith("mine: 3 steps in 3.0 s") and out.endswith(f"trained: {tmp_path / 'final'}\n")
    assert "\x1b" not in out + err and "\r" not in out + err


def test_of_several_processes_the_others_are_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("RANK", "1")
    run(tmp_path)
    assert capfd.readouterr() == ("", "")
    assert "WARNING process 1 some_library: weights are new" in (tmp_path / "messages.log").read_text()


def test_a_run_that_is_stopped_says_where_and_has_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stop_after=2)
    out, err = capsys.readouterr()
    assert out == "" and "stopped after step 2 of 3\nlibraries gave 1 warning" in err
