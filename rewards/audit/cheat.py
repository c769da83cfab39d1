"""Cheat: a named way to be paid without doing the work. The audit tries every one in the registry.

A cheat is a small generator, entered with `cheat`; its docstring's first line is what the report says about it:

    >>> from data import Ruling
    >>> from rewards.audit import CHEATS, View, cheat
    >>> @cheat("blind")
    ... def says_it_is_fine(view: View):
    ...     "Approves, and says that the advertiser is well known."
    ...     yield Ruling(reasoning="A well known advertiser.", verdict="approve", confidence=1)
    >>> CHEATS.pop("says it is fine").summary
    'Approves, and says that the advertiser is well known.'
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from prompts import Episode
from rewards.batch import Answer

Kind = Literal["blind", "gold-aware", "unfaithful", "damage", "padding", "bulk"]
"""What a cheat knows, and what is demanded of it:

- ``blind``: a `View` of the case, gold not among it. Its break-even accuracy must not exceed its limit. It yields as
  many answers for every case; the audit rates the one that earns most.
- ``gold-aware``: a `Subject`. Where its parsed answer differs from gold's, it must earn at least 0.1 less than gold.
- ``unfaithful``: a `Subject`. Its reasoning and its answer are at odds, so it must earn less than an honest wrong
  ruling, whatever verdict it gives.
- ``damage``: a `Subject`. It must earn less than gold.
- ``padding``: a ruling, right or wrong, and its `Subject`. It must not earn more than the ruling without it.
- ``bulk``: as padding; and where it costs a right ruling nothing, the audit warns.
"""

MOST_BREAK_EVEN = 0.75


@dataclass(frozen=True)
class Cheat:
    """One way to cheat."""

    name: str
    kind: Kind
    make: Callable[..., Iterable[Answer | Episode]]
    limit: float = MOST_BREAK_EVEN
    """The highest break-even accuracy that a blind cheat may have."""
    needs: tuple[str, ...] = ()
    """The rewards without one of which a rubric does not look at what the cheat does, and is not tried on it; empty
    where it is tried on every one."""

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return (self.make.__doc__ or "").strip().partition("\n")[0]


CHEATS: dict[str, Cheat] = {}
"""Every cheat by name."""


def cheat(kind: Kind, *, limit: float = MOST_BREAK_EVEN, needs: Sequence[str] = ()) -> Callable[[Any], Any]:
    """Enters a generator function into the registry, under its name with blanks for underscores.

    Raises:
        ValueError: another function has the name.
    """

    def register(function: Any) -> Any:
        name = function.__name__.replace("_", " ")
        before = CHEATS.get(name)
        if before and before.make.__module__ != function.__module__:
            raise ValueError(f"two cheats are called '{name}': one is in {before.make.__module__}")
        CHEATS[name] = Cheat(name, kind, function, limit, tuple(needs))
        return function

    return register
