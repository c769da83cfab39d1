"""Plan: a rubric's rewards, built and ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from data import Brief
from rewards.batch import BatchReward
from rewards.reward import Reward

Kind = Literal["gate", "verdict", "calibration", "craft", "penalty", "only"]
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

    @property
    def only_where_it_counts(self) -> bool:
        """Whether it is not asked about completions to whose total it can add nothing: craft that a model judges. The
        value of a plain reward costs nothing, and is shown all the same.
        """
        return self.kind == "craft" and isinstance(self.reward, BatchReward)


@dataclass(frozen=True)
class Plan:
    """A rubric's rewards, ready to be called."""

    steps: tuple[Step, ...]
    floor: float
    """The total of a parse failure or a closed gate."""
    overrides: Mapping[str, "Plan"] = field(default_factory=dict)
    """What takes its place for the cases of a category."""

    @cached_property
    def gates(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind == "gate")

    @cached_property
    def prices(self) -> tuple[tuple[float, bool], ...]:
        """Each step's weight, and whether it counts only where the verdict is right."""
        return tuple((step.weight, step.kind == "craft") for step in self.steps)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each reward stands, by name."""
        return {step.reward.name: place for place, step in enumerate(self.steps)}

    @property
    def all(self) -> list["Plan"]:
        """This plan, and those that take its place for some cases."""
        return [self, *self.overrides.values()]

    def for_brief(self, brief: Brief) -> "Plan":
        """The plan for a case: that of the nearest category over its gravest gold violation that has one of its own.
        It depends on the case alone, so that no completion chooses its own prices.
        """
        if not self.overrides:
            return self
        gravest = brief.gold.gravest(brief.excerpt) if brief.gold is not None else None
        path = brief.excerpt.ancestors(gravest.category if gravest is not None else None)
        return next((self.overrides[category] for category in path if category in self.overrides), self)
