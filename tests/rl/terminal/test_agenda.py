"""Stages that were measured foretell those to come; those done before count for nothing."""

import pytest

from rl.terminal.agenda import Agenda, Stage


def agenda(clock) -> Agenda:
    return Agenda(
        [
            Stage("draw", "draws ads", "ad", 100, work=1.0),
            Stage("train", "learns", "step", 10, work=4.0),
            Stage("measure", "measures", "step", 5, work=4.0),
            Stage("write", "writes a page", "page", 1),
        ],
        clock,
    )


def test_what_is_to_come_follows_from_what_was_measured(clock) -> None:
    plan = agenda(clock)
    assert plan.left == 0
    plan.begin("draw")
    clock.time = 50
    plan.end("draw")  # half a second for one unit of work
    assert plan.left == pytest.approx(10 * 2 + 5 * 2)
    plan.begin("train")
    plan.reach("train", 0)
    clock.time = 53
    plan.reach("train", 1)  # a step takes three seconds, not two
    assert plan.left == pytest.approx(9 * 3 + 5 * 3)
    clock.time = 54
    assert plan.left == pytest.approx(9 * 3 + 5 * 3 - 1)
    clock.time = 80
    plan.end("train")
    assert plan.seconds == {"draw": 50, "train": 30} and plan.left == pytest.approx(5 * 3)


def test_a_stage_done_before_takes_no_time(clock, page) -> None:
    plan = agenda(clock)
    plan.skip("draw")
    plan.begin("train")
    clock.time = 20
    plan.end("train")
    assert plan.seconds == {"train": 20} and plan.left == pytest.approx(10)
    text = page(plan.table("all {all}, left {left}"))
    heading, draw, train, measure, write = text.splitlines()
    assert heading == "all 30 seconds, left 10 seconds" and plan.number("measure") == "3 of 4"
    assert "✓" in draw and "done before" in draw and "%" not in draw
    assert "20 s" in train and "67 %" in train
    assert "·" in measure and "about 10 seconds" in measure and "33 %" in measure
    assert "not known yet" in write
