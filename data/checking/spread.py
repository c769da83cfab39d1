"""Spread: how a size is distributed."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """How a size is distributed over ``count`` things."""

    count: int
    least: int
    median: int
    p95: int
    """19 of 20 are no larger."""
    most: int


def spread(values: Sequence[int]) -> Spread:
    """The spread of at least one value."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return Spread(len(ordered), ordered[0], ordered[last // 2], ordered[round(last * 0.95)], ordered[-1])
