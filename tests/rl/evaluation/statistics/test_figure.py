"""Figures of several models: differences, what counts as a share, and intervals that hold together."""

import numpy as np
import pytest
from scipy.stats import binomtest, t

from rl.evaluation import paired_difference
from rl.evaluation.statistics import Clusters, Figure, Pairing, Sheet, figures


def share(totals: np.ndarray) -> dict[str, np.ndarray]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return {"share": totals[..., 0] / totals[..., -1]}


def f1(totals: np.ndarray) -> dict[str, np.ndarray]:
    """Counts: true positives, predicted and gold together."""
    with np.errstate(invalid="ignore"):
        return {"f1": 2 * totals[..., 0] / totals[..., 1]}


def ones(values: np.ndarray) -> np.ndarray:
    return np.column_stack([values, np.ones(len(values))]).astype(float)


def names(n: int) -> list[str]:
    return [f"c{i}" for i in range(n)]


def one(models: list[np.ndarray], formula: object = share, resamples: int = 5_000, **more: object) -> Figure:
    sheet = Sheet([ones(model) if model.ndim == 1 else model for model in models], formula, **more)  # type: ignore
    (found,) = figures([sheet], np.arange(len(models[0])), resamples)
    return next(iter(found.values()))


def test_a_difference_of_shares_is_about_as_wide_as_its_resamples() -> None:
    rng = np.random.default_rng(3)
    ours, theirs = rng.random(300) < 0.8, rng.random(300) < 0.7
    found = paired_difference(ones(ours), ones(theirs), names(300), share)["share"]
    change = ours.astype(float) - theirs
    draws = change[rng.integers(0, 300, (20_000, 300))].mean(axis=1)
    assert found.value == pytest.approx(change.mean()) and found.method == "score"
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.006)


def test_a_difference_of_shares_has_the_score_interval_and_the_exact_test() -> None:
    ours, theirs = np.arange(100) < 90, np.arange(100) < 86
    found = paired_difference(ones(ours), ones(theirs), names(100), share)["share"]
    assert found.method == "score" and found.test == "mcnemar" and found.p == pytest.approx(2 / 2**4)
    assert (found.low, found.high) == Pairing(theirs, ours, Clusters(np.arange(100))).interval()


def test_a_share_alone_has_the_exact_interval() -> None:
    for right in (0, 1, 37, 40):
        found = one([np.arange(40) < right]).estimate()
        theirs = binomtest(right, 40).proportion_ci(method="exact")
        assert found is not None and (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_a_model_does_not_differ_from_itself_as_far_as_can_be_told() -> None:
    for right in (np.arange(50) < 25, np.zeros(50, dtype=bool), np.ones(50, dtype=bool)):
        found = paired_difference(ones(right), ones(right), names(50), share)["share"]
        assert found.value == 0.0 and found.low == pytest.approx(-found.high) and 0 < found.high < 0.1
        assert not found.excludes_zero and (found.p, found.mid_p) == (1.0, 1.0)


def test_what_is_no_share_of_the_same_rows_has_no_pairs() -> None:
    rng = np.random.default_rng(4)
    right = rng.random(80) < 0.7
    continuous = one([rng.random(80), rng.random(80)])
    assert continuous.pairings is None and continuous.difference().p is None
    decided = np.column_stack([right, rng.random(80) < 0.9]).astype(float) * (rng.random((80, 1)) < 0.9)
    other_rows = one([ones(right), decided])
    assert other_rows.pairings is None
    tallies = one([np.column_stack([right, right + 1.0]), np.column_stack([~right, 2 - right])], f1)
    assert tallies.pairings is None


def test_no_interval_has_width_zero() -> None:
    counts = np.column_stack([np.ones(30), np.full(30, 3.0)])
    found, z = one([counts, counts], f1), t.ppf(0.975, 29)
    assert found.difference().high == -found.difference().low == pytest.approx(z**2 / 30)
    alone = found.estimate()
    assert alone is not None and alone.value == pytest.approx(2 / 3) and alone.low < alone.value < alone.high
    for bounds, value, span in (((0.0, 9.0), 0.0, 9.0), ((0.0, np.inf), 120.0, 120.0), ((-1.0, 1.0), 0.5, 2.0)):
        same = one([np.full(50, value)] * 2, bounds=bounds)
        far = span * t.ppf(0.975, 49) ** 2 / 50
        assert (same.difference().low, same.difference().high) == pytest.approx((-far, far))
        single = same.estimate()
        assert single is not None and single.high - single.low >= far and single.low >= bounds[0]


def test_a_difference_of_figures_that_are_no_shares_keeps_its_range() -> None:
    """One case of few that changed by far: the interval is about the difference, and not cut off at 1."""
    rng = np.random.default_rng(9)
    costs = rng.integers(0, 3, 40).astype(float)
    worse = costs.copy()
    worse[:7] += 17.3
    found = one([costs, worse], bounds=(0.0, 25.0)).difference()
    assert found.value == pytest.approx(7 * 17.3 / 40) and found.low < found.value < found.high and found.high > 3.03
    with pytest.raises(ValueError, match="beyond its bounds"):
        paired_difference(ones(worse), ones(costs), names(40), share)


def test_a_mean_over_classes_rests_on_the_rarest() -> None:
    counts = np.column_stack([np.ones(900), np.full(900, 3.0)])
    wide, narrow = one([counts], f1, rests_on=30.0).estimate(), one([counts], f1).estimate()
    assert wide is not None and narrow is not None and wide.high - wide.low > 20 * (narrow.high - narrow.low)


def test_nothing_to_divide_by_has_no_estimate_and_no_difference() -> None:
    never = np.zeros((20, 2))
    found = one([never, ones(np.ones(20))])
    assert found.estimate(0) is None and found.known_difference() is None
    known = found.estimate(1)
    assert known is not None and known.value == 1.0 and known.low < 1.0


def test_simultaneous_intervals_are_wider_and_each_around_its_difference() -> None:
    rng = np.random.default_rng(5)
    models = [rng.random(400) < accuracy for accuracy in (0.7, 0.75, 0.8, 0.7)]
    found = one(models, resamples=20_000)
    together = found.simultaneous()
    for place, wide in enumerate(together):
        alone = found.difference(place)
        assert wide.value == alone.value and wide.low < alone.low and wide.high > alone.high
        ratio = (wide.high - wide.low) / (alone.high - alone.low)
        assert ratio == pytest.approx(2.35 / 1.96, rel=0.05)  # Dunnett's critical value for three


def test_cases_to_decide_shrink_with_the_distance() -> None:
    rng = np.random.default_rng(6)
    found = one([rng.random(400) < 0.8, rng.random(400) < 0.8])
    near, far = found.cases_to_decide(0.01), found.cases_to_decide(0.04)
    assert near is not None and far is not None and near == pytest.approx(16 * far, rel=0.01)
    assert found.cases_to_decide(0.0) is None


def test_metrics_of_a_sheet_share_their_resamples() -> None:
    rng = np.random.default_rng(7)
    right = rng.random(60) < 0.7
    sheets = [Sheet([ones(right), ones(~right)], share), Sheet([ones(~right), ones(right)], share)]
    first, second = figures(sheets, np.arange(60), 200)
    assert (first["share"].values == second["share"].values[::-1]).all()


def test_seed_and_rows_decide_everything() -> None:
    rng = np.random.default_rng(8)
    models = [rng.random(90) < 0.8, rng.random(90) < 0.6]
    assert one(models).difference() == one(models).difference()
