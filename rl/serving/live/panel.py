"""Panel: what people see of a stream while it is watched: its state, open alarms, what was found last, and the lag.

On a terminal it is redrawn; elsewhere each alarm, and whatever else happens, is a line.
"""

from collections import deque
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from data.windows import Alarm
from rl.runs.journal import Began, Dropped, Ended, Looked, Lost, Opened, Record
from rl.serving.review import COLOURS
from rl.terminal.console import can_redraw, console
from rl.terminal.quantities import clock
from rl.terminal.safe_text import one_line

EVENTS = 6
"""Lines of what happened."""


class WatchPanel(AbstractContextManager["WatchPanel"]):
    """Shows records while it is entered; streams that are watched side by side share one.

    Args:
        title: what is watched.
        shown: whether to show anything.
    """

    def __init__(self, title: str, shown: bool = True):
        self._title, self._shown = title, shown
        self._live: Live | None = None
        self._newest: Looked | None = None
        self._open: dict[tuple[str, int], Alarm] = {}
        self._events: deque[Text] = deque(maxlen=EVENTS)
        self._windows = self._frames_dropped = self._windows_dropped = 0
        self._seconds = 0.0

    def __enter__(self) -> "WatchPanel":
        if self._shown and can_redraw():
            self._live = Live(
                get_renderable=self.drawn, console=console(), refresh_per_second=4, redirect_stderr=False
            )
            self._live.start()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def listen(self, record: Record) -> None:
        """Something was written to the journal."""
        if isinstance(record, Looked):
            self._newest, self._windows = record, self._windows + 1
            self._seconds += record.seconds
        if isinstance(record, Looked | Ended):
            for alarm in record.alarms:
                if alarm.change == "raised":
                    self._open[record.stream, alarm.number] = alarm
                else:
                    self._open.pop((record.stream, alarm.number), None)
        if isinstance(record, Dropped):
            self._frames_dropped += record.frames
            self._windows_dropped += record.windows
        for line in said(record):
            self._events.append(line)
            if self._shown and self._live is None:
                console().print(line, soft_wrap=True)

    def drawn(self) -> RenderableType:
        """What is seen now."""
        newest = self._newest
        if newest is None:
            return Panel(Text("waiting for the first window", style="dim"), title=_safe(self._title))
        facts = [
            f"at {clock(newest.end)}",
            f"{self._windows:,} windows",
            f"{self._seconds / self._windows:.2f} s each",
        ]
        if newest.lag > 0:
            facts.append(f"{newest.lag:.1f} s behind")
        if self._frames_dropped or self._windows_dropped:
            facts.append(f"left out: {self._frames_dropped:,} frames, {self._windows_dropped:,} windows")
        head = Text.assemble((newest.state, f"bold {COLOURS[newest.state]}"), ("  " + "  ".join(facts), "dim"))
        body: list[RenderableType] = [head]
        if self._open:
            table = Table("open alarm", "since", "last seen", box=None, padding=(0, 2, 0, 0))
            for alarm in self._open.values():
                table.add_row(_safe(alarm.rule), clock(alarm.first), clock(alarm.last))
            body += [Text(), table]
        seen = ", ".join(f"{f.rule} from {clock(f.start)} to {clock(f.end)}" for f in newest.found)
        body += [Text(), _safe(f"this window: {newest.failure or seen or 'nothing found'}"), *self._events]
        return Panel(Group(*body), title=_safe(self._title), border_style=COLOURS[newest.state])


def said(record: Record) -> list[Text]:
    """What is to be said of a record, line by line; most windows are nothing to talk about."""
    if isinstance(record, Began):
        return [_safe(f"watching {record.source}" if record.source != "case" else f"watching case {record.stream}")]
    if isinstance(record, Looked | Ended):
        lines = [_alarm(record.stream, alarm) for alarm in record.alarms]
        if isinstance(record, Ended):
            lines.append(_safe(f"{record.stream}: over at {clock(record.at)} {record.why}".rstrip(), "dim"))
        return lines
    if isinstance(record, Opened):
        return [_safe(f"opened {record.name}, from {clock(record.at)}", "dim")]
    if isinstance(record, Lost):
        then = f": trying again in {record.wait:g} s" if record.wait else ""
        return [_safe(f"lost at {clock(record.at)} ({record.why}){then}", "yellow")]
    what = [(record.windows, "windows"), (record.frames, "frames"), (round(record.sound), "seconds of sound")]
    left = ", ".join(f"{count:,} {name}" for count, name in what if count)
    return [_safe(f"{record.why} at {clock(record.end)}: left out {left}", "yellow")]


def _alarm(stream: str, alarm: Alarm) -> Text:
    span = f"{clock(alarm.first)} to {clock(alarm.last)}"
    style = "bold red" if alarm.change == "raised" else "green"
    return _safe(f"{stream}: alarm {alarm.number} {alarm.change} at {clock(alarm.at)}: {alarm.rule}, {span}", style)


def _safe(text: str, style: str = "") -> Text:
    return Text(one_line(text), style=style)
