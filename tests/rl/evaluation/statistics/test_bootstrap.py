"""The bootstrap against exact distributions, a plain loop, and scipy."""

import time

import numpy as np
import pytest
from scipy import stats

from rl.evaluation import bootstrap
from rl.evaluation.statistics.bootstrap import resample


def share(totals: np.ndarray) -> dict[str, np.ndarray]:
    return {"share": totals[..., 0] / totals[..., 1]}


def ones(values: np.ndarray) -> np.ndarray:
    return np.column_stack([values, np.ones(len(values))])


def names(n: int) -> list[str]:
    return [f"c{i}" for i in range(n)]


def test_proportion_has_the_exact_binomial_interval() -> None:
    n, right = 200, 150
    found = bootstrap(ones(np.arange(n) < right), names(n), share, support=n, resamples=200_000)["share"]
    low, high = stats.binom.ppf([0.025, 0.975], n, right / n) / n
    assert found.value == 0.75
    assert (found.low, found.high) == pytest.approx((low, high), abs=1 / n)


def test_a_ratio_agrees_with_a_plain_loop_over_clusters() -> None:
    rng = np.random.default_rng(1)
    clusters = [f"g{i // 3}" for i in range(90)]
    counts = np.column_stack([rng.integers(0, 4, 90), rng.integers(1, 6, 90)]).astype(float)
    found = bootstrap(counts, clusters, share, support=90, resamples=50_000)["share"]
    sums = counts.reshape(30, 3, 2).sum(axis=1)
    draws = [(t := sums[rng.integers(0, 30, 30)].sum(axis=0))[0] / t[1] for _ in range(20_000)]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.004)


def test_a_mean_agrees_with_scipy() -> None:
    values = np.random.default_rng(2).normal(5, 2, 80)
    found = bootstrap(ones(values), names(80), share, support=80)["share"]
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", random_state=0
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_copies_in_one_cluster_tell_nothing_new() -> None:
    right = np.random.default_rng(5).random(100) < 0.6
    alone = bootstrap(ones(right), names(100), share, support=100)["share"]
    copied = bootstrap(ones(np.repeat(right, 4)), np.repeat(names(100), 4).tolist(), share, support=400)["share"]
    loose = bootstrap(ones(np.repeat(right, 4)), names(400), share, support=400)["share"]
    assert (copied.low, copied.high) == (alone.low, alone.high)
    assert loose.high - loose.low < 0.6 * (copied.high - copied.low)


def test_the_seed_decides_the_interval() -> None:
    right = ones(np.random.default_rng(6).random(60) < 0.6)
    first, again, other = (bootstrap(right, names(60), share, support=60, seed=s, resamples=500) for s in (0, 0, 1))
    assert first == again != other


def test_nothing_to_divide_by_is_nan() -> None:
    def ratio(totals: np.ndarray) -> dict[str, np.ndarray]:
        safe = np.where(totals[..., 1] > 0, totals[..., 1], np.nan)
        return {"ratio": totals[..., 0] / safe}

    never = bootstrap(np.zeros((5, 2)), names(5), ratio, support=0)["ratio"]
    assert np.isnan([never.value, never.low, never.high]).all()
    seldom = bootstrap([[1, 1], [0, 0], [0, 0]], names(3), ratio, support=1)["ratio"]
    assert (seldom.value, seldom.low, seldom.high) == (1.0, 1.0, 1.0)


def test_clusters_drawn_one_by_one_vary_as_a_sum_does() -> None:
    values = np.random.default_rng(8).normal(2, 3, 900)
    clusters = np.arange(900) // 3
    (totals,) = resample([ones(values)], clusters, 20_000)
    sums = values.reshape(300, 3).sum(axis=1)
    assert (totals[:, 1] == 900).all()
    assert totals[:, 0].mean() == pytest.approx(sums.sum(), abs=4 * np.sqrt(300 * sums.var() / 20_000))
    assert totals[:, 0].var() == pytest.approx(300 * sums.var(), rel=0.05)


def test_blocks_are_drawn_alike_alone_and_together() -> None:
    rng = np.random.default_rng(9)
    wide, few = ones(rng.normal(size=600)), ones(rng.random(600) < 0.5)
    together = resample([few, wide, 2 * wide], np.arange(600), 50)
    assert (together[2] == 2 * together[1]).all()
    assert (together[0] == resample([few], np.arange(600), 50)[0]).all()


def test_rows_must_go_with_clusters() -> None:
    with pytest.raises(ValueError, match="one row of counts per case"):
        bootstrap(np.ones((3, 2)), names(2), share, support=3)


def test_ten_thousand_resamples_of_four_thousand_cases_take_well_under_a_second() -> None:
    right = ones(np.random.default_rng(7).random(4_000) < 0.8)
    start = time.perf_counter()
    bootstrap(right, names(4_000), share, support=4_000)
    assert time.perf_counter() - start < 0.5
