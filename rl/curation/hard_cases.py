"""Hard cases: before reinforcement learning, the model reviews training cases, and those it gets wrong are drawn more.

Completions on a case that is always ruled right teach nothing: all of them earn the same. GRPO learns from the cases
where some completions are right and some are wrong, and of those a good model leaves few (GuardReasoner-VL,
arXiv 2505.11049, trains on what the model samples wrong). Cases that it rules right stay in the mix, and the weights
of both make up for the drawing (importance sampling): what is maximised is still the mean over all cases. Without the
weights, a model whose errors are mostly misses learns to reject what it ought to approve.

The choice is kept in the run's folder, so that a resumed run, and each process of a launched one, goes on with it.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from data import Brief, Briefs, DataError
from data.errors import explain
from data.files import read_json, write_json
from rl.config.cases import HardConfig
from rl.config.policy import PolicyRecipe
from rl.curation.own_memory import decoding_of
from rl.desk import Desks
from rl.evaluation.evaluate import predictions_of
from rl.evaluation.outcomes import outcome_of
from rl.generation.episodes import at_desk, write_episodes
from rl.runs.folder import RunFolder


class _Choice(HardConfig):
    """What ``hard.json`` holds."""

    look_at: int = Field(ge=1)
    share: float = Field(gt=0, lt=1)
    model: str
    wrong: int = Field(ge=0)
    weights: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(min_length=1)
    """Ids of the chosen cases, in order, to what their weights are multiplied by."""


def cases_to_train_on(recipe: PolicyRecipe, model: str, briefs: Briefs) -> Briefs:
    """The recipe's cases, with the share of hard ones that it asks for; all of them where it asks for none.

    Args:
        model: the checkpoint that training starts from.

    Raises:
        DataError: the kept choice is damaged, or was made with other settings, or from other cases.
    """
    hard = recipe.hard
    if hard is None:
        return briefs
    file = RunFolder(recipe.output).hard_cases
    if not file.is_file():
        rng = random.Random(recipe.seed)
        looked_at = Briefs(rng.sample(list(briefs), min(hard.look_at, len(briefs))), briefs.book)
        wrong = _wrong(recipe, model, looked_at)
        weights = choose([brief.id for brief in looked_at], wrong, hard.share, rng)
        content = {**hard.model_dump(), "model": model, "wrong": len(wrong), "weights": weights}
        write_json(file, content, indent=None)
    kept = _kept(file)
    made_with = (HardConfig(look_at=kept.look_at, share=kept.share), kept.model)
    if made_with != (hard, model) or not all(name in briefs for name in kept.weights):
        raise DataError("was chosen from other cases or with other settings: give the run another 'output'", file=file)
    chosen = [(briefs[name], weight) for name, weight in kept.weights.items()]
    return Briefs([_weighed(brief, weight) for brief, weight in chosen], briefs.book)


def _kept(file: Path) -> _Choice:
    try:
        return _Choice.model_validate(read_json(file))
    except ValidationError as error:
        field, message = explain(error)
        raise DataError(f"{message}: give the run another output, or remove it", file=file, field=field) from error


def _weighed(brief: Brief, weight: float) -> Brief:
    return replace(brief, case=brief.case.model_copy(update={"weight": brief.case.weight * weight}))


def choose(looked_at: Sequence[str], wrong: set[str], share: float, rng: random.Random) -> dict[str, float]:
    """All wrong cases, and so many of the right ones, drawn at random, that the wrong ones make up the share.

    Where there are not enough right ones, the share comes out higher; where nothing is wrong, all cases are chosen.

    Returns:
        The chosen cases in random order, each with the ratio of its kind's share of all to its share of the chosen.
    """
    right = [name for name in looked_at if name not in wrong]
    kept = right[: round(len(wrong) * (1 - share) / share)] if wrong else right
    chosen = [*(name for name in looked_at if name in wrong), *kept]
    rng.shuffle(chosen)
    thinned = len(chosen) / len(looked_at)
    return {name: thinned * (1.0 if name in wrong else len(right) / len(kept)) for name in chosen}


def _wrong(recipe: PolicyRecipe, model: str, briefs: Briefs) -> set[str]:
    """Ids of the cases on which the model's likeliest ruling is wrong; nothing counts as wrong without gold."""
    desks = Desks.of(recipe.desk, briefs.book) if recipe.desk is not None else None
    written = write_episodes(at_desk(model, desks), briefs, decoding_of(recipe))
    predictions = predictions_of(written.by_brief, briefs)
    return {prediction.case for prediction in predictions if outcome_of(prediction) not in ("right", None)}
