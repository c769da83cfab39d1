"""The trainer's numbers are finite and in range, and every number that has a range is TRL's."""

import math
from typing import Any

import pytest

from rl.config import GRPORecipe, RewardRecipe, SFTRecipe
from rl.config.ranges import RANGES, check_range


def test_every_range_is_for_a_field_of_a_trainer() -> None:
    assert RANGES.keys() <= {name for kind in (SFTRecipe, GRPORecipe, RewardRecipe) for name in kind.trainer_fields()}


@pytest.mark.parametrize("recipe", [SFTRecipe, GRPORecipe])
def test_what_trl_does_by_default_is_in_range(recipe: Any) -> None:
    for field in recipe.config_class().__dataclass_fields__.values():
        if isinstance(field.default, int | float):
            check_range(field.name, field.default)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_steps", 0),
        ("max_steps", -2),
        ("num_generations", 1),
        ("top_p", 0),
        ("top_p", 1.5),
        ("adam_beta1", 1),
        ("save_steps", 10**30),
        ("reward_weights", [1.0, math.nan]),
        ("lr_scheduler_kwargs", {"a": {"b": math.inf}}),
        ("anything", -math.inf),
    ],
)
def test_what_is_not_in_range_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^trainer\.{key}"):
        check_range(key, value)


def test_the_ends_that_are_open_and_what_switches_off() -> None:
    for key, value in (("max_steps", -1), ("max_steps", 1), ("top_p", 1), ("adam_beta1", 0), ("logging_steps", 0.1)):
        check_range(key, value)
