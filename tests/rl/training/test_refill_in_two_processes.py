"""Two processes draw equally often for what is flat, know the same of what is mastered, and resume exactly."""

import shutil
from pathlib import Path

import pytest
import torch

from rl.config.policy import GRPORecipe
from rl.runs.rollouts import read_rollouts
from tests.rl.training.sharded import launch, weights_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("config", ["cpu.yaml", "zero3.yaml"])
def test_two_processes_do_the_same_rounds_and_resume(config: str, toy: Path, tiny_vl: Path, tmp_path: Path):
    if config.startswith("zero"):
        pytest.importorskip("deepspeed")
    recipe = GRPORecipe(
        name="refill",
        output=tmp_path / "run",
        model={"path": str(tiny_vl)},
        rubric="toy",
        refill=3,
        mastered={"pass_rate": 0.5},
        data={"train": [str(toy / "cases.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        trainer={
            "max_steps": 6,  # an epoch has four
            "save_steps": 5,
            "per_device_train_batch_size": 16,
            "num_generations": 2,
            "max_completion_length": 8,
            "scale_rewards": "batch",
            "gradient_checkpointing": False,
            "learning_rate": 1e-3,
            "report_to": "none",
            "disable_tqdm": True,
        },
    )
    launch(recipe, config)
    rollouts, weights = read_rollouts(recipe.output), weights_of(recipe)
    for step in range(6):
        own = [rollout for rollout in rollouts if rollout.step == step]
        assert len([rollout for rollout in own if not rollout.round]) == 32
        assert len({(rollout.episode.case, rollout.episode.sample) for rollout in own}) == len(own)
        for number in {rollout.round for rollout in own} - {0}:
            drawn = sum(rollout.round == number for rollout in own)
            assert drawn and drawn % 4 == 0, "as many groups in one process as in the other"
    assert max(rollout.round for rollout in rollouts) > 1
    assert any(rollout.round and rollout.advantage for rollout in rollouts)

    for name in ("checkpoint-6", "final"):  # as if killed in the last step
        shutil.rmtree(recipe.output / "checkpoints" / name)
    launch(recipe, config, "--resume")
    assert read_rollouts(recipe.output) == rollouts
    resumed = weights_of(recipe)
    assert all(torch.equal(resumed[name], weight) for name, weight in weights.items())
