"""GRPO: the model is rewarded for its own rulings, each against the others on the same case."""

from functools import cached_property
from typing import Any

from trl import GRPOConfig

from data import Briefs, DataError
from prompts.processor import Processor
from rewards import Rubric
from rewards.models.location import resolve
from rl.config.train import GRPORecipe
from rl.curation.hard_cases import cases_to_train_on
from rl.training.rows import rows_for_rl
from rl.training.stage import Parts, Stage, Start
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.resumable import ResumableTrainer


class GRPOStage(Stage[GRPORecipe]):
    """The rubric is what is maximised; hard cases may come more often."""

    unit = "completions"

    @cached_property
    def rubric(self) -> Rubric:
        return load_rubric(self.recipe)

    def check(self, arguments: GRPOConfig) -> None:
        check_prices_count(self.rubric, arguments)

    def facts(self, arguments: GRPOConfig) -> dict[str, str]:
        return {"rubric": f"{self.rubric.name}, advantages scaled by {arguments.scale_rewards}"}

    def identity(self) -> dict[str, Any]:
        return {"rubric": self.rubric.fingerprint}

    def reserved(self, arguments: GRPOConfig) -> int:
        return arguments.max_completion_length or 0

    def steps(self, arguments: GRPOConfig, cases: int, processes: int = 1) -> int | None:
        return arguments.max_steps if arguments.max_steps > 0 else None

    def choose(self, start: Start) -> Briefs:
        return cases_to_train_on(self.recipe, str(start.model.path), start.briefs)

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> Any:
        return rows_for_rl(briefs, processor, context, reserved, self.recipe.data.template)

    def trainer(self, parts: Parts) -> ResumableTrainer:
        if parts.arguments.beta:
            # The reference is loaded anew from the name that the model bears: where the run began, not the checkpoint.
            parts.model.config._name_or_path = resolve(str(parts.start.model.path))
        return RulingGRPOTrainer(
            **parts.for_trl(),
            reward=self.rubric.reward_func(parts.start.briefs + parts.start.valid),
            rollouts=self.run.rollouts,
            checkpoint=parts.checkpoint,
            shared_prefix=self.recipe.shared_prefix,
        )


def load_rubric(recipe: GRPORecipe) -> Rubric:
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
