"""Scorecard: what one completion earned, and why."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from data import Ruling
from prompts import ParseFailure
from rewards.score import Unscored


class Component(NamedTuple):
    """One reward's say."""

    name: str
    value: float | None
    """None where the reward does not apply, failed, or was not asked."""
    reason: str
    weight: float
    contribution: float
    """What it adds to the total."""
    applies: bool | None = None
    """Whether the reward has something to say of the case; None where it did not tell: it failed, or was not asked."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A completion's total and the components that it is made of: ``card.total``, ``card["evidence"].value``."""

    case: str
    ruling: Ruling | ParseFailure
    total: float | None
    """None after a fault that could have made a difference: no judgement of the policy."""
    components: dict[str, Component]
    closed: str | None = None
    """The gate that is closed (``format`` for a parse failure), so that the total is the floor."""
    unscored: tuple[Unscored, ...] = ()
    """The rewards that failed, those too whose failing makes no difference to the total."""
    right: bool | None = None
    """Whether the verdict is right; None where gold has none."""

    def __getitem__(self, name: str) -> Component:
        return self.components[name]

    @property
    def parsed(self) -> bool:
        return not isinstance(self.ruling, ParseFailure)

    @property
    def values(self) -> dict[str, float | None]:
        """Every component's value by name."""
        return {name: component.value for name, component in self.components.items()}

    @property
    def errors(self) -> dict[str, str]:
        """What kept rewards from scoring it, by name."""
        return {fault.reward: fault.error for fault in self.unscored}


def count_faults(cards: Iterable[Scorecard]) -> Counter[str]:
    """How many completions each reward failed on."""
    return Counter(fault.reward for card in cards for fault in card.unscored)
