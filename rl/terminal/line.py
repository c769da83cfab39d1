"""Line: one line that says how far something is. On a terminal it is redrawn; elsewhere it is written now and then."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from rl.terminal.console import can_redraw, console, terminal
from rl.terminal.quantities import clock
from rl.terminal.safe_text import visible

EVERY = 30.0
"""Seconds that lie between two lines, at the least, where a line cannot be redrawn."""
BAR, SHORTEST = 30, 8
"""How many columns the bar takes, if there is room, and how many it keeps for itself."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Fact:
    """One figure of a line, in words."""

    text: str
    short: str = ""
    """The same for a narrow terminal; ``text`` if left out."""


@dataclass(frozen=True)
class Reading:
    """What a line says at one time."""

    name: str
    """What goes on; plain text."""
    done: int | None = None
    """None while it is being prepared."""
    total: int = 0
    unit: str = ""
    """What is counted; left out where it is clear."""
    left: float | None = None
    """Seconds until the end, if that can be told."""
    facts: tuple[Fact, ...] = ()
    """Further figures, the more important ones first."""

    def plain(self) -> str:
        """The whole line in words."""
        said = [fact.text for fact in self.facts]
        if self.done is not None:
            if self.left is not None and self.done < self.total:
                said.insert(0, f"{clock(self.left)} left")
            said.insert(0, f"{f'{self.unit} ' if self.unit else ''}{self.done:,} of {self.total:,}")
        return visible(f"{self.name}: {', '.join(said)}")

    def drawn(self, width: int) -> Text:
        """The line with a bar, in so many columns: facts in short and in the end fewer of them, as room goes."""
        line = Text(visible(self.name), style="bold", no_wrap=True, overflow="ellipsis")
        if self.done is None:
            return line.append(_apart([fact.text for fact in self.facts]), style="not bold dim")
        total = f"{self.total:,}"
        counted = f"  {f'{self.done:,}'.rjust(len(total))}/{total} "  # what stands behind must not jump to and fro
        time_left = f" {'-:--' if self.left is None else clock(self.left)} left" if self.done < self.total else ""
        room = width - len(line) - len(counted) - len(time_left) - 1
        tail = self._tail(room - SHORTEST)
        bar = max(SHORTEST, min(BAR, room - len(tail)))
        filled = round(bar * self.done / self.total) if self.total else 0
        line.append(counted, style="not bold")
        line.append("━" * filled, style="not bold green").append("━" * (bar - filled), style="not bold bright_black")
        return line.append(time_left, style="not bold cyan").append(tail, style="not bold")

    def _tail(self, room: int) -> str:
        long = [fact.text for fact in self.facts]
        short = [fact.short or fact.text for fact in self.facts]
        fewer = (short[:count] for count in range(len(short), 0, -1))
        return next((tail for tail in map(_apart, (long, *fewer)) if len(tail) <= room), "")


def _apart(words: Sequence[str]) -> str:
    return visible("".join(f"  {word}" for word in words))


class Line(AbstractContextManager["Line"]):
    """Shows readings while it is entered; nothing is left of it on a terminal. One that is entered meanwhile takes its
    place until it is left.

    Args:
        read: what the line says now; asked several times a second on a terminal.
        shown: whether to show anything.
        now: the time, in seconds.
    """

    _drawn: ClassVar[list["Line"]] = []
    """Those on the terminal, the one that is seen last."""

    def __init__(self, read: Callable[[], Reading], shown: bool = True, now: Clock = time.monotonic):
        self._read, self._shown, self._now = read, shown, now
        self._live: Live | None = None
        self._last = (now(), "")
        """When a line was last written, and which."""

    def __enter__(self) -> "Line":
        if self._shown and can_redraw():
            self._live = Live(
                get_renderable=lambda: _Drawn(self._read()),
                console=console(),
                refresh_per_second=4,
                transient=True,
                redirect_stderr=False,  # what is printed to stdout meanwhile stands above the line
            )
            self._take_turns(self)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._live is not None:
            self._take_turns(None)
            self._live = None

    def _take_turns(self, new: "Line | None") -> None:
        """Puts another line on the terminal, or takes the last one away: there is one at a time."""
        if self._drawn and (seen := self._drawn[-1]._live) is not None:
            seen.stop()
        if new is not None:
            self._drawn.append(new)
        else:
            self._drawn.pop()
        if self._drawn and (seen := self._drawn[-1]._live) is not None:
            seen.start()

    def update(self, due: bool = True, at_once: bool = False) -> None:
        """There is something new.

        Args:
            due: whether it is worth a line of its own, if the last one is old enough.
            at_once: however old the last one is.
        """
        if self._live is not None or not self._shown:  # a live line looks for itself
            return
        if at_once or (due and self._now() - self._last[0] >= EVERY):
            text = self._read().plain()
            if text != self._last[1]:
                print(text, file=terminal(), flush=True)
                self._last = (self._now(), text)


@dataclass(frozen=True)
class _Drawn:
    reading: Reading

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.reading.drawn(options.max_width)
