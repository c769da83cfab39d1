"""Settings: what some figures depend on beside predictions and gold, and must be given before they are seen."""

from dataclasses import dataclass

from rewards.utility import DEFAULT_PRICES, Prices
from rl.evaluation.thresholds import Thresholds


@dataclass(frozen=True)
class Settings:
    """Prices and thresholds."""

    prices: Prices = DEFAULT_PRICES
    """What the outcomes of a verdict cost."""
    thresholds: Thresholds | None = None
    """Chosen on other cases; None leaves out the figures that need them."""


DEFAULT = Settings()
