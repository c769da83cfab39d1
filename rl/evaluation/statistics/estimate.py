"""Estimate: a figure, or how much higher one model's figure is than another's, and how sure that is."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; nan where the metric does not apply."""

    value: float
    low: float
    high: float
    support: int
    """How many cases, citations or pairs the figure speaks of; several samples of a case count once."""

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval of a difference leaves out 0, so that the sign can be told."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Difference(Estimate):
    """A model's figure less the baseline's on the same cases, with its 95 % interval."""

    method: Literal["bootstrap", "score"] = "bootstrap"
    """What the interval is: ``score``, Tango's, for shares of the same cases; else from resamples of clusters."""
    p: float | None = None
    """Two-sided, of no difference at all; None where the figure has no test."""
    mid_p: float | None = None
    """The same without the exact test's caution: half of the observed result's own probability is left out."""
    test: Literal["mcnemar", "sign flip"] | None = None
    """Exact McNemar on single cases; whole clusters sign-flipped where cases or samples come in clusters."""
