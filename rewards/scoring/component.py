"""Component: one reward's say on one completion. Most are never looked at, so they are made when somebody does."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from data import Ruling
from prompts import ParseFailure
from rewards.score import NotApplicable, Outcome, Score, Unscored
from rewards.scoring.plan import Plan

Said = Outcome | Unscored | None
"""What a reward says of a completion; None where it is not asked."""


def number_of(said: Said) -> float | None:
    """The number in what a reward says, if there is one."""
    if isinstance(said, float):
        return said
    return said.value if isinstance(said, Score) else None


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


def why_lost(closed: str | None, right: bool | None) -> str:
    """Why craft can add nothing, whatever it is worth; empty where it can, and where gold does not tell.

    Args:
        closed: the gate that is closed.
        right: whether the verdict is right; None where gold has none.
    """
    if closed is not None:
        return f"gate '{closed}' is closed"
    return "the verdict is wrong" if right is False else ""


class Components(Mapping[str, Component]):
    """What the rewards of a plan say of one completion, by name, in the order of the plan: equal to the dict of them,
    and pickled as that.
    """

    __slots__ = ("_closed", "_plan", "_right", "_ruling", "_said")

    def __init__(
        self,
        plan: Plan,
        ruling: Ruling | ParseFailure,
        closed: str | None,
        right: bool | None,
        said: tuple[Said, ...],
    ):
        self._plan, self._ruling, self._closed, self._right, self._said = plan, ruling, closed, right, said

    @property
    def numbers(self) -> dict[str, float | None]:
        """The components' values by name, without making components."""
        return {name: self._number(place) for name, place in self._plan.places.items()}

    def _number(self, place: int) -> float | None:
        said = self._said[place]
        if said is None and isinstance(self._ruling, ParseFailure):
            return self._plan.steps[place].reward.range[0]
        return number_of(said)

    def __getitem__(self, name: str) -> Component:
        place = self._plan.places[name]
        step, said, value = self._plan.steps[place], self._said[place], self._number(place)
        reason, applies = self._why(said)
        failed = isinstance(self._ruling, ParseFailure)
        counts = value is not None and not failed and (self._right or step.kind != "craft")
        return Component(name, value, reason, step.weight, step.weight * value if counts and value else 0.0, applies)

    def _why(self, said: Said) -> tuple[str, bool | None]:
        """The reason, and whether the reward applies."""
        if isinstance(said, float):
            return "", True
        if isinstance(said, Score):
            return said.reason, True
        if isinstance(said, Unscored):
            return said.error, None
        if said is NotApplicable:
            return "does not apply", False
        assert said is None
        if isinstance(self._ruling, ParseFailure):
            return f"not a ruling: {self._ruling.reason.value}", None
        lost = why_lost(self._closed, self._right)
        assert lost
        return f"not asked: {lost}", None

    def __iter__(self) -> Iterator[str]:
        return iter(self._plan.places)

    def __len__(self) -> int:
        return len(self._plan.places)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> Any:
        # A plan holds functions and models.
        return dict, (dict(self),)
