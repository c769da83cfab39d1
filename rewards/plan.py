"""Plan: a rubric's rewards, built and ready to be asked."""

from dataclasses import dataclass
from typing import Literal

from rewards.batch import BatchReward
from rewards.reward import Reward

Kind = Literal["gate", "verdict", "calibration", "craft", "penalty"]
"""What a reward's value does to the total."""


@dataclass(frozen=True, slots=True)
class Step:
    """A reward, and what its value does to the total."""

    reward: Reward | BatchReward
    kind: Kind
    weight: float = 0.0
    """Factor in the total: negative for penalties, 0 for gates."""
    time_limit: float = 60.0
    """Seconds that it may take for one batch."""


@dataclass(frozen=True)
class Plan:
    """A rubric's rewards, ready to be called."""

    steps: tuple[Step, ...]
    floor: float
    """The total of a parse failure or a closed gate."""
