"""Every kind of training there is, from one table."""

import inspect

import pytest
import typer

from data import DataError
from rl.cli.train import app
from rl.config import DistilRecipe, EvalRecipe, GRPORecipe, PPORecipe, RetrieverRecipe, RewardRecipe, SFTRecipe
from rl.config.recipe import shipped_recipes
from rl.training import train
from rl.training.registry import KINDS, find_kind, load_recipe, stage_of

GIVEN = {"name": "mine", "data": {"train": "cases.jsonl", "rulebook": "rules.yaml"}, "model": {"path": "somewhere"}}


def test_every_kind_has_a_whole_stage_a_verb_and_a_recipe_to_begin_with() -> None:
    assert list(KINDS) == ["sft", "reward", "grpo", "ppo", "distil", "retriever"]
    recipes = {
        "sft": SFTRecipe(**GIVEN),
        "reward": RewardRecipe(**GIVEN, pairs="pairs.jsonl"),
        "grpo": GRPORecipe(**GIVEN, rubric="default"),
        "ppo": PPORecipe(**GIVEN, rubric="default"),
        "distil": DistilRecipe(**GIVEN, rubric="default"),
        "retriever": RetrieverRecipe(**GIVEN),
    }
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert verbs.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        stage = stage_of(recipes[name])
        assert not inspect.isabstract(type(stage)) and stage.recipe is recipes[name]
        assert verbs[name].help == kind.help and "\n" not in kind.help
        assert shipped_recipes(name)[0] in verbs[name].epilog


def test_a_recipe_is_loaded_as_its_kind_has_it() -> None:
    assert isinstance(load_recipe("grpo", "billboard"), GRPORecipe)
    assert load_recipe("sft", "billboard/sft", {"max_steps": "7"}).trainer["max_steps"] == 7


def test_an_unknown_kind_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(
        DataError, match=r"no training of kind 'grop' \(did you mean 'grpo'\?\): choose from sft, reward, grpo, ppo"
    ):
        find_kind("grop")
    with pytest.raises(DataError, match="no training of kind 'dpo'"):
        load_recipe("dpo", "billboard")
    with pytest.raises(DataError, match="no training of kind 'eval'"):
        train(EvalRecipe(name="mine", data="cases.jsonl", rulebook="rules.yaml"))  # type: ignore[arg-type]
