"""Finding a reward by the name that a rubric gives it.

A reward of one's own is a function or a class in a file or a module, and finding it runs that file: whoever loads a
rubric runs the programs that it names (`code_of`).
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data import DataError
from data.errors import suggest
from data.programs import found_in
from rewards.batch import BatchReward
from rewards.reward import REGISTRY, Reward, source_of

SHIPPED = {
    "economy": "rewards.pure.looking:Economy",
    "judge": "rewards.model_based.judge:Judge",
    "judged_advice": "rewards.model_based.advice:JudgedAdvice",
    "local_judge": "rewards.model_based.local_judge:LocalJudge",
    "looked": "rewards.pure.looking:Looked",
    "reasoning_effect": "rewards.model_based.reasoning_effect:ReasoningEffect",
    "reasoning_judge": "rewards.model_based.judge:ReasoningJudge",
    "reviewed_advice": "rewards.model_based.advice:ReviewedAdvice",
    "reward_model": "rewards.model_based.reward_model:RewardModel",
    "self_consistency": "rewards.model_based.self_consistency:SelfConsistency",
    "tool_bonus": "rewards.pure.looking:ToolBonus",
}
"""Rewards that are classes, by name: their modules are imported when a rubric asks for them."""


def find_reward(reference: str, folder: str | Path = ".") -> Reward | type[BatchReward]:
    """The reward of a name, of ``package.module:function`` or of ``path/to/file.py:function``.

    A plain reward is ready to be called; a batch reward is a class, to be built with its settings.

    Args:
        folder: where relative file paths start.

    Raises:
        DataError: there is no such reward.
    """
    if reference in REGISTRY:
        return REGISTRY[reference]
    place, _, name = SHIPPED.get(reference, reference).rpartition(":")
    if not place:
        names = sorted([*REGISTRY, *SHIPPED])
        raise DataError(
            f"no reward is called '{reference}'{suggest(reference, names)}: give one of "
            f"{', '.join(names)}, package.module:function or path/to/file.py:function"
        )
    found = found_in(place, name, "reward", folder, _redefining)
    if isinstance(found, Reward) or _is_batch_reward(found):
        return found
    raise DataError(
        f"'{reference}' is not a reward: decorate a function with @reward(name=…, range=…), or derive a class that "
        "has a name from BatchReward and define score_batch"
    )


def code_of(reference: str, folder: str | Path = ".") -> str | None:
    """The file or module that finding a reward runs; None for one that is called by its name alone.

    Args:
        folder: where relative file paths start.

    Example:
        >>> code_of("my_package.rewards:mine"), code_of("my_rewards.py:mine", "rubrics"), code_of("judge")
        ('my_package.rewards', 'rubrics/my_rewards.py', None)
    """
    place = "" if reference in REGISTRY else reference.rpartition(":")[0]
    return (Path(folder) / place).as_posix() if place.endswith(".py") else place or None


def _is_batch_reward(found: Any) -> bool:
    if not (isinstance(found, type) and issubclass(found, BatchReward)):
        return False
    return not inspect.isabstract(found) and isinstance(getattr(found, "name", None), str)


@contextmanager
def _redefining(path: Path) -> Iterator[None]:
    """While a file is run again: an edit may give a reward's name to another function of the file."""
    earlier = {own: found for own, found in REGISTRY.items() if source_of(found.function) == str(path)}
    for own in earlier:
        del REGISTRY[own]
    try:
        yield
    except BaseException:
        REGISTRY.update(earlier)
        raise
