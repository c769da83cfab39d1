"""Scorecard: what one completion earned, and why."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from data import Ruling
from prompts import ParseFailure
from rewards.score import Unscored
from rewards.scoring.component import Component, Components


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A completion's total and the components that it is made of: ``card.total``, ``card["evidence"].value``."""

    case: str
    ruling: Ruling | ParseFailure
    total: float | None
    """None after a fault that could have made a difference: no judgement of the policy."""
    components: Mapping[str, Component]
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
        if isinstance(self.components, Components):
            return self.components.numbers
        return {name: component.value for name, component in self.components.items()}

    def share_of(self, names: Collection[str]) -> float | None:
        """What components add to the total; None where that is not made of them: a gate is closed, there is none, or
        they do not apply.
        """
        if self.total is None or self.closed is not None:
            return None
        said = [self.components[name].contribution for name in names if self.values[name] is not None]
        return sum(said) if said else None

    @property
    def errors(self) -> dict[str, str]:
        """What kept rewards from scoring it, by name."""
        return {fault.reward: fault.error for fault in self.unscored}


def count_faults(cards: Iterable[Scorecard]) -> Counter[str]:
    """How many completions each reward failed on."""
    return Counter(fault.reward for card in cards for fault in card.unscored)
