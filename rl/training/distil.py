"""Self-distillation: the model learns from what it would have written had it been told more."""

from typing import Any

from trl import GRPOConfig

from data import DataError
from rl.config.policy import DistilRecipe
from rl.training.feedback import TELLS
from rl.training.grpo import check_prices_count
from rl.training.launch.sharding import Sharding
from rl.training.policy import PolicyStage
from rl.training.stage import Parts
from rl.training.trainers.distil import NOT_SHARDED, RulingDistilTrainer
from rl.training.trainers.resumable import ResumableTrainer

_TEACHERS = {1.0: "the policy as it was at the start", 0.0: "the policy itself"}


class DistilStage(PolicyStage[DistilRecipe]):
    """A teacher that is told more scores what the student writes."""

    def check(self, arguments: GRPOConfig) -> None:
        super().check(arguments)
        if self.recipe.distil.grpo:
            check_prices_count(self.rubric, arguments)

    def check_sharded(self, sharding: Sharding) -> None:
        raise DataError(NOT_SHARDED, field="accelerate")

    def facts(self, arguments: GRPOConfig) -> dict[str, str]:
        how = self.recipe.distil
        compared = "the whole vocabulary" if how.top_k is None else f"the {how.top_k:,} likeliest tokens"
        mixed = {"GRPO's loss": f"{how.grpo:g} times"} if how.grpo else {}
        return {
            "rubric": self.rubric.name,
            "teacher": _TEACHERS.get(how.decay, f"a moving average of the policy, decay {how.decay:g}"),
            "feedback": how.feedback,
            "divergence": f"{how.divergence}, over {compared}",
            **mixed,
        }

    def trainer(self, parts: Parts) -> ResumableTrainer:
        how = self.recipe.distil
        settings: dict[str, Any] = {"distil": how, "tell": TELLS[how.feedback]}
        settings |= {"start": parts.start.model, "template": self.recipe.data.template}
        return RulingDistilTrainer(**self.for_policy(parts), **settings)
