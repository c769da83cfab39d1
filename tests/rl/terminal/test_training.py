"""The line of a training run, from given snapshots."""

import pytest

from rl.terminal.line import EVERY
from rl.terminal.snapshot import Snapshot
from rl.terminal.training import TrainingLine


def test_the_line_of_a_run_in_a_file(clock, capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingLine("mine", now=clock) as line:
        line.show(Snapshot(0, 40, 0.0, tokens=0))
        for step in range(1, 41):
            clock.time += 2
            loss, memory = 4.0 / step, 2_000_000_000
            line.show(Snapshot(step, 40, clock(), step % 5 == 0, loss=loss, tokens=step * 1000.0, memory=memory))
    out, err = capsys.readouterr()
    assert out == "" and "\x1b" not in err and "\r" not in err
    assert err.splitlines() == [
        "mine: preparing, 0:00",
        "mine: step 1 of 40, 1:18 left, loss 4.000, 500 tokens/s, RAM 2.0 GB",
        "mine: step 20 of 40, 0:40 left, loss 0.200, 500 tokens/s, RAM 2.0 GB",  # logged, and old enough
        "mine: step 35 of 40, 0:10 left, loss 0.114, 500 tokens/s, RAM 2.0 GB",
        "mine: step 40 of 40, loss 0.100, 500 tokens/s, RAM 2.0 GB",
    ]
    assert EVERY == 30


def test_rl_has_its_own_figures(clock) -> None:
    line = TrainingLine("mine", now=clock)
    line.show(Snapshot(7, 9, 0.0))
    line.show(Snapshot(8, 9, 1.0, reward=0.5, accuracy=0.25, teaching=1.0, place="GPU", memory=10**9))
    facts = ("reward 0.50", "verdicts right 25 %", "groups that teach 100 %", "GPU 1.0 GB")
    assert line.reading().facts == facts


def test_a_run_that_is_stopped_says_where_it_was(clock, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), TrainingLine("mine", now=clock) as line:
        for step in range(4):
            line.show(Snapshot(step, 9, 0.0))
        raise KeyboardInterrupt
    assert capsys.readouterr().err.splitlines()[-1].startswith("mine: step 3 of 9")
