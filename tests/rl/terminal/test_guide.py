import io

import pytest
from rich.console import Console

from rl.terminal.agenda import Agenda, Stage
from rl.terminal.guide import Guide
from tests.rl.terminal.conftest import Clock


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100)


def guide_on(console: Console, clock: Clock) -> Guide:
    stages = [Stage("sft", "30 steps", 30, 1.0), Stage("rl", "20 steps", 20, 5.0)]
    return Guide(Agenda(stages, clock), console.print)


def lines(console: Console) -> list[str]:
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_people_hear_what_begins_how_long_it_took_and_how_long_all_takes(console: Console):
    clock = Clock()
    guide = guide_on(console, clock)
    guide.overview()
    for number, (name, seconds) in enumerate([("sft", 4.0), ("rl", 10.0)]):
        with guide.stage(name, f"{name}: learning"):
            reach = guide.foretelling(name, enough=5)
            for step in range(31 if number == 0 else 21):
                reach(step)
                clock.wait(seconds)
    headings = [line.rstrip("─ ") for line in lines(console) if not line.startswith(("✓", "▸", "·"))]
    assert headings == [
        "What there is to do; how long it takes here is said after a few steps.",
        "1 of 2 · sft: learning",
        "On this machine: about 9 minutes in all, about 8 minutes still to come.",
        "sft took 2 min 4 s",
        "2 of 2 · rl: learning",
        "Measured again: about 5 minutes in all, about 2 minutes still to come.",
        "rl took 3 min 30 s",
    ]


def test_a_stage_that_goes_on_is_measured_on_its_own_steps(console: Console):
    clock = Clock()
    guide = guide_on(console, clock)
    guide.agenda.begin("sft")
    reach = guide.foretelling("sft", enough=3)
    for step in (12, 13, 14):
        reach(step)
        clock.wait(1)
    assert lines(console) == []
    reach(15)
    assert len(lines(console)) == 3
    reach(16)
    assert len(lines(console)) == 3  # once is enough
