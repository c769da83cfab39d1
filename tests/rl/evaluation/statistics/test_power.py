"""The number of cases against the power that McNemar's test really has with it."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from rl.evaluation.statistics import cases_to_decide, cases_to_see, mcnemar


@pytest.mark.parametrize(("difference", "discordant"), [(0.02, 0.1), (0.05, 0.2), (-0.03, 0.08), (0.1, 0.3)])
def test_the_test_has_the_power_that_was_asked_for(difference: float, discordant: float) -> None:
    n = cases_to_see(difference, discordant)
    pairs = np.arange(n + 1)
    usual = pairs[np.abs(pairs - n * discordant) < 8 * np.sqrt(n * discordant)]
    lost = np.arange(usual.max() + 1)[:, None]
    share = (discordant - abs(difference)) / 2 / discordant
    chance = binom.pmf(usual, n, discordant) * binom.pmf(lost, usual, share)
    _, mid_p = mcnemar(np.minimum(lost, usual), usual - np.minimum(lost, usual))
    assert chance[mid_p <= 0.05].sum() == pytest.approx(0.8, abs=0.02)


def test_the_formula_by_hand() -> None:
    # Connor 1987, eq. 3: (1.96 sqrt(.3) + .8416 sqrt(.3 - .01))^2 / .01 = 233.1
    assert cases_to_see(0.1, 0.3) == 234
    assert cases_to_see(0.1, 0.3, design_effect=2) == pytest.approx(2 * 233.1, abs=1)


def test_more_discordance_takes_more_cases_and_at_least_the_difference_is_discordant() -> None:
    assert cases_to_see(0.02, 0.05) < cases_to_see(0.02, 0.2)
    assert cases_to_see(0.02, 0.0) == cases_to_see(0.02, 0.02)


def test_a_bound_clears_its_margin_with_the_power_that_was_asked_for() -> None:
    n = cases_to_decide(0.03, 0.4)
    assert n is not None
    error = 0.4 / np.sqrt(n)
    assert norm.cdf(0.03 / error - norm.ppf(0.95)) == pytest.approx(0.8, abs=0.001)
    assert cases_to_decide(0.0, 0.4) is None
