"""GRPO under DeepSpeed's ZeRO-3 on two CPU processes. Accelerate can switch it off without a word: look for it."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from data import load_cases, save_cases
from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe
from rl.models.load import load_model
from rl.runs.checkpoints import newest_checkpoint
from rl.runs.folder import RunFolder
from rl.runs.rollouts import read_rollouts
from rl.training.trainers.reviews import Reviews
from tests.rl.training.sharded import launch, weights_of

pytest.importorskip("deepspeed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CONFIG = "zero3.yaml"


def test_two_processes_share_the_groups_and_resume(toy: Path, tiny_vl: Path, tmp_path: Path):
    valid = tmp_path / "valid.jsonl"
    cases = load_cases(toy / "text.jsonl")[:3]  # two for one process, one for the other
    save_cases([case.model_copy(update={"id": f"valid-{case.id}"}) for case in cases], valid)
    recipe = GRPORecipe(
        name="zero",
        output=tmp_path / "run",
        model={"path": str(tiny_vl)},
        rubric="toy",
        data={
            "train": [str(toy / "cases.jsonl")],
            "valid": [str(valid)],
            "rulebook": str(toy / "rules.yaml"),
            "template": "compact",
        },
        select={"every": 2, "max_new_tokens": 8},
        trainer={
            "max_steps": 4,
            "save_steps": 2,
            "per_device_train_batch_size": 6,  # a group of four lies across both processes
            "num_generations": 4,
            "max_completion_length": 8,
            "scale_rewards": "batch",
            "gradient_checkpointing": False,
            "learning_rate": 1e-3,
            "eval_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
        },
    )
    launch(recipe, CONFIG, "--tell", str(tmp_path / "told.json"))
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["wrapper"], told["processes"]) == ("DeepSpeedEngine", 2)

    rollouts, (second, weights) = read_rollouts(recipe.output), (weights_of(recipe, step) for step in (2, 4))
    reviews = Reviews.of(newest_checkpoint(RunFolder(recipe.output)))
    assert [(review.step, review.value) for review in reviews.reviews] == [(2, 0.0), (4, 0.0)], "nothing is learned"
    assert same(weights_of(recipe), second) and not same(second, weights), "of equals, the first is taken"
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
    launch(recipe, CONFIG, "--resume")
    assert read_rollouts(recipe.output) == rollouts
    assert same(weights_of(recipe, 4), weights) and same(weights_of(recipe), second)
    assert Reviews.of(newest_checkpoint(RunFolder(recipe.output))) == reviews


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], weight) for name, weight in other.items())
