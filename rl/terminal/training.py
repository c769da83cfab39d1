"""A training run on the terminal: one line while it goes on."""

import time
from contextlib import AbstractContextManager
from typing import Any

from rl.terminal.line import Clock, Fact, Line, Reading
from rl.terminal.messages import downloading
from rl.terminal.pace import Pace
from rl.terminal.quantities import clock, size
from rl.terminal.snapshot import FIGURES, Snapshot


class TrainingLine(AbstractContextManager["TrainingLine"]):
    """The line of a run, fed with snapshots; until the first one comes, it says that the run is being prepared.

    Args:
        name: what the run is called.
        shown: whether to show anything.
        now: the time, in seconds.
    """

    def __init__(self, name: str, shown: bool = True, now: Clock = time.monotonic):
        self.name, self._now, self._began = name, now, now()
        self.snapshots: list[Snapshot] = []
        """All that were shown; the first one is from before the first step."""
        self._steps, self._tokens = Pace(), Pace()
        self._line = Line(self.reading, shown, now)

    def __enter__(self) -> "TrainingLine":
        self._line.__enter__()
        self._line.update(at_once=True)
        return self

    def __exit__(self, *error: Any) -> None:
        if len(self.snapshots) > 1:
            self._line.update(at_once=True)
        self._line.__exit__(*error)

    def show(self, snapshot: Snapshot) -> None:
        """Training begins, or another step is done."""
        self.snapshots.append(snapshot)
        self._steps.mark(snapshot.step, self._now())
        if snapshot.tokens is not None:
            self._tokens.mark(snapshot.tokens, self._now())
        is_first, is_last = len(self.snapshots) == 2, snapshot.step >= snapshot.steps
        self._line.update(due=snapshot.logged, at_once=is_first or is_last)

    def reading(self) -> Reading:
        """What the line says now."""
        if not self.snapshots:
            download = downloading()
            doing = f"downloading {download}" if download else "preparing"
            return Reading(self.name, facts=(Fact(doing), Fact(clock(self._now() - self._began))))
        newest = self.snapshots[-1]
        known = [(figure, figure.of(newest)) for figure in FIGURES]
        facts = [
            Fact(f"{figure.name} {figure.text(value)}", f"{figure.short} {figure.text(value)}")
            for figure, value in known
            if value is not None
        ]
        if self._tokens.seconds:
            facts.append(Fact(f"{1 / self._tokens.seconds:,.0f} tokens/s", f"{1 / self._tokens.seconds:,.0f} tok/s"))
        if newest.memory is not None:
            facts.append(Fact(f"{newest.place} {size(newest.memory)}", size(newest.memory)))
        left = self._steps.left(newest.steps, self._now())
        return Reading(self.name, newest.step, newest.steps, "step", left, tuple(facts))
