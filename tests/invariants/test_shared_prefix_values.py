"""PPO's critic foresees the same in packed rows, and both losses have the same gradients, in each of its layouts."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from rl.models.critic import is_critics
from rl.training.trainers.ppo import RulingPPOTrainer
from tests.rl.training.test_ppo import LORA, Totals, make_trainer

TOTALS = [1.0, -2.0, 0.5, 3.0, None, 1.0, 2.0, -1.0]
TRAINER: dict[str, Any] = {"num_generations": 4, "max_completion_length": 8}
SETTINGS: dict[str, dict[str, Any]] = {
    "one pass": {"per_device_train_batch_size": 8},
    "a group at a time, in TRL's own pass": {"per_device_train_batch_size": 4, "steps_per_generation": 2},
    "one completion a case": {"per_device_train_batch_size": 8, "num_generations": 1},
}
KINDS = {"tiny_vl": SETTINGS, "tiny_text": SETTINGS, "tiny_llava": ("one pass", "one completion a case")}
"""Where TRL asks LLaVA-OneVision for the probabilities of what was drawn, it crashes on pictures."""


def foreseen(trainer: RulingPPOTrainer) -> tuple[dict[str, Any], float, dict[str, torch.Tensor]]:
    """A batch of the same completions for all, ragged, one of them the end of the turn and nothing else; its loss and
    gradients.
    """
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in sorted(trainer.model.named_parameters()):
            if weight.requires_grad and (is_critics(name) or "lora_B" in name):
                weight.add_(torch.randn(weight.shape, generator=draw) * 0.05)

    def scripted(prompt_ids: list, *args: Any, **kwargs: Any) -> Any:
        drawn, end = random.Random(3), trainer._tokenizer.eos_token_id
        sizes = [0] + [drawn.choice([2, 5, 8]) for _ in prompt_ids[1:]]
        return [[drawn.randrange(100, 300) for _ in range(size)] + [end] * (size < 8) for size in sizes], None

    trainer._generate_single_turn = scripted  # type: ignore[method-assign]
    trainer.model.train()
    group = trainer.num_generations or 1
    batch = trainer._generate_and_score_completions([trainer.train_dataset[n // group] for n in range(8)])
    trainer.current_gradient_accumulation_steps = 1
    loss = trainer._compute_loss(trainer.model, dict(batch))
    loss.backward()
    learned = {name: weight.grad for name, weight in trainer.model.named_parameters() if weight.grad is not None}
    return batch, loss.item(), learned


@pytest.mark.parametrize(("kind", "settings"), [(kind, settings) for kind in KINDS for settings in KINDS[kind]])
@pytest.mark.parametrize("layout", ["head", "adapter", "trunk"])
def test_values_losses_and_gradients(
    kind: str, layout: str, settings: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
):
    sections = {
        "critic": {"layout": layout},
        "kl": {"coefficient": 0.0 if kind == "tiny_llava" else 0.1},
        "lora": LORA if layout == "adapter" else None,
        "trainer": TRAINER | SETTINGS[settings],
    }
    model, trainers = request.getfixturevalue(kind), []
    for shared in (True, False):
        torch.manual_seed(0)  # adapters begin at random
        trainers.append(
            make_trainer(toy, model, tmp_path / str(shared), Totals(TOTALS), shared_prefix=shared, **sections)
        )
    (batch, loss, gradients), (dense, theirs, others) = map(foreseen, trainers)
    assert [trainer.shares for trainer in trainers] == [True, False]
    assert "prompts" in batch and "prompts" not in dense
    mask = dense["completion_mask"].bool()
    assert (dense["old_values"][mask].std() > 1e-3) and loss
    for name in {"old_values", "returns", "advantages", "ref_per_token_logps"} & dense.keys():
        torch.testing.assert_close(batch[name][mask], dense[name][mask], atol=2e-5, rtol=1e-4, msg=name)
    assert loss == pytest.approx(theirs, rel=1e-4)
    assert gradients.keys() == others.keys() and any(map(is_critics, others))
    largest = max(gradient.abs().max().item() for gradient in others.values())
    for name, gradient in others.items():
        scale = max(gradient.abs().max().item(), 1e-3 * largest)
        torch.testing.assert_close(gradients[name] / scale, gradient / scale, atol=1e-4, rtol=0, msg=name)
