"""The longest batches of a run: what one pass learns from at most, and what is written at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from rl.config.policy import PolicyRecipe
from rl.config.train import RewardRecipe, TrainRecipe
from rl.shared_prefix.prompt import Prompt
from rl.training.forecast.batch import Batch


@dataclass(frozen=True)
class Longest:
    """Batches of one process; all are as long as any can be."""

    learned: Batch
    written: Batch | None
    """None where nothing is written."""


def longest(
    recipe: TrainRecipe, arguments: Any, lengths: Sequence[int], read: Callable[[int], Prompt | None]
) -> Longest | None:
    """
    Args:
        arguments: the trainer's configuration.
        lengths: tokens of each row, its completion with them where it has one.
        read: what stands before the completion of a row; None where it is not known how a model reads it.

    Returns:
        None where that is not known of one of the longest.
    """
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    batch, known = arguments.per_device_train_batch_size, dict[int, Prompt | None]()

    def rows(count: int, group: int) -> tuple[list[int], list[Prompt]] | None:
        """The longest, each ``group`` times."""
        chosen = [row for row in islice(cycle(order), -(-count // group)) for _ in range(group)][:count]
        for row in dict.fromkeys(chosen):
            if row not in known:
                known[row] = read(row)
        prompts = [prompt for row in chosen if (prompt := known[row]) is not None]
        return (chosen, prompts) if len(prompts) == len(chosen) else None

    if isinstance(recipe, PolicyRecipe):
        group = arguments.num_generations or 1
        found = [rows(count, group) for count in (batch, batch * (arguments.steps_per_generation or 1))]
        batches = [Batch(of[1], [arguments.max_completion_length or 1] * len(of[1])) for of in found if of is not None]
        return Longest(*batches) if len(batches) == len(found) else None
    is_pairs = isinstance(recipe, RewardRecipe)
    one = rows(2 * batch if is_pairs else batch, 1)
    if one is None:
        return None
    chosen, prompts = one
    written = [max(0, lengths[row] - len(prompt.ids)) for row, prompt in zip(chosen, prompts, strict=True)]
    return Longest(Batch(prompts, [0] * len(prompts) if is_pairs else written), None)
