"""Settings: what figures depend on beside predictions and gold, to be settled before they are seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from data import DataError
from rewards.pure.utility import DEFAULT_PRICES, Prices
from rl.evaluation.ranking.thresholds import Thresholds


@dataclass(frozen=True)
class Settings:
    """How figures are worked out."""

    __pydantic_config__ = ConfigDict(allow_inf_nan=False)

    prices: Prices = DEFAULT_PRICES
    """What the outcomes of a verdict cost."""
    thresholds: Thresholds | None = None
    """Chosen on other cases; None leaves out the figures that need them."""
    by: tuple[str, ...] = ("severity", "category", "mechanism")
    """By what figures are given apart: a key of ``meta``, ``severity`` or ``category``."""
    prevalence: float | None = None
    """The share of cases to reject that figures are given for as well, 0..1: in review it is far smaller than in test
    sets."""

    agree: int = 2
    """Where cases are windows of streams: how many in a row raise an alarm, or clear it."""

    def __post_init__(self) -> None:
        if self.prevalence is not None and not 0 < self.prevalence < 1:
            raise DataError(f"a prevalence is a share between 0 and 1, not {self.prevalence:g}")
        if not 1 <= self.agree <= 100:
            raise DataError(f"1 to 100 windows can be asked to agree, not {self.agree}")

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it; `from_json` reads it back."""
        thresholds = self.thresholds.model_dump() if self.thresholds else None
        return {
            "prices": self.prices.model_dump(),
            "thresholds": thresholds,
            "by": list(self.by),
            "prevalence": self.prevalence,
            "agree": self.agree,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Settings":
        """Reads what `to_json` wrote.

        Raises:
            ValidationError: that is not what this is.
            DataError: a number is out of its range.
        """
        return TypeAdapter(cls).validate_python(content)


DEFAULT = Settings()
