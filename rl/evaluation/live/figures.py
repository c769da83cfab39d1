"""Figures: how well alarms tell of gold's events, of one model or several on the same streams, each with its interval.

Intervals take whole clusters of streams. That of the share of events detected, of the times and of the rate of false
alarms is exact for what clusters are worth (`Share`, `Quantile`, `Rate`); the rest, and differences, which are paired
by stream, reach as far as `rl.evaluation.statistics.reach` says. One stream alone leaves everything possible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.live.events import Event
from rl.evaluation.live.tally import HOUR, QUANTILES, Tally
from rl.evaluation.live.watched import Stream, Watched
from rl.evaluation.ranking.figures import drawn
from rl.evaluation.statistics import SHARE, Bounds, Clusters, Estimate, Figure, Pairing, Quantile, Rate, Share
from rl.evaluation.statistics.figure import Interval

RESAMPLES = 2000
FROM_NOTHING: Bounds = (0.0, inf)


@dataclass(frozen=True)
class LiveFigures:
    """What is to be said of the alarms of one model."""

    streams: int
    hours: float
    """That were watched."""
    events: int
    alarms: int
    unread: float
    """The share of windows without a ruling to be relied on; nan where there are none."""
    figures: Mapping[str, Estimate]
    """By their names in `rl.evaluation.metrics.catalogue`; those left out that have nothing to speak of."""


def measure_alarms(
    watched: Sequence[Watched], events: Sequence[Sequence[Event]], clusters: Sequence[str] | None = None, seed: int = 0
) -> LiveFigures:
    """The figures of streams.

    Args:
        events: of each stream, in their order.
        clusters: of each stream: what is drawn with it; each by itself if None.
    """
    names = clusters or [one.stream for one in watched]
    streams = [Stream(*of_it, of_it[0].stream) for of_it in zip(watched, events, names, strict=True)]
    windows = sum(one.windows for one in watched)
    found = {name: figure.estimate() for name, figure in live_figures([streams], seed=seed).items()}
    return LiveFigures(
        streams=len(streams),
        hours=sum(one.seconds for one in watched) / HOUR,
        events=sum(map(len, events)),
        alarms=sum(len(one.raised) for one in watched),
        unread=sum(one.unread for one in watched) / windows if windows else nan,
        figures={name: estimate for name, estimate in found.items() if estimate is not None},
    )


def live_figures(models: Sequence[Sequence[Stream]], resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Figure]:
    """Every figure, by name.

    Args:
        models: the streams of each, baseline first, the same streams in the same order.
        resamples: of clusters of streams; 2,000 at most are drawn.
    """
    tallies = [Tally(streams) for streams in models]
    first, streams = tallies[0], models[0]
    clusters = np.unique([one.cluster for one in streams], return_inverse=True)[1]
    samples = len(streams) / max(1, len({one.name for one in streams}))
    of_events, of_time = Clusters(clusters[first.owner]), Clusters(clusters, first.hours)
    of_seconds = Clusters(clusters[first.owner], first.lengths)
    shares = [Share(np.isfinite(tally.delays), of_events) for tally in tallies]
    values, draws = _drawn(tallies, clusters, min(resamples, RESAMPLES), seed)

    def figure(
        name: str,
        clusters: Clusters,
        *,
        most: float = 1.0,
        bounds: Bounds = SHARE,
        intervals: Sequence[Interval] = (),
        shares: Sequence[Share | None] = (),
        pairings: list[Pairing] | None = None,
    ) -> Figure:
        rows = len(streams) if clusters is of_time else len(first.owner)
        return Figure(
            values=values[name],
            draws=draws[name],
            support=round(rows / samples),
            shares=shares or [None] * len(models),
            pairings=pairings,
            clusters=clusters,
            step=most / max(float(clusters.sizes.sum()), 1e-9),
            bounds=bounds,
            intervals=intervals,
        )

    worst = max(np.bincount(clusters, weights=tally.false).max(initial=1.0) for tally in tallies)
    longest = max(tally.delays[np.isfinite(tally.delays)].max(initial=0.0) for tally in tallies) or 1.0
    return {
        "events_detected": figure(
            "events_detected",
            of_events,
            shares=shares,
            pairings=[Pairing(shares[0].right, share.right, of_events) for share in shares[1:]],
        ),
        **{
            name: figure(
                name,
                of_events,
                most=float(longest) * of_events.typical,
                bounds=FROM_NOTHING,
                intervals=[Quantile(tally.delays, share, of_events) for tally in tallies],
            )
            for name, share in QUANTILES.items()
        },
        "event_recall_at_precision_80": figure("event_recall_at_precision_80", of_events, most=of_events.typical),
        "false_alarms_per_hour": figure(
            "false_alarms_per_hour",
            of_time,
            most=float(worst),
            bounds=FROM_NOTHING,
            intervals=[Rate(tally.false, of_time) for tally in tallies],
        ),
        "seconds_seen": figure("seconds_seen", of_seconds, most=of_seconds.typical),
    }


Draws = dict[str, NDArray[np.float64]]


def _drawn(tallies: Sequence[Tally], clusters: NDArray[np.int64], resamples: int, seed: int) -> tuple[Draws, Draws]:
    """The figures of each model, ``(models,)``, and of its resamples, ``(resamples, models)``."""
    plain = [tally.values(np.ones(len(clusters))) for tally in tallies]
    parts = [[tally.values(times) for tally in tallies] for times in drawn(clusters, resamples, seed)]
    return (
        {name: np.array([float(found[name]) for found in plain]) for name in plain[0]},
        {
            name: np.concatenate([np.stack([model[name] for model in part], axis=-1) for part in parts])
            for name in plain[0]
        },
    )
