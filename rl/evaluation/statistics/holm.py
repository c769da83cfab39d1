"""Holm's correction: p-values of many tests, so adjusted that the chance of even one false alarm stays at the level.

Source: Holm 1979, *A simple sequentially rejective multiple test procedure*. It needs no independence.
"""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: the k-th smallest of m times m - k + 1, no less than those before it."""
    adjusted, floor = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = floor
    return adjusted
