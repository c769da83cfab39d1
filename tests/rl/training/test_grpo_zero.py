"""GRPO under DeepSpeed's ZeRO on two CPU processes. Accelerate can switch sharding off without a word: look for it."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe, PolicyRecipe
from rl.models.load import load_model
from rl.runs.rollouts import read_rollouts
from tests.rl.training.sharded import launch

pytest.importorskip("deepspeed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("config", ["zero2.yaml", "zero3.yaml"])
def test_two_processes_share_the_groups_and_resume(config: str, toy: Path, tiny_vl: Path, tmp_path: Path):
    recipe = GRPORecipe(
        name="zero",
        output=tmp_path / "run",
        model={"path": str(tiny_vl)},
        rubric="toy",
        data={"train": [str(toy / "cases.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        trainer={
            "max_steps": 4,
            "save_steps": 2,
            "per_device_train_batch_size": 6,  # a group of four lies across both processes
            "num_generations": 4,
            "max_completion_length": 8,
            "scale_rewards": "batch",
            "gradient_checkpointing": False,
            "learning_rate": 1e-3,
            "report_to": "none",
            "disable_tqdm": True,
        },
    )
    launch(recipe, config, "--tell", str(tmp_path / "told.json"))
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["wrapper"], told["processes"]) == ("DeepSpeedEngine", 2)

    rollouts, weights = read_rollouts(recipe.output), final_weights(recipe)
    assert len(rollouts) == 4 * 12
    for start in range(0, len(rollouts), 4):
        group = rollouts[start : start + 4]
        assert len({rollout.episode.case for rollout in group}) == 1
        assert [rollout.episode.sample for rollout in group] == [0, 1, 2, 3]
        assert abs(sum(rollout.advantage for rollout in group)) < 1e-4
    assert any(rollout.advantage for rollout in rollouts)
    before = load_model(ModelConfig(path=str(tiny_vl))).state_dict()
    assert any(not torch.equal(before[name], weight) for name, weight in weights.items())

    for name in ("checkpoint-4", "final"):  # as if killed after the third step
        shutil.rmtree(recipe.output / "checkpoints" / name)
    launch(recipe, config, "--resume")
    assert read_rollouts(recipe.output) == rollouts
    resumed = final_weights(recipe)
    assert all(torch.equal(resumed[name], weight) for name, weight in weights.items())


def final_weights(recipe: PolicyRecipe) -> dict[str, torch.Tensor]:
    return load_model(ModelConfig(path=str(recipe.output))).state_dict()
