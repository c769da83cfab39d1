"""Effect sizes against statsmodels, scipy and Cohen's own numbers."""

from math import inf, isnan

import pytest
from scipy.stats import beta
from statsmodels.stats.proportion import proportion_effectsize

from rl.evaluation.statistics import cohens_g, cohens_h, odds_ratio


def test_odds_ratio_has_the_exact_interval() -> None:
    # Floppy eyelid syndrome and sleep apnoea (Ezra 2010): 25 pairs one way, 2 the other.
    found = odds_ratio(2, 25)
    low, high = beta.ppf(0.025, 25, 3), beta.ppf(0.975, 26, 2)
    assert found.value == 12.5 and found.support == 27
    assert (found.low, found.high) == pytest.approx((low / (1 - low), high / (1 - high)))


def test_pairs_in_clusters_count_for_what_they_are_worth() -> None:
    """Eight samples of each case, all alike, tell no more than one."""
    alone, eightfold = odds_ratio(2, 5), odds_ratio(16, 40, worth=1 / 8)
    assert (eightfold.low, eightfold.high) == pytest.approx((alone.low, alone.high)) and eightfold.value == alone.value


def test_odds_ratio_at_the_edges() -> None:
    assert isnan(odds_ratio(0, 0).value)
    assert (odds_ratio(0, 4).value, odds_ratio(0, 4).high) == (inf, inf) and 0 < odds_ratio(0, 4).low < 1
    assert (odds_ratio(4, 0).value, odds_ratio(4, 0).low) == (0.0, 0.0)


@pytest.mark.parametrize(("first", "second"), [(0.65, 0.45), (0.5, 0.5), (0.0, 1.0), (0.9, 0.95)])
def test_cohens_h_is_that_of_statsmodels(first: float, second: float) -> None:
    assert cohens_h(first, second) == pytest.approx(proportion_effectsize(first, second))


def test_cohens_own_example() -> None:
    assert cohens_h(0.65, 0.45) == pytest.approx(0.40, abs=0.006)  # Cohen 1988, example 6.1
    assert cohens_g(35, 65) == pytest.approx(0.15)  # his medium effect: 65 to 35
    assert cohens_g(0, 0) == 0.0
