"""OwnLossTrainer: a trainer whose loss is no model's own, and that has figures of each batch to tell beside it."""

from collections import defaultdict
from statistics import fmean
from typing import Any

import torch

from rl.training.trainers.resumable import ResumableTrainer


class OwnLossTrainer(ResumableTrainer):
    """`compute_loss` is its subclasses', the mean over what a batch has; what it notes is logged as means since the
    last time, with ``eval_`` before it where nothing is learnt.
    """

    model: torch.nn.Module

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = False  # the loss is a mean, and so one over batches that are accumulated
        self.can_return_loss = True
        self._metrics: dict[str, dict[str, list[float]]] = {"train": defaultdict(list), "eval": defaultdict(list)}
        self._tokens = 0

    def note(self, figures: dict[str, float], mask: torch.Tensor) -> None:
        """Keeps figures of a batch, of all processes, and counts its tokens.

        Args:
            mask: 1 at each token of this process, 0 at padding.
        """
        known = self._metrics["train" if self.model.training else "eval"]
        for name, figure in figures.items():
            known[name].append(figure)
        if self.model.training:
            self._tokens += int(self.accelerator.gather_for_metrics(mask.sum()).sum())
            known["num_tokens"] = [float(self._tokens)]

    def prediction_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The loss alone."""
        with torch.no_grad(), self.compute_loss_context_manager():
            loss: torch.Tensor = self.compute_loss(model, self._prepare_inputs(inputs))  # type: ignore[assignment]
        return loss.detach(), None, None

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        mode = "train" if self.model.training else "eval"
        prefix = "" if mode == "train" else "eval_"
        means = {prefix + name: fmean(values) for name, values in self._metrics[mode].items() if values}
        super().log(logs | means, start_time)
        self._metrics[mode].clear()
