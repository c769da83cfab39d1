"""Difference: how much higher one model's figure is than another's on the same cases, and how sure that is."""

from dataclasses import dataclass
from typing import Literal

from rl.evaluation.statistics.bootstrap import Estimate


@dataclass(frozen=True)
class Difference(Estimate):
    """A model's figure less the baseline's, with its 95 % interval."""

    method: Literal["bootstrap", "score"] = "bootstrap"
    """What the interval is: ``score``, Newcombe's and Tango's, where fewer than ten pairs (or clusters) differ."""
    p: float | None = None
    """Two-sided, of no difference at all; None where the figure has no test."""
    mid_p: float | None = None
    """The same without the exact test's caution: half of the observed result's own probability is left out."""
    test: Literal["mcnemar", "sign flip"] | None = None
    """Exact McNemar on single cases; whole clusters sign-flipped where cases or samples come in clusters."""
