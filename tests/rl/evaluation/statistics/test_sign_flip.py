"""The sign-flip test against McNemar's, scipy's permutation test, and every flip counted."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import norm, permutation_test

from rl.evaluation.statistics import mcnemar, sign_flip


@pytest.mark.parametrize(("lost", "gained"), [(1, 7), (6, 16), (12, 12), (0, 3), (40, 70)])
def test_loose_cases_give_mcnemars_test(lost: int, gained: int) -> None:
    gains = [-1] * lost + [1] * gained + [0] * 50
    assert sign_flip(gains) == pytest.approx(tuple(float(p) for p in mcnemar(lost, gained)), abs=1e-12)


@pytest.mark.parametrize("gains", [[3, -1, 2, 2, 5, -4, 1, 0], [2, 2, 2], [-6, 1, 1, 1, 1], [4, -4]])
def test_all_flips_counted(gains: list[int]) -> None:
    sums = np.array([np.dot(signs, gains) for signs in product([-1, 1], repeat=len(gains))])
    more, equal = (np.abs(sums) >= abs(sum(gains))).mean(), (np.abs(sums) == abs(sum(gains))).mean()
    assert sign_flip(gains) == pytest.approx((more, more - equal / 2))
    theirs = permutation_test((np.array(gains),), np.sum, permutation_type="samples", n_resamples=10_000)
    assert sign_flip(gains)[0] == pytest.approx(theirs.pvalue)


def test_no_net_gain_is_no_evidence() -> None:
    assert sign_flip([]) == sign_flip([0, 0]) == (1.0, 1.0)


def test_clusters_that_move_as_one_are_less_evidence_than_loose_cases() -> None:
    assert sign_flip([5] * 4)[0] == pytest.approx(2 / 2**4)
    assert sign_flip([1] * 20)[0] == pytest.approx(2 / 2**20)


def test_many_clusters_are_quick_and_exact() -> None:
    gains = np.random.default_rng(0).integers(-6, 7, 100_000)
    p, _ = sign_flip(gains)
    z = gains.sum() / np.sqrt((gains**2).sum())
    assert p == pytest.approx(2 * norm.sf(abs(z)), abs=2e-3)
