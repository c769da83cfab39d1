"""The table that a run ends with."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from rl.terminal.outcome import outcome
from rl.terminal.snapshot import Snapshot


def printed(name: str, snapshots: list[Snapshot], model: Path) -> str:
    console = Console(file=io.StringIO(), width=60)
    console.print(outcome(name, snapshots, model), soft_wrap=True)
    return console.file.getvalue()  # type: ignore[attr-defined]


def row(said: str, name: str) -> list[str]:
    [line] = [line for line in said.splitlines() if line.startswith(f"│ {name} ")]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_first_and_the_last_tenth_are_averaged():
    steps = [
        Snapshot(
            20 + n, 60, 5.0 * n, reward=n / 10, accuracy=n / 40, teaching=0.5, tokens=1000 + 2000 * n, memory=n * 10**8
        )
        for n in range(1, 41)
    ]
    said = printed("mine", [Snapshot(20, 60, 0.0, tokens=1000, memory=9 * 10**9), *steps], Path("runs/mine/final"))
    assert "mine: 40 steps in 3 min 20 s" in said
    assert "first 4 steps" in said and "last 4 steps" in said
    assert row(said, "reward") == ["reward", "0.25", "3.85"]
    assert row(said, "verdicts right") == ["verdicts right", "6 %", "96 %"]
    assert row(said, "groups that teach") == ["groups that teach", "50 %", "50 %"]
    assert "loss" not in said
    assert "400 tokens/s, at most 9.0 GB of RAM" in said
    assert said.rstrip().endswith("trained: runs/mine/final")


def test_a_few_steps_are_a_step_each_and_what_came_later_has_no_first():
    steps = [Snapshot(n, 3, float(n), loss=3.0 / n, valid_loss=0.5 if n == 3 else None) for n in (1, 2, 3)]
    said = printed("mine", [Snapshot(0, 3, 0.0), *steps], Path("final"))
    assert "first step" in said and "last step" in said
    assert row(said, "loss") == ["loss", "3.000", "1.000"]
    assert row(said, "valid loss") == ["valid loss", "–", "0.500"]


@pytest.mark.parametrize("snapshots", [[], [Snapshot(7, 7, 0.0)]])
def test_where_nothing_was_left_to_train_there_is_the_model_alone(snapshots: list[Snapshot]):
    assert printed("mine", snapshots, Path("final")) == "trained: final\n"


def test_a_long_path_stays_in_one_piece():
    path = Path("/somewhere/far/away") / ("x" * 80) / "final"
    assert f"trained: {path}\n" in printed("mine", [], path)


def test_a_hostile_name_moves_no_cursor_and_is_no_markup() -> None:
    snapshots = [Snapshot(0, 1, 0.0), Snapshot(1, 1, 1.0, loss=1.0)]
    text = printed("[red]\x1b[2J", snapshots, Path("[/]\x1b[2J"))
    assert "[red]⟨U+001B⟩[2J: 1 steps" in text and "trained: [/]⟨U+001B⟩[2J" in text and "\x1b[2J" not in text
