"""Agenda: the stages of something long, how long each took, and how long the rest will take on this machine.

What is to come is foretold from what has been measured here: an item of one kind takes so many times as long as one of
another, and as soon as one kind is measured the others follow; each is corrected once it is measured itself.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from rl.terminal.line import Clock
from rl.terminal.pace import Pace
from rl.terminal.quantities import about, share, spent

DONE, RUNNING, TO_COME = "✓", "▸", "·"


@dataclass
class Stage:
    """One stage."""

    name: str
    what: str
    """What is done in it, in a few words."""
    kind: str
    """Items of one kind take the same time."""
    items: int
    work: float = 0.0
    """How long an item takes, in a unit that all stages share; 0 if nothing can be foretold from it, or of it."""
    seconds: float | None = None
    """What it took, in the end; None before, and where it was done before this agenda."""
    state: str = TO_COME
    began: float = 0.0
    pace: Pace = field(default_factory=Pace)


class Agenda:
    """Stages in their order, told when each begins, how far it is, and when it ends.

    Args:
        stages: all of them.
        now: the time, in seconds.
    """

    def __init__(self, stages: Sequence[Stage], now: Clock = time.monotonic):
        self._now = now
        self._stages = {stage.name: stage for stage in stages}
        self._units: dict[str, float] = {}
        """Seconds for one unit of work, by the kind of the items that it was measured on, the newest last."""

    def skip(self, name: str) -> None:
        """A stage was done before."""
        self._stages[name].state = DONE

    def begin(self, name: str) -> None:
        """A stage begins."""
        stage = self._stages[name]
        stage.state, stage.began = RUNNING, self._now()

    def reach(self, name: str, done: int) -> None:
        """So many items of a stage are done; the first call says with how many it begins."""
        stage = self._stages[name]
        stage.pace.mark(done, self._now())
        self._measure(stage)

    def end(self, name: str) -> None:
        """A stage is done."""
        stage = self._stages[name]
        stage.state, stage.seconds = DONE, self._now() - stage.began
        self._measure(stage)

    @property
    def seconds(self) -> dict[str, float]:
        """What each stage took, of those that were done."""
        return {stage.name: stage.seconds for stage in self._stages.values() if stage.seconds is not None}

    @property
    def left(self) -> float:
        """Seconds until the end; 0 for what nothing is known of."""
        now = self._now()
        return sum(self._whole(stage) - (now - stage.began) for stage in self._with(RUNNING)) + sum(
            self._whole(stage) for stage in self._with(TO_COME)
        )

    def number(self, name: str) -> str:
        """Which stage this is: ``2 of 7``."""
        return f"{[*self._stages].index(name) + 1} of {len(self._stages)}"

    def table(self, heading: str = "") -> RenderableType:
        """All stages, with the time that each took or will take, and its share of the whole.

        Args:
            heading: what stands above; in it, ``{all}`` and ``{left}`` are replaced by times, ``{stages}`` by how many
                there are.
        """
        whole = {stage.name: self._whole(stage) for stage in self._stages.values()}
        total = sum(whole.values())
        table = Table.grid(
            Column(), Column(), Column(), Column(justify="right"), Column(justify="right"), padding=(0, 2)
        )
        for stage in self._stages.values():
            seconds, style = whole[stage.name], {DONE: "green", RUNNING: "bold cyan", TO_COME: ""}[stage.state]
            if stage.seconds is not None:
                took = spent(stage.seconds)
            elif stage.state == DONE:
                took = "done before"
            else:
                took = f"about {about(seconds)}" if seconds else "not known yet"
            part = share(seconds / total) if seconds else ""
            table.add_row(f" {stage.state}", stage.name, stage.what, took, part, style=style)
        return Group(
            Text(heading.format(all=about(total), left=about(self.left), stages=len(whole)), style="bold"), table
        )

    def _with(self, state: str) -> list[Stage]:
        return [stage for stage in self._stages.values() if stage.state == state]

    def _whole(self, stage: Stage) -> float:
        """What a stage took, or will have taken in the end."""
        if stage.state == DONE:
            return stage.seconds or 0.0
        now = self._now()
        left = stage.pace.left(stage.items, now) if stage.state == RUNNING else None
        if left is not None:
            return now - stage.began + left
        unit = self._units.get(stage.kind, next(reversed(self._units.values()), 0.0))
        return stage.items * stage.work * unit

    def _measure(self, stage: Stage) -> None:
        if not stage.work:
            return
        taken = stage.pace.seconds
        if taken is None and stage.seconds is not None:
            taken = stage.seconds / stage.items
        if taken is not None:
            self._units.pop(stage.kind, None)
            self._units[stage.kind] = taken / stage.work
