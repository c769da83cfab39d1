"""Entry: one reward as a rubric names it, found and checked but not built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rewards.batch import BatchReward
from rewards.finding import find_reward
from rewards.plan import Kind, Step
from rewards.reward import Reward
from rewards.settings import check_settings

_BOUNDS: dict[Kind, tuple[float, float]] = {"gate": (0.0, 1.0), "craft": (-1.0, 1.0), "penalty": (0.0, 1.0)}
"""The ranges that a rubric's own checks hold for."""


@dataclass(frozen=True)
class Entry:
    """A reward with its place in the rubric."""

    reward: Reward | type[BatchReward]
    kind: Kind
    weight: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def find(
        cls,
        reference: str,
        kind: Kind,
        weight: float = 0.0,
        settings: Mapping[str, Any] | None = None,
        folder: str = ".",
    ) -> "Entry":
        """The entry for a reward by name, ``module:function`` or ``file.py:function``.

        Raises:
            DataError: there is no such reward, or its settings are not what it takes.
            ValueError: its range is not one that a reward of this kind may have.
        """
        found = find_reward(reference, folder)
        low, high = _BOUNDS[kind]
        if found.range[0] < low or found.range[1] > high:
            raise ValueError(f"{kind}: reward '{found.name}' has range {found.range}; want it within {low, high}")
        if isinstance(found, Reward):
            return cls(found.with_params(settings or {}), kind, weight, settings or {})
        return cls(found, kind, weight, check_settings(found, settings or {}, found.name))

    @property
    def name(self) -> str:
        return self.reward.name

    @property
    def range(self) -> tuple[float, float]:
        return self.reward.range

    def build(self) -> Step:
        """The reward, ready to be asked."""
        built = self.reward if isinstance(self.reward, Reward) else self.reward(**self.settings)
        weight = -self.weight if self.kind == "penalty" else self.weight
        return Step(built, self.kind, weight)
