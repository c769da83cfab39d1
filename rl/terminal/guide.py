"""Guide: tells people of an agenda while it is worked through: what begins, what it took, and what all will take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.rule import Rule
from rich.text import Text

from rl.terminal.agenda import Agenda
from rl.terminal.quantities import spent

Show = Callable[[Any], object]
"""Shows people something that rich can print."""
BEFORE = "What there is to do; how long it takes here is said after a few steps."
FIRST = "On this machine: about {all} in all, about {left} still to come."
CORRECTED = "Measured again: about {all} in all, about {left} still to come."
AFTER = "All done in {spent}."


class Guide:
    """Works through an agenda with people watching.

    Args:
        agenda: what there is to do.
        show: shows people what is said.
    """

    def __init__(self, agenda: Agenda, show: Show):
        self.agenda, self.show = agenda, show
        self._has_foretold = False

    def overview(self, heading: str = BEFORE) -> None:
        """Shows the whole agenda."""
        self.show(self.agenda.table(heading))

    @contextmanager
    def stage(self, name: str, what: str) -> Iterator[None]:
        """Says that a stage begins, and how long it took."""
        self.show(Rule(Text(f"{self.agenda.number(name)} · {what}", style="bold"), align="left"))
        self.agenda.begin(name)
        yield
        self.agenda.end(name)
        self.show(Text(f"{name} took {spent(self.agenda.seconds[name])}", style="dim"))

    def foretelling(self, name: str, enough: int) -> Callable[[int], None]:
        """What is to be told how many items of a stage are done, first with how many it begins: once enough are, it
        says how long everything will take.
        """
        first: int | None = None
        told = False

        def reach(done: int) -> None:
            nonlocal first, told
            first = done if first is None else first
            self.agenda.reach(name, done)
            if not told and done - first >= enough:
                self.overview(CORRECTED if self._has_foretold else FIRST)
                told = self._has_foretold = True

        return reach
