"""LiveFigures: how well the alarms of watched streams tell of gold's events.

An alarm is right if its seconds meet an event that one of its rules' alarms is right for; it detects every such event
when it is raised. An event that no alarm detects has an infinite time to detection: medians and quantiles are over all
events, so that nothing is gained by leaving out the hard ones. Intervals come from drawing whole groups of streams
again, 2.5 % to 97.5 % (see `rl.evaluation.statistics.bootstrap` on how far to trust those near the ends of a range);
one group alone has none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np

from rl.evaluation.live.events import Event
from rl.evaluation.live.watched import Raised, Watched
from rl.evaluation.statistics import Estimate

PRECISION = 0.8
RESAMPLES = 2000
HOUR = 3600.0


@dataclass(frozen=True)
class LiveFigures:
    """What is to be said of the alarms. nan where nothing is there to speak of."""

    streams: int
    hours: float
    """That were watched."""
    events: int
    alarms: int
    unread: float
    """The share of windows without a ruling to be relied on."""
    detected: Estimate
    """The share of events that some alarm detects."""
    median_delay: Estimate
    """Seconds from an event's beginning to its alarm, the median of all events; infinite where fewer are detected."""
    slow_delay: Estimate
    """The same for nine of ten events."""
    recall_at_precision: Estimate
    """The largest share of events that are detected by alarms above some score of which at least 80 % are right."""
    false_alarms_per_hour: Estimate
    seconds_seen: Estimate
    """The share of the seconds of all events that lie within an alarm for them."""


@dataclass(frozen=True)
class _Stream:
    watched: Watched
    events: Sequence[Event]
    cluster: str
    right: list[list[int]]
    """For each alarm, the events that it detects."""

    @classmethod
    def of(cls, watched: Watched, events: Sequence[Event], cluster: str) -> "_Stream":
        right = [[n for n, event in enumerate(events) if _detects(raised, event)] for raised in watched.raised]
        return cls(watched, events, cluster, right)

    @property
    def delays(self) -> list[float]:
        """Of each event."""
        raised = list(zip(self.watched.raised, self.right, strict=True))
        times = [[alarm.at for alarm, found in raised if n in found] for n in range(len(self.events))]
        return [min(at) - event.start if at else inf for at, event in zip(times, self.events, strict=True)]

    @property
    def seen(self) -> float:
        """Seconds of events within alarms for them."""
        total = 0.0
        for event in self.events:
            of_it = [(r.first, r.last) for r in self.watched.raised if r.rule in event.rules]
            total += _covered(event, of_it)
        return total


def measure_alarms(
    watched: Sequence[Watched],
    events: Sequence[Sequence[Event]],
    clusters: Sequence[str] | None = None,
    seed: int = 0,
) -> LiveFigures:
    """The figures of streams.

    Args:
        events: of each stream, in their order.
        clusters: the group of each stream (`Case.cluster`); each is one of its own if None.
    """
    if clusters is None:
        clusters = [str(place) for place in range(len(watched))]
    streams = [_Stream.of(*one) for one in zip(watched, events, clusters, strict=True)]
    count = sum(map(len, events))

    def estimate(figure: Callable[[Sequence[_Stream]], float], support: int) -> Estimate:
        return _estimate(streams, figure, support, seed)

    windows = sum(one.windows for one in watched)
    return LiveFigures(
        streams=len(streams),
        hours=sum(one.seconds for one in watched) / HOUR,
        events=count,
        alarms=sum(len(one.raised) for one in watched),
        unread=sum(one.unread for one in watched) / windows if windows else nan,
        detected=estimate(lambda some: _share(sum(d < inf for s in some for d in s.delays), _events(some)), count),
        median_delay=estimate(lambda some: _quantile(some, 0.5), count),
        slow_delay=estimate(lambda some: _quantile(some, 0.9), count),
        recall_at_precision=estimate(_recall_at_precision, count),
        false_alarms_per_hour=estimate(_false_per_hour, len(streams)),
        seconds_seen=estimate(
            lambda some: _share(sum(s.seen for s in some), sum(e.end - e.start for s in some for e in s.events)), count
        ),
    )


def _detects(raised: Raised, event: Event) -> bool:
    return raised.rule in event.rules and event.meets(raised.first, raised.last) and raised.at >= event.start


def _events(streams: Sequence[_Stream]) -> int:
    return sum(len(stream.events) for stream in streams)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else nan


def _quantile(streams: Sequence[_Stream], share: float) -> float:
    """The least delay that at least this share of the events does not exceed."""
    delays = sorted(delay for stream in streams for delay in stream.delays)
    return delays[max(0, int(np.ceil(share * len(delays) - 1e-9)) - 1)] if delays else nan


def _false_per_hour(streams: Sequence[_Stream]) -> float:
    false = sum(not found for stream in streams for found in stream.right)
    return _share(false * HOUR, sum(stream.watched.seconds for stream in streams))


def _recall_at_precision(streams: Sequence[_Stream]) -> float:
    """Alarms of one score stand or fall together."""
    alarms = [
        (raised.score, [(place, n) for n in found])
        for place, stream in enumerate(streams)
        for raised, found in zip(stream.watched.raised, stream.right, strict=True)
    ]
    best, whole = 0.0, _events(streams)
    if not whole:
        return nan
    for least in {score for score, _ in alarms}:
        kept = [found for score, found in alarms if score >= least]
        if sum(bool(found) for found in kept) >= PRECISION * len(kept) - 1e-9:
            best = max(best, len({event for found in kept for event in found}) / whole)
    return best


def _covered(event: Event, spans: Sequence[tuple[float, float]]) -> float:
    """Seconds of an event that lie in at least one of some stretches of time."""
    total, reached = 0.0, event.start
    for start, end in sorted(spans):
        start, end = max(start, reached), min(end, event.end)
        if end > start:
            total, reached = total + end - start, end
    return total


def _estimate(
    streams: Sequence[_Stream], figure: Callable[[Sequence[_Stream]], float], support: int, seed: int
) -> Estimate:
    value = figure(streams)
    groups: dict[str, list[_Stream]] = {}
    for stream in streams:
        groups.setdefault(stream.cluster, []).append(stream)
    if len(groups) < 2 or np.isnan(value):
        return Estimate(value, nan, nan, support)
    whole = list(groups.values())
    picks = np.random.default_rng(seed).integers(0, len(whole), (RESAMPLES, len(whole)))
    draws = np.array([figure([stream for place in pick for stream in whole[place]]) for pick in picks])
    draws = np.sort(draws[~np.isnan(draws)])
    if not len(draws):
        return Estimate(value, nan, nan, support)
    low, high = (draws[min(len(draws) - 1, int(share * len(draws)))] for share in (0.025, 0.975))
    return Estimate(value, float(low), float(high), support)
