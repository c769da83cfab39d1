"""Count, mean and spread of what lies under a mask, in a form that can be added up over processes."""

import torch

LEAST_SPREAD = 1e-8
"""Keeps what is all the same from being divided by 0."""


def moments(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(3,), in double precision: how many, their sum, and the sum of their squares. Those of several processes add up.

    Args:
        values: of any shape.
        mask: of the same shape, 1 where a value counts.
    """
    chosen = values[mask.bool()].double()
    return torch.stack([chosen.new_tensor(float(chosen.numel())), chosen.sum(), chosen.square().sum()])


def mean_and_variance(moments: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of all that the moments are of; 0 and 0 where there is nothing."""
    count, total, squares = moments.unbind()
    mean = total / count.clamp(min=1)
    return mean, (squares / count.clamp(min=1) - mean.square()).clamp(min=0.0)


def whiten(values: torch.Tensor, mask: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
    """Values less the mean, over the spread, and 0 outside the mask.

    Args:
        values: of any shape.
        mask: of the same shape.
        of: `moments` of them all, other processes' included.
    """
    mean, variance = mean_and_variance(of)
    scaled = (values - mean.to(values.dtype)) / (variance.sqrt() + LEAST_SPREAD).to(values.dtype)
    return scaled * mask


def explained_variance(error: torch.Tensor, returns: torch.Tensor) -> float:
    """1 − Var(return − value) / Var(return): 1 for a critic that foresees all, 0 for one that says the mean, below 0
    for one that is worse than that. NaN where all returns are the same: there is nothing to explain.

    Args:
        error: `moments` of return − value.
        returns: `moments` of the returns.
    """
    unexplained, there = (mean_and_variance(of)[1].item() for of in (error, returns))
    return 1 - unexplained / there if there > LEAST_SPREAD else float("nan")
