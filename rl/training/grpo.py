"""GRPO: the model is rewarded for its own rulings, each against the others on the same case."""

from trl import GRPOConfig

from data import DataError
from rewards import Rubric
from rl.config.policy import GRPORecipe
from rl.training.policy import PolicyStage
from rl.training.stage import Parts
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.resumable import ResumableTrainer


class GRPOStage(PolicyStage[GRPORecipe]):
    """Advantages are totals, less those of the other completions on the case."""

    def check(self, arguments: GRPOConfig) -> None:
        super().check(arguments)
        check_prices_count(self.rubric, arguments)
        if self.recipe.refill and arguments.multi_objective_aggregation == "normalize_then_sum":
            raise DataError("does not go with refill: leave it out", field="trainer.multi_objective_aggregation")

    def facts(self, arguments: GRPOConfig) -> dict[str, str]:
        return {"rubric": f"{self.rubric.name}, advantages scaled by {arguments.scale_rewards}"}

    def trainer(self, parts: Parts) -> ResumableTrainer:
        return RulingGRPOTrainer(**self.for_policy(parts), refill=self.recipe.refill)


def check_prices_count(rubric: Rubric, arguments: GRPOConfig) -> None:
    """Refuses settings that divide by the spread of a group: all errors on one case have one price, and dividing
    makes every price the same.

    Raises:
        DataError: the rubric has prices and the settings would erase them.
    """
    if not rubric.has_prices:
        return
    why = "would erase the rubric's prices, by dividing by the spread of each case's completions"
    if arguments.scale_rewards == "group":
        raise DataError(f"'group' {why}: set it to batch or none", field="trainer.scale_rewards")
    if arguments.multi_objective_aggregation == "normalize_then_sum":
        raise DataError(f"'normalize_then_sum' {why}: leave it out", field="trainer.multi_objective_aggregation")
