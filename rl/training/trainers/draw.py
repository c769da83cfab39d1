"""Draw: what a process writes at once in training, by group; groups of several draws can be put into one.

A batch of TRL's (trl 1.16) has one row for each completion, prompts padded on the left and completions on the right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import pad
from trl.trainer.utils import split_pixel_values_by_grid, unsplit_pixel_values_by_grid

from prompts import Episode
from rewards import Scorecard

OF_PROMPT = ("prompt_ids", "prompt_mask")


@dataclass(frozen=True)
class Draw:
    """B completions, those on one case side by side."""

    rows: list[dict[str, Any]]
    """What was asked, a row for each completion."""
    batch: dict[str, Any]
    """TRL's: tensors and lists of B rows, and what is said of all."""
    scored: list[tuple[Episode, Scorecard]]
    round: int = 0
    """0 where the cases came in the order of the data; above, how often had been drawn anew."""

    def groups(self, size: int) -> "list[Draw]":
        """One for each group."""
        return [self._part(start, start + size) for start in range(0, len(self.rows), size)]

    def _part(self, start: int, stop: int) -> "Draw":
        batch = chosen_rows(self.batch, list(range(start, stop)), len(self.rows))
        return Draw(self.rows[start:stop], batch, self.scored[start:stop], self.round)

    @property
    def totals(self) -> torch.Tensor:
        """(B,) NaN where unscored."""
        totals = [torch.nan if card.total is None else card.total for _, card in self.scored]
        return torch.tensor(totals, dtype=torch.float32)


def joined(groups: Sequence[Draw]) -> Draw:
    """One draw of several groups; what its batch says of all is that of the first.

    Args:
        groups: of batches with prompts that are shared (`SharedPrefixTrainer`): they have no pictures in them.
    """
    batch: dict[str, Any] = {}
    for name, value in groups[0].batch.items():
        values = [group.batch[name] for group in groups]
        if isinstance(value, torch.Tensor) and value.dim():
            batch[name] = torch.cat(_padded(values, left=name in OF_PROMPT) if value.dim() > 1 else values)
        else:
            batch[name] = [part for part_of in values for part in part_of] if isinstance(value, list) else value
    return Draw(
        [row for group in groups for row in group.rows], batch, [pair for group in groups for pair in group.scored]
    )


def chosen_rows(batch: dict[str, Any], kept: Sequence[int], rows: int) -> dict[str, Any]:
    """Some of the rows of a batch, with their pictures; what is said of all stays as it is.

    Args:
        kept: their places.
        rows: how many the batch has.
    """

    def chosen(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value[kept] if value.dim() and len(value) == rows else value
        return [value[row] for row in kept] if isinstance(value, list) else value

    by_row = {name: chosen(value) for name, value in split_pixel_values_by_grid(batch).items()}
    return unsplit_pixel_values_by_grid(by_row)


def _padded(values: Sequence[torch.Tensor], left: bool) -> list[torch.Tensor]:
    widest = max(value.shape[1] for value in values)
    missing = [widest - value.shape[1] for value in values]
    # What is padded is masked: ids, log-probabilities and ratios there are never looked at.
    return [pad(value, (more, 0) if left else (0, more)) for value, more in zip(values, missing, strict=True)]


def own_tokens(batch: dict[str, Any]) -> torch.Tensor:
    """(B, T): 1 on the tokens of a batch of TRL's that the loss is of, 0 on padding and on what tools said."""
    mask: torch.Tensor = batch["completion_mask"]
    return mask * batch["tool_mask"] if "tool_mask" in batch else mask
