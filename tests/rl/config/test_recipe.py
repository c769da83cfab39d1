"""Recipes are found by file or by name, and know what they do not know."""

from pathlib import Path

import pytest

from data import DataError
from rl.config import EvalRecipe, SFTRecipe
from rl.config.recipe import SHIPPED, find_recipe, shipped_recipes
from rl.config.train import TrainRecipe
from rl.training.registry import KINDS

RECIPES = {EvalRecipe.kind: EvalRecipe} | {name: kind.recipe for name, kind in KINDS.items()}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_shipped_recipes_are_sound(path: Path) -> None:
    recipe = RECIPES[path.stem].load(f"{path.parent.name}/{path.stem}")
    assert recipe.name == f"{path.parent.name}-{path.stem}"
    if isinstance(recipe, TrainRecipe):
        recipe.arguments(bf16=False)


def test_a_kind_needs_not_be_named() -> None:
    assert find_recipe("billboard", "grpo") == SHIPPED / "billboard" / "grpo.yaml"
    with pytest.raises(DataError, match=r"no such recipe \(did you mean 'billboard/sft'\?\)"):
        find_recipe("bilboard/sft")


def test_shipped_recipes_are_listed_by_kind() -> None:
    assert "billboard/eval" in shipped_recipes()
    assert shipped_recipes("sft") == [name for name in shipped_recipes() if name.endswith("/sft")] != []


def test_the_output_follows_the_name(tmp_path: Path) -> None:
    minimal = tmp_path / "recipe.yaml"
    minimal.write_text("name: mine\ndata: {train: cases.jsonl, rulebook: rules.yaml}\nmodel: {path: somewhere}\n")
    assert SFTRecipe.load(minimal).output == Path("runs/mine")
    assert SFTRecipe.load(minimal, {"output": "elsewhere"}).output == Path("elsewhere")
