"""Where nothing is unscored and every case has a picture, our GRPO trainer is TRL's: same losses, same weights."""

from pathlib import Path

import pytest
import torch
from trl import GRPOConfig, GRPOTrainer

from data import Rulebook, load_cases
from rl.grpo_trainer import RulingGRPOTrainer
from rl.model_config import ModelConfig
from rl.models import context_length, load_model, load_processor
from rl.rows import rows_for_rl
from tests.rl.toy_reward import ToyReward

SETTINGS = {
    "aligned": {"scale_rewards": "batch"},
    "reference": {"beta": 0.1, "scale_rewards": "none"},
    "off-policy": {"steps_per_generation": 2, "num_iterations": 2, "per_device_train_batch_size": 4},
    "accumulated": {"gradient_accumulation_steps": 2, "per_device_train_batch_size": 4, "loss_type": "grpo"},
}


def trained(kind: str, settings: dict, toy: Path, model: Path, output: Path) -> tuple[list[float], dict]:
    config = ModelConfig(path=str(model))
    processor, policy = load_processor(model), load_model(config)
    args = GRPOConfig(
        output_dir=str(output),
        seed=3,
        report_to="none",
        bf16=False,
        gradient_checkpointing=False,
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        learning_rate=1e-3,
        max_steps=4,
        num_generations=4,
        max_completion_length=8,
        generation_kwargs={"suppress_tokens": [policy.config.image_token_id]},  # the default from TRL 1.16 on
        **{"per_device_train_batch_size": 8} | settings,
    )
    book = Rulebook.load(toy / "rules.yaml")
    # Few enough that one epoch is enough: from the second on, the order of the data is ours.
    rows = rows_for_rl(load_cases(toy / "cases.jsonl")[:32], book, processor, context_length(policy), 8, "compact")
    shared = {"model": policy, "args": args, "train_dataset": rows, "processing_class": processor}
    if kind == "ours":
        trainer = RulingGRPOTrainer(reward=ToyReward(fails=False), rollouts=output / "rollouts", **shared)
    else:
        trainer = GRPOTrainer(reward_funcs=ToyReward(fails=False), **shared)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry], policy.state_dict()


@pytest.mark.parametrize("name", SETTINGS)
def test_losses_and_weights_are_those_of_trl(name: str, toy: Path, tiny_vl: Path, tmp_path: Path):
    losses, weights = trained("ours", SETTINGS[name], toy, tiny_vl, tmp_path / "ours")
    expected_losses, expected = trained("trl", SETTINGS[name], toy, tiny_vl, tmp_path / "trl")
    assert losses == expected_losses
    assert any(loss != 0 for loss in losses)
    for key, weight in expected.items():
        assert torch.equal(weights[key], weight), key
