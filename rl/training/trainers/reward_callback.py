"""What rewards with a state of their own are told while a policy is trained, and how a checkpoint keeps that state."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rewards.batch import BatchReward

FOLDER = "rewards"
"""Where in a checkpoint each reward has a folder of its own."""


class RewardCallback(TrainerCallback):
    """Tells rewards which policy is trained, and when a step is done."""

    def __init__(self, rewards: Sequence[BatchReward]):
        self.rewards = rewards

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs: Any
    ) -> None:
        for reward in self.rewards:
            reward.follow(model)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        for reward in self.rewards:
            reward.after_step(state.global_step / state.max_steps)


def save_rewards(rewards: Sequence[BatchReward], checkpoint: Path) -> None:
    """Has each reward write what training has made of it."""
    for reward in rewards:
        reward.save(checkpoint / FOLDER / reward.name)


def restore_rewards(rewards: Sequence[BatchReward], checkpoint: Path) -> None:
    """Has each reward go on from a checkpoint."""
    for reward in rewards:
        reward.restore(checkpoint / FOLDER / reward.name)
