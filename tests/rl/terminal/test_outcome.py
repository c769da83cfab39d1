"""The table that a run ends with."""

from pathlib import Path

from rl.terminal.outcome import outcome
from rl.terminal.snapshot import Snapshot

MODEL = Path("runs/mine/final")


def test_the_first_and_the_last_steps_are_averaged(page) -> None:
    steps = [Snapshot(n, 40, 2.0 * n, loss=float(n), tokens=100.0 * n, memory=n * 10**8) for n in range(1, 41)]
    text = page(outcome("mine", [Snapshot(0, 40, 0.0, tokens=0.0), *steps], MODEL))
    assert "mine: 40 steps in 1 min 20 s" in text and "first 4 steps" in text and "last 4 steps" in text
    row = next(line for line in text.splitlines() if "loss" in line)
    assert "2.500" in row and "38.500" in row
    assert "50 tokens/s, at most 4.0 GB of RAM" in text and "the model is in runs/mine/final" in text
    assert "reward" not in text


def test_a_figure_that_came_late_and_a_run_that_went_on(page) -> None:
    steps = [Snapshot(9, 10, 4.0, reward=0.25), Snapshot(10, 10, 8.0, reward=0.5, valid_reward=0.75)]
    text = page(outcome("mine", [Snapshot(8, 10, 0.0), *steps], MODEL))
    rows = {line.split("│")[1].strip(): line for line in text.splitlines() if line.startswith("│")}
    assert "2 steps in 8.0 s" in text and "first step" in text and "last step" in text
    assert "0.25" in rows["reward"] and "0.50" in rows["reward"]
    assert "–" in rows["valid reward"] and "0.75" in rows["valid reward"]


def test_nothing_left_to_train(page) -> None:
    for snapshots in ([], [Snapshot(4, 4, 0.0)]):
        assert page(outcome("mine", snapshots, MODEL)) == "the model is in runs/mine/final\n"


def test_a_hostile_name_moves_no_cursor_and_is_no_markup(page) -> None:
    snapshots = [Snapshot(0, 1, 0.0), Snapshot(1, 1, 1.0, loss=1.0)]
    text = page(outcome("[red]\x1b[2J", snapshots, Path("[/]\x1b[2J")))
    assert "[red]⟨U+001B⟩[2J: 1 steps" in text and "the model is in [/]⟨U+001B⟩[2J" in text and "\x1b[2J" not in text
