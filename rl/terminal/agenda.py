"""Agenda: the stages of something long, how long each took, and how long the rest will take on this machine.

What is to come is foretold from what has been measured here: an item of one stage takes so many times as long as one
of another, so once one stage is measured the others follow; each is corrected as soon as it is measured itself.
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
STYLES = {DONE: "green", RUNNING: "bold cyan", TO_COME: ""}


@dataclass
class Stage:
    """One stage."""

    name: str
    what: str
    """What is done in it, in a few words."""
    items: int = 1
    """How many items it has, which all take about the same time."""
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
        """Seconds for one unit of work, by the stage that it was measured on, the newest last."""

    def skip(self, name: str) -> None:
        """A stage was done before."""
        self._stages[name].state = DONE

    def is_to_come(self, name: str) -> bool:
        """Whether a stage is still to begin."""
        return self._stages[name].state == TO_COME

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
        """Seconds until the end, as far as anything is known of them."""
        return sum(self._left(stage) or 0.0 for stage in self._stages.values())

    def number(self, name: str) -> str:
        """Which stage this is: ``2 of 7``."""
        return f"{[*self._stages].index(name) + 1} of {len(self._stages)}"

    def table(self, heading: str = "") -> RenderableType:
        """All stages, with the time that each took or will take, and its share of the whole.

        Args:
            heading: what stands above; in it, ``{all}``, ``{left}`` and ``{spent}`` are replaced by times.
        """
        whole = {stage.name: self._whole(stage) for stage in self._stages.values()}
        total = sum(seconds or 0.0 for seconds in whole.values())
        times = {"all": about(total), "left": about(self.left), "spent": spent(total)}
        table = Table.grid("", "", "", Column(justify="right"), Column(justify="right"), padding=(0, 2))
        for stage in self._stages.values():
            seconds = whole[stage.name]
            if seconds is None:
                took = "done before" if stage.state == DONE else ""
            else:
                took = spent(seconds) if stage.state == DONE else f"about {about(seconds)}"
            part = share(seconds / total) if seconds else ""
            table.add_row(f" {stage.state}", stage.name, stage.what, took, part, style=STYLES[stage.state])
        return Group(Text(heading.format(**times), style="bold"), table)

    def _whole(self, stage: Stage) -> float | None:
        """What a stage took, or will have taken; None where it was done before, or nothing is known of it."""
        left = self._left(stage)
        return stage.seconds if stage.state == DONE or left is None else self._elapsed(stage) + left

    def _left(self, stage: Stage) -> float | None:
        """Seconds until a stage is done; None where nothing is known of it."""
        if stage.state == DONE:
            return 0.0
        paced = stage.pace.left(stage.items, self._now())
        if paced is not None:
            return paced
        unit = self._units.get(stage.name, next(reversed(self._units.values()), 0.0))
        foretold = stage.items * stage.work * unit
        return max(0.0, foretold - self._elapsed(stage)) if foretold else None

    def _elapsed(self, stage: Stage) -> float:
        return self._now() - stage.began if stage.state == RUNNING else 0.0

    def _measure(self, stage: Stage) -> None:
        if not stage.work:
            return
        taken = stage.pace.seconds
        if taken is None and stage.seconds is not None:
            taken = stage.seconds / stage.items
        if taken is not None:
            self._units.pop(stage.name, None)
            self._units[stage.name] = taken / stage.work
