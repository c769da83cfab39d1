"""PPO on a shared trunk under DeepSpeed's ZeRO-2 on two CPU processes: one engine and one optimiser for both."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rl.config.model import ModelConfig
from rl.config.policy import PPORecipe
from rl.models.load import load_model
from rl.runs.rollouts import read_rollouts
from tests.rl.training.sharded import launch, weights_of
from tests.rl.training.test_ppo import make_recipe

pytest.importorskip("deepspeed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CONFIG = "zero2.yaml"


def test_two_processes_train_policy_and_critic_and_resume(toy: Path, tiny_vl: Path, tmp_path: Path):
    trainer = {
        "max_steps": 4,
        "per_device_train_batch_size": 4,
        "steps_per_generation": 2,
        "num_generations": 2,
        "disable_tqdm": True,
    }
    recipe = make_recipe(toy, tiny_vl, tmp_path / "run", trainer=trainer)
    launch(recipe, CONFIG, "--tell", str(tmp_path / "told.json"))
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["wrapper"], told["processes"]) == ("DeepSpeedEngine", 2)

    rollouts, weights, critic = read_rollouts(recipe.output), weights_of(recipe), head(recipe)
    assert len(rollouts) == 2 * 16 and any(rollout.advantage for rollout in rollouts)
    assert critic.keys() == {"critic.score.weight"} and critic["critic.score.weight"].shape == (1, 64)
    assert critic["critic.score.weight"].all(), "it begins at 0"
    before = load_model(ModelConfig(path=str(tiny_vl))).state_dict()
    assert any(not torch.equal(before[name], weight) for name, weight in weights.items())

    for name in ("checkpoint-4", "final"):  # as if killed after the third step
        shutil.rmtree(recipe.output / "checkpoints" / name)
    launch(recipe, CONFIG, "--resume")
    assert read_rollouts(recipe.output) == rollouts
    resumed = weights_of(recipe)
    assert all(torch.equal(resumed[name], weight) for name, weight in weights.items())
    assert torch.equal(head(recipe)["critic.score.weight"], critic["critic.score.weight"])


def head(recipe: PPORecipe) -> dict[str, torch.Tensor]:
    return load_file(recipe.output / "checkpoints" / "checkpoint-4" / "critic.safetensors")
