"""Distillation: the model learns from what it would have written had it been told more, or what a larger one would."""

from typing import Any

from trl import GRPOConfig

from data import DataError
from data.address import Address
from rl.config.policy import DistilRecipe
from rl.generation.endpoint import Endpoint
from rl.training.feedback import TELLS
from rl.training.grpo import check_prices_count
from rl.training.launch.sharding import Sharding
from rl.training.policy import PolicyStage
from rl.training.stage import Parts
from rl.training.trainers.distil import NOT_SHARDED, RulingDistilTrainer
from rl.training.trainers.remote_distil import RemoteDistilTrainer
from rl.training.trainers.resumable import ResumableTrainer

_TEACHERS = {1.0: "the policy as it was at the start", 0.0: "the policy itself"}


class DistilStage(PolicyStage[DistilRecipe]):
    """A teacher that is told more scores what the student writes."""

    def check(self, arguments: GRPOConfig) -> None:
        super().check(arguments)
        if self.recipe.distil.endpoint is not None:
            Address.of(self.recipe.distil.endpoint.url, field="distil.endpoint.url")
            Endpoint(**self.recipe.distil.endpoint.model_dump())  # which refuses what requests say by themselves
        if self.recipe.distil.grpo:
            check_prices_count(self.rubric, arguments)

    def check_sharded(self, sharding: Sharding) -> None:
        raise DataError(NOT_SHARDED, field="accelerate")

    def identity(self) -> dict[str, Any]:
        found = super().identity()
        if self.recipe.distil.endpoint is not None:  # where it is served, and how fast it is asked, may change
            free = {"endpoint": {"url", "concurrency", "retries", "timeout"}}
            found["distil"] = self.recipe.distil.model_dump(mode="json", exclude_defaults=True, exclude=free)
        return found

    def facts(self, arguments: GRPOConfig) -> dict[str, str]:
        how = self.recipe.distil
        compared = "the whole vocabulary" if how.top_k is None else f"the {how.top_k:,} likeliest tokens"
        mixed = {"GRPO's loss": f"{how.grpo:g} times"} if how.grpo else {}
        teacher = _TEACHERS.get(how.decay, f"a moving average of the policy, decay {how.decay:g}")
        if how.endpoint is not None:
            teacher = (
                f"{how.endpoint.model} at {how.endpoint.url}, asked when the run starts whether it reads the same"
            )
        return {
            "rubric": self.rubric.name,
            "teacher": teacher,
            "feedback": how.feedback,
            "divergence": f"{how.divergence}, over {compared}",
            **mixed,
        }

    def trainer(self, parts: Parts) -> ResumableTrainer:
        how = self.recipe.distil
        settings: dict[str, Any] = {"distil": how, "tell": TELLS[how.feedback]}
        settings |= {"start": parts.start.model, "template": self.recipe.data.template}
        kind = RulingDistilTrainer if how.endpoint is None else RemoteDistilTrainer
        return kind(**self.for_policy(parts), **settings)
