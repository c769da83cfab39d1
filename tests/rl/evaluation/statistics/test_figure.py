"""Figures of several models: differences, what counts as a share, and intervals that hold together."""

import numpy as np
import pytest
from scipy.stats import norm

from rl.evaluation import paired_difference
from rl.evaluation.statistics import Figure, Pairing, Sheet, figures


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


def test_paired_difference_agrees_with_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    ours, theirs = rng.random(300) < 0.8, rng.random(300) < 0.7
    found = paired_difference(ones(ours), ones(theirs), names(300), share)["share"]
    change = ours.astype(float) - theirs
    draws = change[rng.integers(0, 300, (20_000, 300))].mean(axis=1)
    assert found.value == pytest.approx(change.mean()) and found.method == "bootstrap"
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.006)


def test_where_few_pairs_differ_the_interval_is_the_score_intervals() -> None:
    ours, theirs = np.arange(100) < 90, np.arange(100) < 86
    found = paired_difference(ones(ours), ones(theirs), names(100), share)["share"]
    assert found.method == "score" and found.test == "mcnemar" and found.p == pytest.approx(2 / 2**4)
    assert (found.low, found.high) == Pairing(theirs, ours, np.arange(100)).interval()


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


def test_f1_that_hardly_changed_keeps_some_doubt() -> None:
    counts = np.column_stack([np.ones(30), np.full(30, 3.0)])
    found = one([counts, counts], f1).difference()
    z = norm.ppf(0.975)
    assert (found.low, found.high) == pytest.approx((-(z**2) / (30 + z**2), z**2 / (30 + z**2)))
    unbounded = one([counts, counts], f1, share=False).difference()
    assert (unbounded.low, unbounded.high) == (0.0, 0.0)


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


def test_rows_to_decide_shrink_with_the_distance() -> None:
    rng = np.random.default_rng(6)
    found = one([rng.random(400) < 0.8, rng.random(400) < 0.8])
    near, far = found.rows_to_decide(0.01), found.rows_to_decide(0.04)
    assert near is not None and far is not None and near == pytest.approx(16 * far, rel=0.01)
    assert found.rows_to_decide(0.0) is None


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
