"""What is to come is foretold from what has been measured, and corrected once it is measured itself."""

import io

import pytest
from rich.console import Console

from rl.terminal.agenda import Agenda, Stage
from tests.rl.terminal.conftest import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def agenda(clock: Clock) -> Agenda:
    stages = [Stage("draw", "ads"), Stage("sft", "100 steps", 100, 1.0), Stage("rl", "20 steps", 20, 8.0)]
    return Agenda([*stages, Stage("reviews", "1,000", 1000, 0.1)], clock)


def said(agenda: Agenda, heading: str = "") -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    console.print(agenda.table(heading))
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def steps(agenda: Agenda, clock: Clock, name: str, seconds: float, first: int, last: int) -> None:
    for step in range(first, last + 1):
        agenda.reach(name, step)
        clock.wait(seconds if step < last else 0)


def test_nothing_is_foretold_before_anything_is_measured(agenda: Agenda, clock: Clock):
    agenda.begin("draw")
    clock.wait(41)
    agenda.end("draw")
    agenda.begin("sft")
    clock.wait(10)  # it is being prepared
    assert said(agenda) == ["", "✓ draw ads 41 s 100 %", "▸ sft 100 steps", "· rl 20 steps", "· reviews 1,000"]
    assert agenda.left == 0.0


def test_the_first_steps_foretell_everything(agenda: Agenda, clock: Clock):
    agenda.begin("draw")
    clock.wait(40)
    agenda.end("draw")
    agenda.begin("sft")
    clock.wait(10)
    steps(agenda, clock, "sft", 2.0, 0, 10)
    assert agenda.left == pytest.approx(90 * 2.0 + 20 * 8 * 2.0 + 1000 * 0.1 * 2.0)
    assert said(agenda, "{all}, {left} left") == [
        "13 minutes, 12 minutes left",
        "✓ draw ads 40 s 5 %",
        "▸ sft 100 steps about 4 minutes 27 %",
        "· rl 20 steps about 5 minutes 42 %",
        "· reviews 1,000 about 3 minutes 26 %",
    ]


def test_what_is_measured_corrects_itself_and_what_comes_after(agenda: Agenda, clock: Clock):
    for name, seconds in (("sft", 2.0), ("rl", 30.0)):
        agenda.begin(name)
        steps(agenda, clock, name, seconds, 0, 5)
        if name == "sft":
            agenda.end(name)
    left_of_rl, unit = 15 * 30.0, 30.0 / 8
    assert agenda.left == pytest.approx(left_of_rl + 1000 * 0.1 * unit)
    agenda.end("rl")
    agenda.begin("reviews")
    clock.wait(150)
    agenda.end("reviews")
    assert agenda.left == 0.0 and agenda.seconds["reviews"] == 150


def test_what_was_done_before_counts_for_nothing(agenda: Agenda, clock: Clock):
    for name in ("draw", "sft"):
        agenda.skip(name)
    assert not agenda.is_to_come("sft") and agenda.is_to_come("rl")
    assert agenda.number("rl") == "3 of 4"
    agenda.begin("rl")
    steps(agenda, clock, "rl", 16.0, 12, 16)  # it goes on where it was stopped
    assert agenda.left == pytest.approx(4 * 16.0 + 1000 * 0.1 * 2.0)
    assert said(agenda) == [
        "",
        "✓ draw ads done before",
        "✓ sft 100 steps done before",
        "▸ rl 20 steps about 2 minutes 39 %",
        "· reviews 1,000 about 3 minutes 61 %",
    ]
    assert agenda.seconds == {}


def test_a_stage_that_takes_longer_than_foretold_has_nothing_left(agenda: Agenda, clock: Clock):
    agenda.begin("sft")
    steps(agenda, clock, "sft", 1.0, 0, 100)
    agenda.end("sft")
    agenda.skip("rl")
    agenda.begin("reviews")
    clock.wait(60)
    assert agenda.left == 40
    clock.wait(60)
    assert agenda.left == 0
