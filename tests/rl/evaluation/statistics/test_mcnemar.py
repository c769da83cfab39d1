"""McNemar's test against statsmodels, the literature, and its promised error rates, worked out exactly."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest
from statsmodels.stats.contingency_tables import mcnemar as reference

from rl.evaluation.statistics import mcnemar

TABLES = [(0, 0), (0, 1), (1, 0), (1, 7), (7, 1), (6, 16), (12, 12), (1, 1), (0, 30), (256, 144), (900, 1_000)]


@pytest.mark.parametrize(("lost", "gained"), TABLES)
def test_exact_p_is_that_of_statsmodels_and_scipy(lost: int, gained: int) -> None:
    p, _ = mcnemar(lost, gained)
    theirs = reference([[5, gained], [lost, 9]], exact=True).pvalue
    assert p == pytest.approx(1.0 if np.isnan(theirs) else theirs, abs=1e-12)
    if lost + gained:
        assert p == pytest.approx(binomtest(lost, lost + gained).pvalue, abs=1e-12)


def test_mid_p_of_published_examples() -> None:
    # Fagerland, Lydersen & Laake 2013: airway hyper-responsiveness before and after stem cell transplantation
    # (Bentur 2009), and response before and after consolidation therapy (Cavo 2012).
    p, mid_p = mcnemar([1, 6], [7, 16])
    assert p == pytest.approx([0.0703, 0.0525], abs=5e-5)
    assert mid_p == pytest.approx([0.0391, 0.0347], abs=5e-5)


def test_ties_and_no_discordant_pair() -> None:
    p, mid_p = mcnemar([4, 0], [4, 0])
    assert p.tolist() == [1.0, 1.0]
    assert mid_p == pytest.approx([1 - binom.pmf(4, 8, 0.5) / 2, 1.0])


@pytest.mark.parametrize("n", [50, 200, 500, 2_000])
@pytest.mark.parametrize("discordant", [0.02, 0.1, 0.2])
def test_error_rates_where_nothing_differs(n: int, discordant: float) -> None:
    pairs = np.arange(n + 1)
    pairs = pairs[binom.pmf(pairs, n, discordant) > 1e-9]
    lost = np.arange(pairs.max() + 1)[:, None]
    chance = binom.pmf(pairs, n, discordant) * binom.pmf(lost, pairs, 0.5)
    p, mid_p = mcnemar(np.minimum(lost, pairs), pairs - np.minimum(lost, pairs))
    assert chance.sum() == pytest.approx(1, abs=1e-6)
    assert chance[p <= 0.05].sum() <= 0.05
    if n * discordant >= 30:
        assert 0.04 <= chance[mid_p <= 0.05].sum() <= 0.055
