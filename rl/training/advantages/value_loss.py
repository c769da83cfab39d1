"""What a critic minimises."""

from typing import NamedTuple

import torch


class ValueLoss(NamedTuple):
    """Of each token, (B, T)."""

    loss: torch.Tensor
    clipped: torch.Tensor
    """Whether the clipped value is what counts: no gradient there."""


def value_loss(values: torch.Tensor, old: torch.Tensor, returns: torch.Tensor, clip: float | None) -> ValueLoss:
    """½·max((V − R)², (V_clip − R)²), V_clip being V held within ± clip of what it was when the completion was drawn,
    as OpenAI's baselines have it (Engstrom et al. 2020, arXiv 2005.12729); ½·(V − R)² where clip is None.

    Args:
        values: (B, T), of the critic that learns.
        old: (B, T), of the critic when the completions were drawn.
        returns: (B, T).
        clip: in the unit of the rewards.
    """
    plain = (values - returns).square()
    if clip is None:
        return ValueLoss(plain / 2, torch.zeros_like(plain, dtype=torch.bool))
    held = (old + (values - old).clamp(-clip, clip) - returns).square()
    return ValueLoss(torch.maximum(plain, held) / 2, held > plain)
