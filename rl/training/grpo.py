"""GRPO: the model is rewarded for its own rulings, each against the others on the same case."""

from pathlib import Path
from typing import Any

from transformers import set_seed
from trl import GRPOConfig

from data import DataError, Rulebook, load_cases
from rewards import Rubric
from rewards.models.location import resolve
from rl.config.recipe import GRPORecipe
from rl.curation.hard_cases import cases_to_train_on
from rl.models.load import context_length, load_model, load_processor
from rl.runs.folder import RunFolder
from rl.training.rows import rows_for_rl
from rl.training.start import finish, model_of, start_of
from rl.training.trainers.grpo import RulingGRPOTrainer


def train_grpo(recipe: GRPORecipe, resume: bool = False) -> Path:
    """Trains as a recipe says.

    Args:
        resume: go on from the newest complete checkpoint, as if the run had never stopped.

    Returns:
        The folder of the final checkpoint.

    Raises:
        DataError: the recipe, the data or the model are not as they should be.
    """
    arguments = recipe.arguments()  # first: it sets up the processes, which ZeRO-3 needs when weights are loaded
    rubric = load_rubric(recipe)
    check_prices_count(rubric, arguments)
    checkpoint = start_of(RunFolder(recipe.output), resume)
    set_seed(recipe.seed)
    book = Rulebook.load(recipe.data.rulebook)
    cases = load_cases(*recipe.data.train)
    config = model_of(recipe, cases, book)
    cases = cases_to_train_on(recipe, str(config.path), cases, book)
    processor = load_processor(str(config.path))
    model = load_model(config, checkpoint)
    if arguments.beta:
        # The reference is loaded anew from the name that the model bears: where the run began, not the checkpoint.
        model.config._name_or_path = resolve(str(config.path))

    def rows(of: list) -> Any:
        limit = arguments.max_completion_length
        return rows_for_rl(of, book, processor, context_length(model), limit, recipe.data.template)

    trainer = RulingGRPOTrainer(
        model=model,
        reward=rubric.reward_func(book),
        args=arguments,
        train_dataset=rows(cases),
        eval_dataset=rows(load_cases(*recipe.data.valid)) if arguments.eval_strategy != "no" else None,
        processing_class=processor,
        rollouts=RunFolder(recipe.output).rollouts,
        checkpoint=checkpoint,
    )
    trainer.run(checkpoint)
    return finish(trainer, recipe, book)


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
