"""The kinds of training there are, by the name that recipes and the command line give them.

A new kind is a recipe class, a `rl.training.stage.Stage`, and a line here. Loads no torch: the module of a stage is
imported when something is to be trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import DataError, suggest
from rl.config.policy import DistilRecipe, GRPORecipe, PPORecipe
from rl.config.retriever import RetrieverRecipe
from rl.config.train import RewardRecipe, SFTRecipe, TrainRecipe
from rl.runs.folder import RunFolder
from rl.terminal.session import session
from rl.terminal.snapshot import Watch

if TYPE_CHECKING:
    from rl.training.stage import Stage


@dataclass(frozen=True)
class Kind:
    """One kind of training."""

    recipe: type[TrainRecipe]
    stage: str
    """Module and class of its stage."""
    help: str
    """What it does, in one line."""

    @property
    def name(self) -> str:
        return self.recipe.kind


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            SFTRecipe,
            "rl.training.sft:SFTStage",
            "Supervised fine-tuning: learn to write the rulings that gold states.",
        ),
        Kind(
            RewardRecipe,
            "rl.training.reward:RewardStage",
            "A reward model: learn from pairs of rulings which is better, to be a rubric's reward_model.",
        ),
        Kind(
            GRPORecipe,
            "rl.training.grpo:GRPOStage",
            "Reinforcement learning: learn from what a rubric says of the model's own rulings.",
        ),
        Kind(
            PPORecipe,
            "rl.training.ppo:PPOStage",
            "Reinforcement learning with a critic, which foresees what a ruling will earn.",
        ),
        Kind(
            DistilRecipe,
            "rl.training.distil:DistilStage",
            "Distillation: learn, token by token, from the model itself told more, or from a larger one on a server.",
        ),
        Kind(
            RetrieverRecipe,
            "rl.training.retriever:RetrieverStage",
            "A retriever: learn from gold to find the rules that a case breaks, in a rulebook of any size.",
        ),
    )
}


def find_kind(name: str) -> Kind:
    """The kind of that name.

    Raises:
        DataError: there is none; names the nearest.
    """
    if name not in KINDS:
        raise DataError(f"there is no training of kind '{name}'{suggest(name, KINDS)}: choose from {', '.join(KINDS)}")
    return KINDS[name]


def load_recipe(kind: str, config: str, overrides: Mapping[str, Any] | None = None) -> TrainRecipe:
    """A recipe of a kind.

    Args:
        kind: a name in `KINDS`.
        config: the recipe's file or name.
        overrides: recipe keys to values.

    Raises:
        DataError: there is no such kind or recipe, or the recipe is not as it should be.
    """
    return find_kind(kind).recipe.load(config, overrides)


def stage_of(recipe: TrainRecipe) -> "Stage[Any]":
    """What trains as a recipe says; loads torch."""
    module, _, name = find_kind(recipe.kind).stage.partition(":")
    stage: Stage[Any] = getattr(import_module(module), name)(recipe)
    return stage


def train(recipe: TrainRecipe, resume: bool = False, watch: Watch | None = None) -> Path:
    """Trains as a recipe says, and shows how far it is (see `rl.terminal.session`).

    Args:
        recipe: of any kind, such as ``GRPORecipe.load("billboard/grpo")``.
        resume: go on from the newest complete checkpoint, as if the run had never stopped; where there is none, begin.
        watch: is told of each step as well.

    Returns:
        The folder of the final checkpoint.

    Raises:
        DataError: the recipe, the data or the model are not as they should be, or another process is training there.
    """
    run = RunFolder(recipe.output)
    with session(recipe.name, run.messages, run.final, watch) as show:
        return stage_of(recipe).train(resume, show)
