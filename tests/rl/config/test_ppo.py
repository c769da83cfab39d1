"""What is PPO's own in a recipe."""

from typing import Any

import pytest

from data import DataError
from rl.config import CriticConfig, KLConfig, PPORecipe


@pytest.mark.parametrize(
    ("section", "settings", "message"),
    [
        (CriticConfig, {"layout": "trunk", "stop_gradient": True}, "'stop_gradient' is for layout 'head'"),
        (CriticConfig, {"trunk_learning_rate": 1e-4}, "'trunk_learning_rate' is for layouts 'adapter' and 'trunk'"),
        (CriticConfig, {"layout": "heads"}, "'head', 'adapter' or 'trunk'"),
        (CriticConfig, {"clip": 0}, "greater than 0"),
        (KLConfig, {"target": 1.0}, "must begin above 0"),
        (KLConfig, {"estimator": "k4"}, "'k1', 'k2' or 'k3'"),
    ],
)
def test_what_does_not_go_together_is_refused(section: type, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        section(**settings)


@pytest.mark.parametrize(("key", "instead"), [("beta", "kl.coefficient"), ("scale_rewards", "advantage.whiten")])
def test_what_is_trls_for_grpo_names_what_to_set_instead(key: str, instead: str) -> None:
    with pytest.raises(DataError, match=rf"trainer\.{key} cannot be set.*{instead}"):
        PPORecipe.load("billboard/ppo", {key: "0.1"})


@pytest.mark.parametrize(
    "batches",
    [
        {"per_device_train_batch_size": 3},
        {"per_device_train_batch_size": 5, "steps_per_generation": 2},
        {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 6},
        {"per_device_train_batch_size": 3, "generation_batch_size": 9},
    ],
)
def test_one_completion_a_case_is_enough(batches: dict[str, int]) -> None:
    recipe = PPORecipe.load("billboard/ppo", {"steps_per_generation": None, **batches, "data.valid": "valid.jsonl"})
    arguments = recipe.arguments(bf16=False)
    assert arguments.num_generations == arguments.num_generations_eval == 1
