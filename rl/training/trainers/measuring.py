"""MeasuringTrainer: figures over the tokens of all processes, for trainers with a loss of their own (trl 1.16)."""

import torch
from transformers import PreTrainedModel
from trl import GRPOConfig, GRPOTrainer

from rl.training.advantages.moments import mean_and_variance, moments


class MeasuringTrainer(GRPOTrainer):
    """To be put before a trainer of TRL's among the bases of a class."""

    args: GRPOConfig
    model: PreTrainedModel

    def _log(self, name: str, value: float) -> None:
        self._metrics["train" if self.model.training else "eval"][name].append(value)

    def _moments(self, values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Over all processes."""
        summed: torch.Tensor = self.accelerator.reduce(moments(values, mask), reduction="sum")
        return summed

    def _mean(self, values: torch.Tensor, mask: torch.Tensor) -> tuple[int, float]:
        """How many there are over all processes, and their mean."""
        found = self._moments(values, mask)
        return int(found[0].item()), mean_and_variance(found)[0].item()

    def _tokens(self, drawn: torch.Tensor) -> torch.Tensor:
        """How many tokens a step learns from, for each process and accumulated batch: TRL's own for its ``dapo``.

        Args:
            drawn: those of a generation in all processes.
        """
        tokens: torch.Tensor = drawn.clamp(min=1) / self.accelerator.num_processes
        if not self.model.training:
            return tokens
        return tokens * self.current_gradient_accumulation_steps / (self.args.steps_per_generation or 1)
