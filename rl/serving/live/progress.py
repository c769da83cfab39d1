"""Progress: all that watching a stream remembers: it follows from the journal, record by record. And its settings."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from data import DataError, Rulebook, Verdict
from data.media.live import Opened, Place
from data.windows import Alarm, Alarms, Memory, Sighting, Span, WindowSettings
from data.windows.settings import SHORTEST
from rl.runs import journal
from rl.runs.journal import Looked, Record

MOST = 10**12
"""Windows: more than any clock can leave out."""
CHANGED = "lines are missing, changed or there twice"


class WatchSettings(BaseModel):
    """How a stream is cut into windows, and when an alarm is raised."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    windows: WindowSettings = Field(default_factory=WindowSettings)
    agree: int = Field(default=2, ge=1, le=100)
    """Windows in a row that must find a rule broken for an alarm, and not broken for it to be cleared."""
    pixels: int = Field(default=200_704, ge=1024)
    """Most pixels of a frame (448 × 448)."""
    most_lag: float = Field(default=20.0, gt=0, le=3600)
    """Seconds that watching may be behind: beyond them, windows are left out."""


class Progress:
    """How far a stream has been watched.

    Args:
        excerpt: the rules it is judged by.
    """

    def __init__(self, settings: WatchSettings, excerpt: Rulebook):
        self.settings, self.excerpt = settings, excerpt
        self.memory, self.alarms = Memory(settings.windows), Alarms(settings.agree)
        self.next = 0
        """The number of the window that is to be looked at."""
        self.reached = 0.0
        """Up to when it was looked at, or left out, in seconds."""
        self.is_over = False
        self._opened: tuple[Opened, ...] = ()
        self._left: tuple[datetime | None, float] = (None, 0.0)
        """When the last window was looked at, and what the source had reached by then."""

    def place(self, now: datetime | None = None) -> Place:
        """Where the stream is to go on.

        Args:
            now: where it is gone on with later than it was left: how much later is worked out.
        """
        position, (left_at, reached) = self.settings.windows.span(self.next).start, self._left
        gap = max(0.0, reached - position + (now - left_at).total_seconds()) if now and left_at else 0.0
        return Place(position, gap, self._opened).after([])

    def opened(self, opened: Opened) -> None:
        """The source was opened, or one of its files."""
        self._opened = self.place().after([opened]).opened

    def look(self, found: Sequence[Sighting] | None, verdict: Verdict | None, span: Span) -> list[Alarm]:
        """A window was looked at: what it finds, None where it has no ruling to be relied on. Returns what changes."""
        self.memory.add(found or ())
        self.pass_over(1, span.end)
        return self.alarms.look(found, verdict, span)

    def pass_over(self, windows: int, end: float) -> None:
        """So many windows are done with, the last of which ends then."""
        self.next += windows
        self.reached = round(end, 3)

    @property
    def state(self) -> Verdict:
        """Of the stream."""
        return self.alarms.state(self.excerpt)

    def replay(self, record: Record) -> None:
        """What a record of the journal says happened.

        Raises:
            DataError: it does not follow from what was said before.
        """
        if isinstance(record, Looked):
            self._replay_window(record)
        elif isinstance(record, journal.Opened):
            self.opened(Opened(record.name, record.at, record.clock))
        elif isinstance(record, journal.Dropped):
            if record.windows:
                self._replay_gap(record)
        elif isinstance(record, journal.Ended) and (
            abs(record.at - self.reached) > 2 * SHORTEST or self.end(record.at) != record.alarms
        ):
            raise DataError(f"it ends at {record.at:g} s, which does not follow from the windows before: {CHANGED}")

    def end(self, at: float) -> list[Alarm]:
        """The stream is over. Returns the alarms that this clears."""
        self.is_over = True
        return self.alarms.end(at)

    def _replay_gap(self, record: journal.Dropped) -> None:
        # Not to be worked out by adding one window to another: there may be millions.
        last = self.settings.windows.span(self.next + min(record.windows, MOST) - 1)
        if not last.end - last.fresh < record.end < last.end + SHORTEST:
            told = f"{record.windows} windows are left out up to {record.end:g} s"
            raise DataError(f"{told}, where window {self.next} was to come: {CHANGED}")
        self.pass_over(record.windows, record.end)

    def _replay_window(self, record: Looked) -> None:
        span = self.settings.windows.span(self.next, record.end)
        if record.number != self.next or abs(record.start - span.start) > SHORTEST or span.fresh <= 0:
            told = f"window {record.number}, from {record.start:g} to {record.end:g} s"
            raise DataError(f"{told}, where window {self.next} was to come: {CHANGED}")
        if unknown := [found.rule for found in record.found if found.rule not in self.excerpt]:
            raise DataError(f"it finds '{unknown[0]}', which is no rule that the stream is judged by")
        found = None if record.verdict is None else [Sighting(f.rule, f.start, f.end) for f in record.found]
        self._left = (record.time, record.end + record.lag)
        if self.look(found, record.verdict, span) != record.alarms:
            raise DataError(f"its alarms are not those that follow from the windows up to here: {CHANGED}")
