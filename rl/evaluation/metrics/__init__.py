"""The metrics: what is known of each in `catalogue`, and one `evaluate` module a file; see `counted` and `ranked`."""

from rl.evaluation.metrics.catalogue import (
    ALONE,
    COMPARABLE,
    HEADLINE,
    LIVE,
    LOWER_IS_BETTER,
    METRICS,
    NEUTRAL,
    OF_STREAMS,
    RANKED,
    SHARES,
    TITLES,
    Entry,
    metric_path,
)

__all__ = [
    "ALONE",
    "COMPARABLE",
    "HEADLINE",
    "LIVE",
    "LOWER_IS_BETTER",
    "METRICS",
    "NEUTRAL",
    "OF_STREAMS",
    "RANKED",
    "SHARES",
    "TITLES",
    "Entry",
    "metric_path",
]
