"""Snapshots from what a trainer knows: before the first step and after each, in the first process alone."""

from types import SimpleNamespace
from typing import Any

import torch

from rl.terminal.snapshot import Snapshot
from rl.training.trainers.snapshot_callback import SnapshotCallback

ARGS: Any = SimpleNamespace(device=torch.device("cpu"))


def state(step: int, first: bool = True) -> Any:
    return SimpleNamespace(global_step=step, max_steps=4, is_world_process_zero=first, num_input_tokens_seen=700)


def control(log: bool = False) -> Any:
    return SimpleNamespace(should_log=log)


def test_a_figure_that_a_step_does_not_have_stays() -> None:
    taken: list[Snapshot] = []
    steps = iter([{"loss": 2.0, "num_tokens": 900.0}, {"loss": 1.0}])
    callback = SnapshotCallback(lambda: next(steps), taken.append)
    callback.on_train_begin(ARGS, state(2), control())
    callback.on_step_end(ARGS, state(3), control())
    callback.on_evaluate(ARGS, state(3), control(), {"eval_loss": 3.0})
    callback.on_step_end(ARGS, state(4), control(log=True))
    assert [(s.step, s.steps, s.logged) for s in taken] == [(2, 4, False), (3, 4, False), (4, 4, True)]
    assert [s.loss for s in taken] == [None, 2.0, 1.0] and [s.valid_loss for s in taken] == [None, None, 3.0]
    assert [s.tokens for s in taken] == [700, 900, 900]
    assert all(s.memory and s.place == "RAM" and s.reward is None and s.teaching is None for s in taken)


def test_rl_has_no_loss_but_groups_that_teach() -> None:
    taken: list[Snapshot] = []
    step = {"loss": 0.01, "reward": 0.5, "ruling/accuracy": 0.75, "groups/zero_variance": 0.25}
    callback = SnapshotCallback(lambda: step, taken.append)
    callback.on_train_begin(ARGS, state(0), control())
    callback.on_evaluate(ARGS, state(0), control(), {"eval_reward": 0.125, "eval_loss": 0.01})
    callback.on_step_end(ARGS, state(1), control())
    newest = taken[-1]
    assert (newest.loss, newest.valid_loss, newest.valid_reward) == (None, None, 0.125)
    assert (newest.reward, newest.accuracy, newest.teaching) == (0.5, 0.75, 0.75)


def test_other_processes_take_none() -> None:
    taken: list[Snapshot] = []
    callback = SnapshotCallback(dict, taken.append)
    callback.on_train_begin(ARGS, state(0, first=False), control())
    callback.on_step_end(ARGS, state(1, first=False), control())
    assert taken == []
