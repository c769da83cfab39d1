"""Holm's correction against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from rl.evaluation.statistics import holm


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
