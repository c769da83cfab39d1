"""Tally: one model's alarms counted against gold's events, stream by stream.

An alarm is right if its seconds meet an event that it is right for; it detects every such event when it is raised. An
event that no alarm detects has an infinite time to detection: medians and quantiles are over all events, so that
nothing is gained by leaving out the hard ones.

    events detected         = events that some alarm detects / events
    time to detection       = from an event's beginning to the first alarm that detects it: the median of all events,
                              and what nine of ten do not exceed
    recall at precision .8  = the largest share of events that are detected by alarms above some score of which at
                              least 80 % are right; alarms of one score stand or fall together
    false alarms per hour   = alarms that detect nothing / hours watched
    violating seconds seen  = seconds of events that lie within an alarm for them / seconds of events
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.live.events import Event
from rl.evaluation.live.watched import Raised, Stream
from rl.evaluation.ranking.ranking import Floats, Ranking
from rl.evaluation.statistics import quantile

PRECISION = 0.8
QUANTILES = {"time_to_detection": 0.5, "time_to_detection_90": 0.9}
HOUR = 3600.0


@dataclass(frozen=True)
class Tally:
    """The streams of one model."""

    streams: Sequence[Stream]

    def values(self, times: Floats) -> dict[str, Floats]:
        """Every figure ``(...)`` of streams that count so many times ``(..., streams)``; nan where there is nothing to
        speak of."""
        of_events = times[..., self.owner]
        events = of_events.sum(axis=-1)
        return {
            "events_detected": _ratio((of_events * np.isfinite(self.delays)).sum(axis=-1), events),
            **{name: quantile(self.delays, share, of_events) for name, share in QUANTILES.items()},
            "event_recall_at_precision_80": self._recall_at_precision(times, of_events),
            "false_alarms_per_hour": _ratio(times @ self.false, times @ self.hours),
            "seconds_seen": _ratio(of_events @ self.seen, of_events @ self.lengths),
        }

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """``(events,)``: the stream of each."""
        return np.repeat(np.arange(len(self.streams)), [len(one.events) for one in self.streams])

    @cached_property
    def delays(self) -> Floats:
        """``(events,)``: seconds to its detection."""
        times = [[alarm.at - event.start for alarm in alarms] for event, alarms in self._detected]
        return np.array([min(of_it, default=inf) for of_it in times])

    @cached_property
    def lengths(self) -> Floats:
        """``(events,)``: seconds that it lasts."""
        return np.array([event.end - event.start for event, _ in self._detected], dtype=float)

    @cached_property
    def seen(self) -> Floats:
        """``(events,)``: seconds of it within alarms for it."""
        return np.array(
            [_covered(event, one.watched.raised) for one in self.streams for event in one.events], dtype=float
        )

    @cached_property
    def false(self) -> Floats:
        """``(streams,)``: alarms that detect nothing."""
        return np.array([sum(not right for _, right in alarms) for alarms in self._alarms], dtype=float)

    @cached_property
    def hours(self) -> Floats:
        """``(streams,)``: that were watched."""
        return np.array([one.watched.seconds / HOUR for one in self.streams])

    @cached_property
    def _alarms(self) -> list[list[tuple[Raised, bool]]]:
        """Of each stream, and whether it detects something."""
        return [
            [(raised, any(_detects(raised, event) for event in one.events)) for raised in one.watched.raised]
            for one in self.streams
        ]

    @cached_property
    def _detected(self) -> list[tuple[Event, list[Raised]]]:
        """Each event with the alarms that detect it."""
        return [
            (event, [raised for raised in one.watched.raised if _detects(raised, event)])
            for one in self.streams
            for event in one.events
        ]

    def _recall_at_precision(self, times: Floats, of_events: Floats) -> Floats:
        found = [(*alarm, place) for place, alarms in enumerate(self._alarms) for alarm in alarms]
        ranking = Ranking(np.array([raised.score for raised, _, _ in found]), np.array([r for _, r, _ in found], bool))
        true, false = ranking.steps(times[..., np.array([place for *_, place in found], dtype=np.int64)])
        precise = true >= PRECISION * (true + false) - 1e-9
        best = np.array([max((alarm.score for alarm in alarms), default=-inf) for _, alarms in self._detected])
        recalled = np.zeros(times.shape[:-1])
        for place, least in enumerate(ranking.thresholds):
            recalled = np.fmax(recalled, precise[..., place] * (of_events * (best >= least)).sum(axis=-1))
        return _ratio(recalled, of_events.sum(axis=-1))


def _detects(raised: Raised, event: Event) -> bool:
    return raised.rule in event.rules and event.meets(raised.first, raised.last) and raised.at >= event.start


def _covered(event: Event, alarms: Sequence[Raised]) -> float:
    """Seconds of an event that lie in at least one alarm for it."""
    total, reached = 0.0, event.start
    for start, end in sorted((alarm.first, alarm.last) for alarm in alarms if alarm.rule in event.rules):
        start, end = max(start, reached), min(end, event.end)
        if end > start:
            total, reached = total + end - start, end
    return total


def _ratio(part: Floats, whole: Floats) -> Floats:
    whole = np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)
