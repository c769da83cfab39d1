"""Holm's correction against statsmodels, and the max-t level against Dunnett's table."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from rl.evaluation.statistics import holm, max_t_level


@pytest.mark.parametrize(
    "p_values",
    [
        [0.01, 0.02, 0.03, 0.04],
        [0.04, 0.001, 0.5, 1.0, 0.02],
        [0.02, 0.02, 0.02],
        [0.7],
        [0.0, 1.0],
        np.random.default_rng(0).random(40).tolist(),
    ],
)
def test_adjusted_values_are_those_of_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_nothing_to_correct() -> None:
    assert holm([]) == []


@pytest.mark.parametrize(("challengers", "critical"), [(1, 1.96), (2, 2.21), (3, 2.35), (4, 2.44)])
def test_equal_models_have_dunnetts_critical_values(challengers: int, critical: float) -> None:
    # Dunnett 1964, two-sided 5 %, infinite degrees of freedom: each difference from one baseline correlates by 1/2.
    rng = np.random.default_rng(0)
    baseline = rng.normal(size=(400_000, 1))
    draws = rng.normal(size=(400_000, challengers)) - baseline
    level = max_t_level(3 * draws + 7, np.full(challengers, 7.0))
    assert norm.ppf((1 + level) / 2) == pytest.approx(critical, abs=0.015)


def test_copies_of_one_model_cost_nothing() -> None:
    draws = np.random.default_rng(1).normal(size=(100_000, 1))
    assert max_t_level(np.repeat(draws, 5, axis=1), np.zeros(5)) == pytest.approx(0.95, abs=0.003)


def test_differences_that_never_move_are_left_out() -> None:
    draws = np.random.default_rng(2).normal(size=(50_000, 2)) * [1, 0]
    assert max_t_level(draws, np.zeros(2)) == pytest.approx(0.95, abs=0.004)
    assert max_t_level(np.zeros((10, 2)), np.zeros(2)) == 0.95
