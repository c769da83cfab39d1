"""Watched: what was raised in each of the streams that a journal, or an evaluation of windows, is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from data.windows import Alarm, Alarms
from data.windows.settings import ROUNDING
from rl.evaluation.live.events import Event, merged
from rl.evaluation.predictions import Prediction
from rl.runs.journal import Ended, Looked, read_journal


class _Sighted(Protocol):
    @property
    def rule(self) -> str: ...
    @property
    def end(self) -> float: ...


@dataclass
class Raised:
    """An alarm, from its first second to its last as far as that is known; seconds since the stream began."""

    rule: str
    first: float
    last: float
    at: float
    """When it was raised."""
    score: float
    """The highest confidence, 0..1, among the windows that it was raised on."""


@dataclass
class Watched:
    """A stream as it was watched."""

    stream: str
    raised: list[Raised] = field(default_factory=list)
    seconds: float = 0.0
    """That were watched."""
    cost: float = 0.0
    """Seconds that the model took, where that is known."""
    unread: int = 0
    """Windows without a ruling to be relied on."""
    windows: int = 0
    end: float = 0.0
    """Of the last window."""
    is_over: bool = False
    """Whether it was watched to its end."""
    _open: dict[int, Raised] = field(default_factory=dict, repr=False)
    _sure: dict[str, float] = field(default_factory=dict, repr=False)
    """By rule, how sure the surest was of the windows in a row that found it."""

    def look(
        self, start: float, end: float, found: Sequence[_Sighted] | None, confidence: float, alarms: Iterable[Alarm]
    ) -> None:
        """The next window, and what it changed.

        Args:
            found: None where there is no ruling to be relied on.
        """
        self.windows, self.unread = self.windows + 1, self.unread + (found is None)
        if end > self.end + ROUNDING:
            self.seconds, self.end = self.seconds + end - max(start, self.end), end
        if found is not None:
            rules = {item.rule for item in found}
            self._sure = {rule: sure for rule, sure in self._sure.items() if rule in rules}
        for item in found or ():
            self._sure[item.rule] = max(self._sure.get(item.rule, 0.0), confidence)
            for raised in self._open.values():
                if raised.rule == item.rule:
                    raised.last = max(raised.last, item.end)
        self.change(alarms)

    def change(self, alarms: Iterable[Alarm]) -> None:
        """What was raised and cleared."""
        for alarm in alarms:
            if alarm.change == "raised":
                score = self._sure.get(alarm.rule, 0.0)
                self._open[alarm.number] = Raised(alarm.rule, alarm.first, alarm.last, alarm.at, score)
                self.raised.append(self._open[alarm.number])
            elif (raised := self._open.pop(alarm.number, None)) is not None:
                raised.first, raised.last = alarm.first, alarm.last


def read_watched(path: str | Path) -> dict[str, Watched]:
    """The streams of a journal, by name; those as well of which no window was looked at.

    Raises:
        DataError: the file is no journal; names the line.
    """
    streams: dict[str, Watched] = {}
    for record in read_journal(path):
        one = streams.setdefault(record.stream, Watched(record.stream))
        if isinstance(record, Looked):
            one.cost += record.seconds
            found = None if record.verdict is None else record.found
            one.look(record.start, record.end, found, record.confidence or 0.0, record.alarms)
        elif isinstance(record, Ended):
            one.change(record.alarms)
        if isinstance(record, Looked | Ended):
            one.is_over = isinstance(record, Ended)
    return streams


@dataclass(frozen=True)
class Stream:
    """A stream as it was watched, and what gold says of it."""

    watched: Watched
    events: Sequence[Event]
    cluster: str
    """What it is drawn with when intervals are worked out."""
    name: str
    """Of its case: samples of one have the same."""


def streams_of(predictions: Sequence[Prediction], agree: int) -> list[Stream] | None:
    """The streams that predictions are about, each with the alarms that they raise; None unless all of them are about
    windows of whole streams with gold.

    Args:
        agree: windows in a row that raise an alarm, or clear it.
    """
    by_stream: dict[tuple[str, int], list[Prediction]] = {}
    for prediction in predictions:
        if prediction.seen is None or prediction.seen.events is None:
            return None
        by_stream.setdefault((prediction.seen.stream, prediction.sample), []).append(prediction)
    found = []
    for (name, _), windows in by_stream.items():
        windows.sort(key=lambda window: window.seen.end if window.seen is not None else 0.0)
        watched, alarms, events = Watched(name), Alarms(agree), list[Event]()
        for number, window in enumerate(windows):
            seen = window.seen
            assert seen is not None
            if seen.start > watched.end + ROUNDING:
                return None  # something between them is missing
            ruling = window.ruling if seen.found is not None else None
            changes = alarms.look(seen.found, ruling.verdict if ruling else None, seen.span(number))
            watched.look(seen.start, seen.end, seen.found, ruling.confidence if ruling else 0.0, changes)
            events += seen.events or ()
        watched.change(alarms.end(watched.end))
        watched.is_over = True
        found.append(Stream(watched, merged(events), windows[0].cluster, name))
    return found
