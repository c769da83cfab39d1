"""Events: what gold says happened in a stream, each from when to when."""

from collections.abc import Iterable
from dataclasses import dataclass

from data import Brief, Briefs
from data.windows.cut import duration_of
from data.windows.gold import gold_spans
from data.windows.settings import ROUNDING


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
    """The events of a case, in order; stretches of the same violation that touch are one. Those of a window are in
    seconds of its stream.

    Raises:
        DataError: gold does not say what breaks which rule, or when.
    """
    window = brief.case.window
    moved, duration = (window.start, window.length) if window is not None else (0.0, duration_of(brief.case))
    spans = gold_spans(brief, duration)
    return merged(Event(violation.accepted, start + moved, end + moved) for violation, start, end in spans)


def merged(events: Iterable[Event]) -> list[Event]:
    """Events in order of time, those of the same rules that touch made one."""
    found: list[Event] = []
    for event in sorted(events, key=lambda event: (event.rules, event.start)):
        last = found[-1] if found else None
        if last is not None and last.rules == event.rules and event.start <= last.end + ROUNDING:
            found[-1] = Event(last.rules, last.start, max(last.end, event.end))
        else:
            found.append(event)
    return sorted(found, key=lambda event: event.start)


def events_by_window(streams: Briefs, windows: Briefs) -> dict[str, list[Event]]:
    """Which events begin in each window, by its id, so that those of all windows of a stream are all of its events;
    windows of streams without gold are left out.

    Raises:
        DataError: gold does not say what breaks which rule, or when.
    """
    found: dict[str, list[Event]] = {}
    left = {brief.id: events_of(brief) for brief in streams if brief.gold is not None}
    last = {window.case.window.stream: window.id for window in windows if window.case.window is not None}
    for window in windows:
        shown = window.case.window
        if shown is None or shown.stream not in left:
            continue
        waiting = left[shown.stream]
        here = waiting if window.id == last[shown.stream] else [event for event in waiting if event.start < shown.end]
        found[window.id] = list(here)
        left[shown.stream] = [event for event in waiting if event not in here]
    return found
