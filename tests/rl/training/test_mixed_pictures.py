"""Cases with pictures beside cases without, where processes share weights: what is scored and compared in pieces.

That two processes learn from them what one does, `test_processes_are_one.py` holds.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe, PolicyRecipe, PPORecipe
from rl.config.ppo import CriticConfig
from rl.config.train import RewardRecipe, TrainRecipe
from rl.models.load import load_model
from rl.runs.rollouts import read_rollouts
from tests.rl.conftest import toy_briefs
from tests.rl.preferences import save_halves
from tests.rl.training.mixed import save_mixed
from tests.rl.training.sharded import launch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SHARED = ["zero2.yaml", "zero3.yaml"]
SEEN = [True, False, False, True, True, True, False, False]
"""Which cases have a picture."""
QUICK = {
    "gradient_checkpointing": False,
    "learning_rate": 1e-3,
    "logging_steps": 1,
    "max_grad_norm": 100.0,  # what is clipped would hide what is wrong
    "max_steps": 4,
    "report_to": "none",
    "save_strategy": "no",
}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_mixed(tmp_path_factory.mktemp("mixed"), SEEN)


def settings(toy: Path, mixed: Path, model: Path, output: Path, **trainer: Any) -> dict[str, Any]:
    data = {"train": [str(mixed)], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    return {
        "name": "mixed",
        "output": output,
        "model": {"path": str(model), "dtype": "float32"},
        "data": data,
        "trainer": QUICK | trainer,
    }


def trained(recipe: TrainRecipe, config: str, processes: int) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """What the run said of itself, and its weights."""
    told = recipe.output.with_suffix(".told")
    launch(recipe, config, "--tell", str(told), "--script", processes=processes)
    return json.loads(told.read_text()), load_model(ModelConfig(path=str(recipe.output))).state_dict()


@pytest.mark.parametrize("kind", [GRPORecipe, partial(PPORecipe, critic=CriticConfig(layout="trunk"))])
@pytest.mark.parametrize("config", SHARED)
def test_completions_are_scored_in_as_many_pieces(
    config: str, kind: Callable[..., PolicyRecipe], toy: Path, mixed: Path, tiny_vl: Path, tmp_path: Path
) -> None:
    """One process has cases of both kinds, the other of one: each piece of the batch is one for all."""
    pytest.importorskip("deepspeed")
    policy = {
        "max_completion_length": 8,
        "num_generations": 2,
        "per_device_train_batch_size": 2,
        "shuffle_dataset": False,
        "steps_per_generation": 2,  # what wrote the completions is asked for their probabilities, two at a time
    }
    recipe = kind(**settings(toy, mixed, tiny_vl, tmp_path / "run", **policy), rubric="toy")
    if recipe.kind == "grpo":
        recipe.trainer["scale_rewards"] = "batch"
    told, _ = trained(recipe, config, 2)
    assert (told["wrapper"], told["processes"]) == ("DeepSpeedEngine", 2)
    assert len(read_rollouts(recipe.output)) == 16


@pytest.mark.parametrize("config", SHARED)
def test_a_reward_model_learns_from_pairs_of_both_kinds(config: str, mixed: Path, tiny_vl: Path, tmp_path: Path, toy):
    pytest.importorskip("deepspeed")
    pairs, _ = save_halves(toy_briefs(mixed), tmp_path / "pairs")
    given = settings(toy, mixed, tiny_vl, tmp_path / "run", per_device_train_batch_size=1)
    told_in = tmp_path / "run.told"
    launch(RewardRecipe(**given, pairs=str(pairs)), config, "--tell", str(told_in))
    told = json.loads(told_in.read_text())
    assert (told["wrapper"], told["processes"]) == ("DeepSpeedEngine", 2)
    assert len([entry for entry in told["log"] if "loss" in entry]) == QUICK["max_steps"]
