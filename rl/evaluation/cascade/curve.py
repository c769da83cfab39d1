"""Curve: what is missed against what is reviewed with reasoning, at every threshold of a cascade."""

from dataclasses import dataclass

import numpy as np

from rl.evaluation.cascade.passes import Passes


@dataclass(frozen=True)
class Point:
    """A cascade at one threshold; shares in 0..1."""

    approve_below: float | None
    """None: all are reviewed."""
    reviewed: float
    """The share of cases that is reviewed with reasoning."""
    missed: float
    """The miss rate, clusters alike."""


def curve(passes: Passes, points: int = 21) -> list[Point]:
    """From "all are reviewed" to "none is", at thresholds that part the cases evenly.

    Args:
        points: how many at most; equal ones are left out.
    """
    known = passes.risk[np.isfinite(passes.risk)]
    thresholds = np.unique(np.quantile(known, np.linspace(0, 1, points), method="lower")) if len(known) else known
    return [
        Point(
            None if threshold == -np.inf else float(threshold),
            float((passes.risk > threshold).mean()),
            float(passes.losses(threshold).mean()),
        )
        for threshold in [-np.inf, *thresholds]
    ]
