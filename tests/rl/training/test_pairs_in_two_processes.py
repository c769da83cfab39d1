"""Each of two processes writes about whole pairs, and pays them."""

from pathlib import Path

import pytest

from rl.config.policy import GRPORecipe
from rl.runs.rollouts import read_rollouts
from tests.rl.conftest import toy_book, toy_briefs
from tests.rl.training.sharded import launch
from tests.rl.training.trainers.test_pairs import twinned

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_pairs_are_whole_in_each_process(tiny_text: Path, tmp_path: Path):
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
            "save_strategy": "no",
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
    rollouts, briefs = read_rollouts(recipe.output), toy_briefs(file)
    for step in range(4):
        own = [rollout.episode.case for rollout in rollouts if rollout.step == step]
        for cases in (own[:8], own[8:]):  # of each process
            assert len(set(cases)) == 4
            assert all(briefs[case].case.twin in {None, *cases} for case in cases)
    assert any(rollout.advantage for rollout in rollouts)
