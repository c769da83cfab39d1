"""Advantages against the other completions on the same case, for parts of a total. For whole totals TRL has them."""

import torch


def against_group(values: torch.Tensor, size: int, scale: str) -> torch.Tensor:
    """Values less their group's mean, over a spread: as TRL's GRPO has them, but exactly 0 where a group is flat, as
    what rounding leaves of one is no lesson.

    Args:
        values: (N,), those of a group side by side; NaN is no lesson and no yardstick.
        size: of a group.
        scale: by whose spread to divide: ``group``, ``batch`` or ``none``.

    Returns:
        (N,), 0 where there is no value.
    """
    groups = values.view(-1, size)
    there = ~groups.isnan()
    advantages = groups - groups.nanmean(dim=1, keepdim=True)
    if scale == "group":
        advantages = advantages / (_spread(groups) + 1e-4)
    elif scale == "batch":
        advantages = advantages / (_spread(values.view(1, -1)) + 1e-4)
    low, high = (groups.nan_to_num(nan=end).aminmax(dim=1)[side] for side, end in ((0, torch.inf), (1, -torch.inf)))
    return advantages.masked_fill(~there | (high <= low).unsqueeze(1), 0.0).view(-1)


def _spread(groups: torch.Tensor) -> torch.Tensor:
    """Of each row's values, NaN left out, with Bessel's correction: (rows, 1)."""
    count = (~groups.isnan()).sum(dim=1, keepdim=True)
    squares = (groups - groups.nanmean(dim=1, keepdim=True)).square().nansum(dim=1, keepdim=True)
    return (squares / (count - 1).clamp(min=1)).sqrt()
