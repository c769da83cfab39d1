"""A run that learns nothing says so once, and a run that learns never does."""

import logging
from pathlib import Path

import pytest

from data import Ruling
from prompts import FailureReason, ParseFailure
from rewards import Scorecard
from rl.runs.rollouts import read_rollouts
from rl.training.trainers import alarm
from rl.training.trainers.alarm import PATIENCE, Alarm
from tests.rl.conftest import toy_briefs
from tests.rl.training.test_grpo import CountedReward, make_trainer

READ = Scorecard("a", Ruling(verdict="approve", confidence=0.5), 0.0, {})


def unread(reason: FailureReason) -> Scorecard:
    return Scorecard("a", ParseFailure(reason), 0.0, {})


def heard(
    generations: list[tuple[int, Scorecard, bool]], caplog: pytest.LogCaptureFixture, cycle: int = 1
) -> list[str]:
    """The warnings; a generation is its step, a scorecard of it, and whether it taught something."""
    rung = Alarm(Path("runs/mine/rollouts"), cycle)
    caplog.clear()
    for step, card, taught in generations:
        rung.hear(step, [card], card.parsed, taught)
    return [record.getMessage() for record in caplog.records]


def test_nothing_read_for_ten_steps(caplog: pytest.LogCaptureFixture) -> None:
    nothing = unread(FailureReason.NO_THINK)
    assert not heard([(step, nothing, False) for step in range(PATIENCE - 1)], caplog)
    (said,) = heard([(step, nothing, False) for step in range(5 * PATIENCE)], caplog)
    assert "most often no_think" in said and "train with SFT first" in said and "runs/mine/rollouts" in said
    (said,) = heard([(step, unread(FailureReason.UNCLOSED_ANSWER), True) for step in range(PATIENCE)], caplog)
    assert "raise max_completion_length" in said


def test_nothing_to_learn_from_for_ten_steps(caplog: pytest.LogCaptureFixture) -> None:
    (said,) = heard([(step, READ, False) for step in range(5 * PATIENCE)], caplog)
    assert "have earned the same" in said and "num_generations" in said


def test_one_lesson_in_ten_steps_is_enough(caplog: pytest.LogCaptureFixture) -> None:
    nothing = unread(FailureReason.NO_THINK)
    assert not heard(
        [(step, READ, True) if step % PATIENCE == 0 else (step, nothing, False) for step in range(5 * PATIENCE)],
        caplog,
    )


def test_it_rings_in_the_middle_of_a_run_too_and_after_a_resume(caplog: pytest.LogCaptureFixture) -> None:
    good, flat = [(step, READ, True) for step in range(30)], [(step, READ, False) for step in range(30, 30 + PATIENCE)]
    assert len(heard([*good, *flat], caplog)) == 1
    assert not heard(flat[:-1], caplog)
    assert len(heard(flat, caplog)) == 1


def test_steps_are_counted_and_not_generations(caplog: pytest.LogCaptureFixture) -> None:
    assert len(heard([(0, READ, False), (5, READ, False)], caplog, cycle=5)) == 1
    assert not heard([(0, READ, False)], caplog, cycle=5)


@pytest.mark.parametrize(
    ("totals", "expected"), [([0.5] * 16, "have earned the same"), ([0.0, 1.0] * 8, None)], ids=["flat", "teaches"]
)
def test_a_run_of_a_real_trainer(
    totals: list[float],
    expected: str | None,
    toy: Path,
    tiny_text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(alarm, "PATIENCE", 2)
    trainer = make_trainer(
        toy_briefs(toy / "text.jsonl", 16), tiny_text, tmp_path / "run", CountedReward([*totals]), max_steps=3
    )
    with caplog.at_level(logging.WARNING, logger=alarm.logger.name):
        trainer.train()
    said = [record.getMessage() for record in caplog.records if record.name == alarm.logger.name]
    assert len(read_rollouts(tmp_path / "run")) == 3 * 16
    assert len(said) == (expected is not None) and all(expected in message for message in said if expected)
