"""A policy that stops to reason or to look things up, while it earns as much, is told of once."""

import logging
from pathlib import Path

import pytest

from prompts import Episode, Look, Turn
from rl.training.trainers.habits import CALLS, FAILED, REASONING, USED, Habits, habits_of


def test_what_is_counted():
    look, failed = Look(tool="zoom"), Look(tool="zoom", error="no")
    asked = Turn("<think>a look</think><tool_call>{}</tool_call>"), Turn("…", "tool", looks=(look, failed))
    looking = Episode("a", (*asked, Turn("<think>so</think><answer>{}</answer>")))
    assert habits_of([looking, Episode.plain("a", "<think>1234</think>")], True) == {
        REASONING: 6.0, USED: 0.5, CALLS: 1.0, FAILED: 0.5
    }  # fmt: skip
    assert habits_of([Episode.plain("a", "no tags")], False) == {REASONING: 0.0}


@pytest.mark.parametrize(
    ("used", "totals", "rings"),
    [
        ([0.9] * 8 + [0.05] * 8, [1.0] * 16, True),
        ([0.9] * 8 + [0.05] * 8, [1.0] * 8 + [0.2] * 8, False),  # what it earns falls, too
        ([0.9] * 8 + [0.5] * 8, [1.0] * 16, False),
        ([0.0] * 16, [1.0] * 16, False),  # never looked
    ],
)
def test_it_warns_once(used: list[float], totals: list[float], rings: bool, caplog: pytest.LogCaptureFixture):
    habits = Habits(Path("runs/a/rollouts"))
    with caplog.at_level(logging.WARNING):
        for share, total in zip(used, totals, strict=True):
            habits.hear({REASONING: 100.0, USED: share}, total)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == rings
    assert all("looks nothing up any more" in text and "runs/a/rollouts" in text for text in said)
