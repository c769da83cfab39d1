"""SupervisedStage: what kinds of training have in common whose model learns from what is written already."""

from abc import ABC
from collections.abc import Callable
from typing import Any, TypeVar

from transformers import TrainingArguments

from data import DataError
from rl.config.train import SupervisedRecipe
from rl.training.launch.sharding import Sharding
from rl.training.stage import Stage
from rl.training.trainers.muon import NOT_SHARDED, MuonAndAdamW, muon

OneRecipe = TypeVar("OneRecipe", bound=SupervisedRecipe)


class SupervisedStage(Stage[OneRecipe], ABC):
    """Completions are shown to the model, and the optimiser may be Muon."""

    imitates = True

    def check(self, arguments: TrainingArguments) -> None:
        self.optimizer(arguments)

    def check_sharded(self, sharding: Sharding) -> None:
        super().check_sharded(sharding)
        if self.recipe.muon:
            raise DataError(NOT_SHARDED, field="muon")

    def optimizer(
        self, arguments: TrainingArguments
    ) -> tuple[Callable[[], type[MuonAndAdamW]], dict[str, Any]] | None:
        """What the trainer builds its optimiser from; None where that is its own business.

        Raises:
            DataError: the run is sharded, and Muon is asked for.
        """
        return muon(arguments) if self.recipe.muon else None
