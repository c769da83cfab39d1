"""Watched: what a journal says was raised in each of its streams."""

from dataclasses import dataclass, field
from pathlib import Path

from data.windows.settings import ROUNDING
from rl.runs.journal import Alarm, Ended, Looked, read_journal


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
    """Seconds that the model took."""
    unread: int = 0
    """Windows without a ruling to be relied on."""
    windows: int = 0
    is_over: bool = False
    """Whether it was watched to its end."""
    _open: dict[int, Raised] = field(default_factory=dict, repr=False)
    _sure: dict[str, float] = field(default_factory=dict, repr=False)
    """By rule, how sure the surest was of the windows in a row that found it."""

    def add(self, record: Looked | Ended) -> None:
        """What the journal says next."""
        if isinstance(record, Looked):
            self.windows, self.cost = self.windows + 1, self.cost + record.seconds
            self.unread += record.verdict is None
            self._note(record)
        self.is_over = isinstance(record, Ended)
        for alarm in record.alarms:
            self._change(alarm)

    def _note(self, record: Looked) -> None:
        found = {item.rule for item in record.found}
        if record.verdict is not None:
            self._sure = {rule: sure for rule, sure in self._sure.items() if rule in found}
        for item in record.found:
            self._sure[item.rule] = max(self._sure.get(item.rule, 0.0), record.confidence or 0.0)
            for raised in self._open.values():
                if raised.rule == item.rule:
                    raised.last = max(raised.last, item.end)

    def _change(self, alarm: Alarm) -> None:
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
    ends: dict[str, float] = {}
    for record in read_journal(path):
        one = streams.setdefault(record.stream, Watched(record.stream))
        if not isinstance(record, Looked | Ended):
            continue
        if isinstance(record, Looked) and record.end > ends.get(record.stream, 0.0) + ROUNDING:
            one.seconds += record.end - max(record.start, ends.get(record.stream, 0.0))
            ends[record.stream] = record.end
        one.add(record)
    return streams
