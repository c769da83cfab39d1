"""A CPU scores what has a label, and the loss and its gradients stay what TRL makes them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from trl.trainer import utils

from rl.training.trainers.sft import RulingSFTTrainer, SFTTrainer
from tests.rl.training.test_sft import recipe_for, trainer_for


def test_prompts_and_padding_are_not_scored_and_nothing_changes(
    toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_for(recipe_for(toy, tiny_vl, tmp_path))
    batch = next(iter(trainer.get_train_dataloader()))
    scored = []
    kernel = utils._ChunkedLogProbFunction.apply

    def noted(hidden: torch.Tensor, *args: Any) -> Any:
        scored.append(len(hidden))
        return kernel(hidden, *args)

    monkeypatch.setattr(utils._ChunkedLogProbFunction, "apply", noted)

    def loss_of(trainer_class: type[SFTTrainer]) -> tuple[float, list[torch.Tensor]]:
        trainer.model.zero_grad()
        loss = trainer_class.compute_loss(trainer, trainer.model, dict(batch))
        loss.backward()
        return loss.item(), [weight.grad.clone() for weight in trainer.model.parameters() if weight.grad is not None]

    ours, gradients = loss_of(RulingSFTTrainer)
    theirs, their_gradients = loss_of(SFTTrainer)
    labels = batch["labels"][:, 1:]
    assert scored == [(labels != -100).sum(), labels.numel()]
    assert ours == pytest.approx(theirs, rel=1e-6)
    for gradient, their_gradient in zip(gradients, their_gradients, strict=True):
        torch.testing.assert_close(gradient, their_gradient, rtol=1e-4, atol=1e-6)
