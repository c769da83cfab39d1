"""What people are told of each step while a trainer trains. See `rl.terminal.snapshot`."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import psutil
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rl.terminal.snapshot import Snapshot, Watch

FLAT = "frac_reward_zero_std"
"""TRL's name for the share of cases on which all completions earn the same."""


class SnapshotCallback(TrainerCallback):
    """Takes a snapshot before the first step and after each, in the first of several processes.

    Args:
        newest: gives the figures of the step that ends, under the names that the trainer's log has for them.
        watch: is given the snapshots.
    """

    def __init__(self, newest: Callable[[], Mapping[str, float]], watch: Watch):
        self.newest, self.watch = newest, watch
        self._began = 0.0
        self._known: dict[str, float] = {}
        """The figures so far: one that a step does not have stays as it was."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._began = time.monotonic()
        self._known = {"num_tokens": state.num_input_tokens_seen}
        self._take(args, state)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._known |= self.newest()
        self._take(args, state, logged=control.should_log)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        self._known |= metrics or {}

    def _take(self, args: TrainingArguments, state: TrainerState, logged: bool = False) -> None:
        if not state.is_world_process_zero:
            return
        known, on_gpu = self._known, args.device.type == "cuda"
        # The loss of RL hovers around 0 whatever the policy learns.
        is_rl, flat = "reward" in known, known.get(FLAT)
        self.watch(
            Snapshot(
                step=state.global_step,
                steps=state.max_steps,
                seconds=time.monotonic() - self._began,
                logged=logged,
                loss=None if is_rl else known.get("loss"),
                reward=known.get("reward"),
                accuracy=known.get("ruling/accuracy"),
                teaching=None if flat is None else 1 - flat,
                valid_loss=None if is_rl else known.get("eval_loss"),
                valid_reward=known.get("eval_reward"),
                tokens=known.get("num_tokens"),
                memory=torch.cuda.max_memory_allocated() if on_gpu else psutil.Process().memory_info().rss,
                place="GPU" if on_gpu else "RAM",
            )
        )
