"""What GRPO and PPO share as kinds of training: the rubric is what is maximised; hard cases may come more often."""

from abc import ABC
from functools import cached_property
from typing import Any, TypeVar

from trl import GRPOConfig

from data import Briefs, DataError
from prompts.processor import Processor
from rewards import Rubric
from rewards.models.location import resolve
from rl.config.policy import PolicyRecipe
from rl.curation.hard_cases import cases_to_train_on
from rl.curation.own_memory import with_own_memory
from rl.training.launch.sharding import Sharding
from rl.training.lengths import room_for_episode
from rl.training.rows import rows_for_rl
from rl.training.stage import Parts, Stage, Start
from rl.training.trainers.policy import NO_DESK

OneRecipe = TypeVar("OneRecipe", bound=PolicyRecipe)


class PolicyStage(Stage[OneRecipe], ABC):
    """A kind says only which trainer it has."""

    unit = "completions"

    @cached_property
    def rubric(self) -> Rubric:
        return load_rubric(self.recipe)

    def check(self, arguments: GRPOConfig) -> None:
        if self.recipe.credit == "masked" and not self.rubric.calibration:
            message = f"rubric '{self.rubric.name}' pays nothing for a stated confidence: leave it out"
            raise DataError(message, field="credit")

        windows = self.recipe.data.windows
        if self.recipe.desk is not None and windows is not None and windows.memory == "policy":
            message = "what a model finds in windows is found without a desk: take 'gold', or leave the desk out"
            raise DataError(message, field="data.windows.memory")

    def check_sharded(self, sharding: Sharding) -> None:
        super().check_sharded(sharding)
        if self.recipe.desk is not None and sharding.shares_weights:
            raise DataError(NO_DESK, field="desk")

    def identity(self) -> dict[str, Any]:
        return {"rubric": self.rubric.fingerprint} | super().identity()

    def reserved(self, arguments: GRPOConfig) -> int:
        return room_for_episode(arguments.max_completion_length or 0, self.recipe.desk)

    def steps(self, arguments: GRPOConfig, cases: int, processes: int = 1) -> int | None:
        return arguments.max_steps if arguments.max_steps > 0 else None

    def choose(self, start: Start) -> Briefs:
        model = str(start.model.path)
        return cases_to_train_on(self.recipe, model, with_own_memory(self.recipe, model, start.briefs))

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> Any:
        return rows_for_rl(briefs, processor, context, reserved, self.recipe.data.template, self.desks(briefs.book))

    def for_policy(self, parts: Parts) -> dict[str, Any]:
        """What every `PolicyTrainer` takes."""
        if parts.arguments.beta:
            # The reference is loaded anew from the name that the model bears: where the run began, not the checkpoint.
            parts.model.config._name_or_path = resolve(str(parts.start.model.path))
        briefs = parts.start.briefs + parts.start.valid
        own = dict(
            reward=self.rubric.reward_func(briefs),
            briefs=briefs,
            desks=self.desks(briefs.book),
            rollouts=self.run.rollouts,
            checkpoint=parts.checkpoint,
            credit=self.recipe.credit,
            mastered=self.recipe.mastered,
            pair=self.recipe.pair,
            shared_prefix=self.recipe.shared_prefix,
        )
        return parts.for_trl() | own


def load_rubric(recipe: PolicyRecipe) -> Rubric:
    """The recipe's rubric, with the language that the recipe asks for.

    Raises:
        DataError: there is no such rubric, or it has no penalty on the wrong language.
    """
    rubric, language = Rubric.load(recipe.rubric), recipe.reasoning_language
    if language is None:
        return rubric
    if "language" not in rubric.penalties:
        raise DataError(
            f"rubric '{rubric.name}' does not look at the language: give it the penalty 'language', or leave this out",
            field="reasoning_language",
        )
    part = rubric.penalties["language"].model_dump(exclude_unset=True) | {"reasoning": language}
    if schedule := rubric.schedules.get("penalties.language") or rubric.schedules.get("penalties.language.weight"):
        part["weight"] = dict(schedule.points)
    return Rubric.load(recipe.rubric, {"penalties.language": part})
