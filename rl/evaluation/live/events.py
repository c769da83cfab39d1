"""Events: what gold says happened in a stream, each from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass

from data import Brief
from data.windows.gold import gold_spans


@dataclass(frozen=True)
class Event:
    """A violation that goes on for a while."""

    rules: tuple[str, ...]
    """An alarm for any of them is right."""
    start: float
    """Seconds since the stream began."""
    end: float

    def shared(self, start: float, end: float) -> float:
        """Seconds that it has in common with a stretch of time; 0 where they only touch."""
        return max(0.0, min(self.end, end) - max(self.start, start))

    def meets(self, start: float, end: float) -> bool:
        """Whether it and a stretch of time, which may be a moment, touch."""
        return self.start <= end and start <= self.end


def events_of(brief: Brief) -> list[Event]:
    """The events of a case, in order; stretches of the same violation that touch are one.

    Raises:
        DataError: gold does not say what breaks which rule, or when, by intervals.
    """
    found = [Event(violation.accepted, start, end) for violation, start, end in gold_spans(brief)]
    return _merged(sorted(found, key=lambda event: (event.rules, event.start)))


def _merged(events: Sequence[Event]) -> list[Event]:
    merged: list[Event] = []
    for event in events:
        last = merged[-1] if merged else None
        if last is not None and last.rules == event.rules and event.start <= last.end:
            merged[-1] = Event(last.rules, last.start, max(last.end, event.end))
        else:
            merged.append(event)
    return sorted(merged, key=lambda event: event.start)
