"""Where nothing is unscored and every case has a picture, our GRPO trainer is TRL's: same losses, same weights."""

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from trl import GRPOConfig, GRPOTrainer

from rewards import Component, Scorecard
from rl.config.model import ModelConfig
from rl.models.load import context_length, load_model, load_processor
from rl.training.rows import rows_for_rl
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.scored_positions import labelled_positions_only
from tests.rl.conftest import toy_briefs
from tests.rl.training.toy_reward import RULING, ToyReward

SETTINGS = {
    "aligned": {"scale_rewards": "batch", "loss_type": "dr_grpo"},
    "reference": {"beta": 0.1, "scale_rewards": "none"},
    "off-policy": {"steps_per_generation": 2, "num_iterations": 2, "per_device_train_batch_size": 4},
    "accumulated": {"gradient_accumulation_steps": 2, "per_device_train_batch_size": 4, "loss_type": "grpo"},
}


class NeverFlat(ToyReward):
    """Hardly any two texts earn the same. So every completion has an advantage, none is left out of a batch, and what
    is added up is added up in the same order.
    """

    def card(self, text: str, case: str) -> Scorecard:
        total = sum(map(ord, text)) % 997 / 997
        return Scorecard(case, RULING, total, {"letters": Component("letters", total, "", 1.0, total)})


class HalfFlat(ToyReward):
    """Nothing that is written on every other case makes a difference."""

    def card(self, text: str, case: str) -> Scorecard:
        return super().card("" if int(case[-1]) % 2 else text, case)


def trained(
    kind: str, settings: dict, toy: Path, model: Path, output: Path, reward: type[ToyReward] = ToyReward
) -> tuple[list[float], dict]:
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
        max_steps=4,
        num_generations=4,
        max_completion_length=8,
        **{"per_device_train_batch_size": 8, "learning_rate": 1e-3} | settings,
    )
    # Few enough that one epoch is enough: from the second on, the order of the data is ours.
    rows = rows_for_rl(toy_briefs(toy / "cases.jsonl", 32), processor, context_length(policy), 8, "compact")
    shared = {"model": policy, "args": args, "train_dataset": rows, "processing_class": processor}
    if kind == "ours":
        trainer = RulingGRPOTrainer(reward=reward(fails=False), rollouts=output / "rollouts", **shared)
    else:
        trainer = GRPOTrainer(reward_funcs=reward(fails=False), **shared)
    with labelled_positions_only() if kind == "trl as on a GPU" else nullcontext():
        trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry], policy.state_dict()


@pytest.mark.parametrize("name", SETTINGS)
def test_losses_and_weights_are_those_of_trl(name: str, toy: Path, tiny_vl: Path, tmp_path: Path):
    losses, weights = trained("ours", SETTINGS[name], toy, tiny_vl, tmp_path / "ours", NeverFlat)
    expected_losses, expected = trained("trl as on a GPU", SETTINGS[name], toy, tiny_vl, tmp_path / "trl", NeverFlat)
    assert losses == expected_losses
    assert any(loss != 0 for loss in losses)
    for key, weight in expected.items():
        assert torch.equal(weights[key], weight), key


@pytest.mark.parametrize("loss", ["dapo", "grpo"])
def test_completions_without_advantage_are_left_out_and_nothing_changes(
    loss: str, toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trained_on, compute = [], GRPOTrainer._compute_loss

    def spied(self, model, inputs):
        trained_on.append(len(inputs["advantages"]))
        return compute(self, model, inputs)

    monkeypatch.setattr(GRPOTrainer, "_compute_loss", spied)
    settings = {"loss_type": loss, "scale_rewards": "batch", "learning_rate": 1e-4}
    losses, weights = trained("ours", settings, toy, tiny_vl, tmp_path / "ours", HalfFlat)
    ours, trained_on[:] = trained_on[:], []
    expected_losses, expected = trained("trl", settings, toy, tiny_vl, tmp_path / "trl", HalfFlat)
    assert trained_on == [8] * 4
    assert (min(ours) < 8) is (loss == "dapo")  # which divides by the tokens of the whole batch
    assert losses == pytest.approx(expected_losses, abs=1e-6)
    assert any(loss != 0 for loss in losses)
    for key, weight in expected.items():
        torch.testing.assert_close(weights[key], weight, atol=2e-5, rtol=0, msg=key)
