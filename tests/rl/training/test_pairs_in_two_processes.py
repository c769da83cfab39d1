"""Each of two processes writes about whole pairs, pays them, and resumes exactly."""

import shutil
from pathlib import Path

import pytest
import torch

from rl.config.policy import GRPORecipe
from rl.runs.rollouts import read_rollouts
from tests.rl.conftest import toy_book, toy_briefs
from tests.rl.training.sharded import launch
from tests.rl.training.test_grpo_zero import final_weights
from tests.rl.training.trainers.test_pairs import twinned

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_pairs_are_whole_in_each_process_and_after_a_resume(tiny_text: Path, tmp_path: Path):
    file = twinned(tmp_path, 8, 2)
    toy_book().dump(tmp_path / "rules.yaml")
    recipe = GRPORecipe(
        name="pairs",
        output=tmp_path / "run",
        model={"path": str(tiny_text)},
        rubric="toy",
        pair={"kind": "product", "share": 0.5},
        data={"train": [str(file)], "rulebook": str(tmp_path / "rules.yaml"), "template": "compact"},
        trainer={
            "max_steps": 4,  # an epoch has two
            "save_steps": 3,
            "per_device_train_batch_size": 8,
            "num_generations": 2,
            "max_completion_length": 6,
            "scale_rewards": "batch",
            "gradient_checkpointing": False,
            "learning_rate": 1e-3,
            "report_to": "none",
            "disable_tqdm": True,
        },
    )
    launch(recipe, "cpu.yaml")
    rollouts, weights, briefs = read_rollouts(recipe.output), final_weights(recipe), toy_briefs(file)
    for step in range(4):
        own = [rollout.episode.case for rollout in rollouts if rollout.step == step]
        for cases in (own[:8], own[8:]):  # of each process
            assert len(set(cases)) == 4
            assert all(briefs[case].case.twin in {None, *cases} for case in cases)
    assert any(rollout.advantage for rollout in rollouts)

    for name in ("checkpoint-4", "final"):  # as if killed in the last step
        shutil.rmtree(recipe.output / "checkpoints" / name)
    launch(recipe, "cpu.yaml", "--resume")
    assert read_rollouts(recipe.output) == rollouts
    resumed = final_weights(recipe)
    assert all(torch.equal(resumed[name], weight) for name, weight in weights.items())
