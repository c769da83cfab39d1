"""Rates and quantiles: exact where rows are loose, wider where they hang together, and true as often as they say."""

from math import inf

import numpy as np
import pytest
from scipy.stats import binom, poisson

from rl.evaluation.statistics import Clusters, Quantile, Rate, quantile
from rl.evaluation.statistics.rate import garwood


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_a_count_lies_just_within_the_interval_of_its_ends(count: int) -> None:
    low, high = garwood(count)
    assert poisson.cdf(count, high) == pytest.approx(0.025)
    assert low == 0.0 if count == 0 else poisson.sf(count - 1, low) == pytest.approx(0.025)


def rate(counts: list[float], hours: float = 1.0, clusters: list[int] | None = None) -> Rate:
    places = np.array(clusters if clusters is not None else range(len(counts)))
    return Rate(np.array(counts, float), Clusters(places, np.full(len(counts), hours)))


def test_nothing_counted_is_no_certainty_and_more_time_says_more() -> None:
    low, high = rate([0] * 400, 0.1).interval()
    assert low == 0.0 and high == pytest.approx(3.69 / 40, rel=0.02)
    assert rate([0] * 400, 1.0).interval()[1] == pytest.approx(high / 10)
    assert rate([3]).interval() == (0.0, inf)  # how one stream differs from others is not known


def test_alarms_that_come_together_tell_less() -> None:
    spread, bunched = rate([1] * 40).interval(), rate([10] * 4 + [0] * 36).interval()
    assert bunched[0] < spread[0] < 1 < spread[1] < bunched[1]


def values(of: list[float], share: float = 0.5, clusters: list[int] | None = None) -> Quantile:
    places = np.array(clusters if clusters is not None else range(len(of)))
    return Quantile(np.array(of), share, Clusters(places))


def test_the_interval_of_a_median_is_binomial() -> None:
    low, high = values(list(map(float, range(1, 21)))).interval()
    assert (low, high) == (6.0, 15.0)  # as in every table of order statistics for n = 20
    assert binom.cdf(5, 20, 0.5) <= 0.025 < binom.cdf(6, 20, 0.5)


def test_what_never_comes_is_infinite_and_too_few_bound_nothing() -> None:
    assert values([1.0, 2.0, 3.0]).interval() == (0.0, inf)
    assert values([1.0] * 10 + [inf] * 10).interval() == (1.0, inf)
    assert values([float(n) for n in range(20)], 0.9).interval()[1] == inf


def test_clusters_widen_the_interval() -> None:
    of = [float(n // 4) for n in range(40)]
    loose, tied = values(of).interval(), values(of, clusters=[n // 4 for n in range(40)]).interval()
    assert tied[0] < loose[0] and loose[1] < tied[1]


def test_a_quantile_under_weights_is_that_of_the_repeated_values() -> None:
    rng = np.random.default_rng(0)
    of, times = rng.exponential(size=30), rng.integers(0, 4, (5, 30)).astype(float)
    for share in (0.5, 0.9):
        repeated = [np.sort(np.repeat(of, row.astype(int))) for row in times]
        wanted = [row[int(np.ceil(share * len(row) - 1e-9)) - 1] for row in repeated]
        assert quantile(of, share, times).tolist() == wanted
    assert np.isnan(quantile(of, 0.5, np.zeros(30)))


def test_intervals_hold_as_often_as_they_say() -> None:
    """Streams that differ: each has its own rate of alarms, and its own speed of detection."""
    rng, held = np.random.default_rng(1), np.zeros(2)
    experiments, streams, each = 400, 30, 3
    speeds = rng.gamma(2.0, 1.0, 400_000)
    truth = float(np.median(rng.exponential(1.0, 400_000) * speeds))
    for _ in range(experiments):
        counts = rng.poisson(rng.gamma(0.8, 2.5, streams) * 0.5)  # 2 an hour on average, far from even
        low, high = rate(counts.tolist(), 0.5).interval()
        held[0] += low <= 2.0 <= high
        of = (rng.exponential(1.0, (streams, each)) * rng.gamma(2.0, 1.0, (streams, 1))).ravel()
        low, high = values(of.tolist(), clusters=np.repeat(np.arange(streams), each).tolist()).interval()
        held[1] += low <= truth <= high
    assert (held / experiments >= 0.93).all(), held / experiments
