"""The line of a training run, from given snapshots."""

from typing import Any

import pytest

from rl.terminal.snapshot import Snapshot
from rl.terminal.training import TrainingLine
from tests.rl.terminal.conftest import Clock


def sft(step: int, **figures: Any) -> Snapshot:
    return Snapshot(step, 100, 2.0 * step, logged=step % 10 == 0, loss=5.0 / (step + 1), **figures)


def test_supervised_training_shows_its_loss():
    clock = Clock()
    line = TrainingLine("mine", now=clock)
    assert line.reading().plain() == "mine: preparing, 0:00"
    clock.wait(75)
    assert line.reading().plain() == "mine: preparing, 1:15"
    line.show(Snapshot(0, 100, 0.0, tokens=0, memory=900_000_000))
    assert line.reading().plain() == "mine: step 0 of 100, RAM 900.0 MB"
    for step in (1, 2, 3, 4):
        clock.wait(2)
        line.show(sft(step, tokens=5000 * step, memory=1_400_000_000))
    assert line.reading().plain() == "mine: step 4 of 100, 3:12 left, loss 1.000, 2,500 tokens/s, RAM 1.4 GB"
    clock.wait(1)
    assert line.reading().left == 191


def test_reinforcement_learning_shows_reward_verdicts_and_what_teaches():
    clock = Clock()
    line = TrainingLine("mine", now=clock)
    line.show(Snapshot(20, 60, 0.0, tokens=70_000))
    clock.wait(10)
    figures = {"reward": 0.623, "accuracy": 0.8125, "teaching": 0.4375, "memory": 21_000_000_000, "place": "GPU"}
    line.show(Snapshot(21, 60, 10.0, tokens=91_000, **figures))
    assert line.reading().plain() == (
        "mine: step 21 of 60, 6:30 left, reward 0.62, verdicts right 81 %, groups that teach 44 %, 2,100 tokens/s, "
        "GPU 21.0 GB"
    )


def test_what_the_cases_to_watch_gave_is_shown_and_a_loss_that_is_no_number():
    line = TrainingLine("mine", now=Clock())
    line.show(Snapshot(0, 10, 0.0))
    line.show(Snapshot(1, 10, 1.0, loss=float("nan"), valid_loss=0.5))
    assert line.reading().plain() == "mine: step 1 of 10, 0:00 left, loss nan, valid loss 0.500"


def test_lines_come_first_last_and_every_logging_step_that_is_late_enough(capsys: pytest.CaptureFixture[str]):
    clock = Clock()
    with TrainingLine("mine", now=clock) as line:
        clock.wait(5)
        line.show(Snapshot(0, 100, 0.0))
        for step in range(1, 101):
            clock.wait(2)
            line.show(sft(step))
    said = capsys.readouterr().err
    steps = [text.split(",")[0] for text in said.splitlines()]
    assert steps == ["mine: preparing", *(f"mine: step {n} of 100" for n in (1, 20, 40, 60, 80, 100))]
    assert "\x1b" not in said and "\r" not in said


def test_a_run_that_stops_early_says_how_far_it_was(capsys: pytest.CaptureFixture[str]):
    clock = Clock()
    with pytest.raises(KeyboardInterrupt), TrainingLine("mine", now=clock) as line:
        line.show(Snapshot(0, 100, 0.0))
        for step in range(1, 38):
            clock.wait(1)
            line.show(sft(step))
        raise KeyboardInterrupt
    assert capsys.readouterr().err.splitlines()[-1].startswith("mine: step 37 of 100, 1:03 left")
