"""Curve: what is missed, and what it costs, against what is reviewed with reasoning, at every threshold."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from rl.evaluation.cascade.passes import Passes


class Point(BaseModel):
    """A cascade at one threshold; shares in 0..1."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    approve_below: float | None = Field(ge=0, le=1)
    """None: all are reviewed."""
    reviewed: float = Field(ge=0, le=1)
    """The share of cases that is reviewed with reasoning."""
    missed: float = Field(ge=0, le=1)
    """The miss rate, clusters alike."""
    tokens: float | None = Field(default=None, ge=0)
    """Written a case, by both passes; None where that is not known."""


def curve(passes: Passes, points: int = 21) -> list[Point]:
    """From "all are reviewed" to "none is", at thresholds that part the cases evenly.

    Args:
        points: how many at most; equal ones are left out.
    """
    known = passes.risk[np.isfinite(passes.risk)]
    thresholds = np.unique(np.quantile(known, np.linspace(0, 1, points), method="lower")) if len(known) else known
    return [
        Point(
            approve_below=None if threshold == -np.inf else threshold,
            reviewed=passes.reviewed(threshold),
            missed=float(passes.losses(threshold).mean()),
            tokens=passes.cost(threshold),
        )
        for threshold in [-np.inf, *thresholds.tolist()]
    ]
