"""Entry: one reward as a rubric names it, found and checked but not built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rewards.batch import BatchReward
from rewards.lookup import find_reward
from rewards.reward import Reward
from rewards.scoring.part import Part
from rewards.scoring.plan import Kind, Step
from rewards.settings import check_settings

_BOUNDS: dict[Kind, tuple[float, float]] = {
    "gate": (0.0, 1.0),
    "craft": (-1.0, 1.0),
    "penalty": (0.0, 1.0),
    "only": (-1.0, 1.0),
}
"""The ranges that a rubric's own checks hold for."""


@dataclass(frozen=True)
class Entry:
    """A reward with its place in the rubric."""

    reward: Reward | type[BatchReward]
    kind: Kind
    weight: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    time_limit: float | None = None
    """Seconds for one batch, where not the rubric's."""

    @classmethod
    def find(cls, reference: str, kind: Kind, part: Part, folder: str = ".") -> "Entry":
        """The entry for a reward by name, ``module:function`` or ``file.py:function``.

        Raises:
            DataError: there is no such reward, or its settings are not what it takes.
            ValueError: its range is not one that a reward of this kind may have.
        """
        found = find_reward(reference, folder)
        low, high = _BOUNDS[kind]
        if found.range[0] < low or found.range[1] > high:
            raise ValueError(f"{kind}: reward '{found.name}' has range {found.range}; want it within {low, high}")
        settings = part.settings
        if isinstance(found, Reward):
            found = found.with_params(settings)
        else:
            settings = check_settings(found, settings, found.name)
        return cls(found, kind, part.weight, settings, part.time_limit)

    @property
    def name(self) -> str:
        return self.reward.name

    @property
    def range(self) -> tuple[float, float]:
        return self.reward.range

    def build(self, time_limit: float, built: dict[tuple[type[BatchReward], str], BatchReward]) -> Step:
        """The reward, ready to be asked.

        Args:
            time_limit: seconds for one batch, where the entry has none of its own.
            built: batch rewards by class and settings: what is there is taken, what is missing is built and added.
        """
        reward: Reward | BatchReward
        if isinstance(self.reward, Reward):
            reward = self.reward
        else:
            key = self.reward, repr(sorted(self.settings.items()))
            if key not in built:
                built[key] = self.reward(**self.settings)
            reward = built[key]
        weight = -self.weight if self.kind == "penalty" else self.weight
        return Step(reward, self.kind, weight, self.time_limit or time_limit)
