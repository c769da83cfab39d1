"""Tango's interval against published values and R, and where nothing varies."""

import pytest
from scipy.stats import norm

from rl.evaluation.statistics import tango

# gained, lost, n, level; the interval; where it is printed.
PUBLISHED = [
    ((1, 7, 21, 0.95), (-0.5172, -0.0260)),  # Fagerland, Lydersen & Laake 2017, ch. 8: Bentur 2009
    ((6, 16, 161, 0.95), (-0.1240, -0.0054)),  # the same: Cavo 2012
    ((28, 25, 618, 0.90), (-0.0148, 0.0247)),  # R, PropCIs::scoreci.mp(25, 28, 618, .9)
]


@pytest.mark.parametrize(("given", "interval"), PUBLISHED)
def test_published_examples(given: tuple[int, int, int, float], interval: tuple[float, float]) -> None:
    assert tango(*given) == pytest.approx(interval, abs=5.1e-5)


def test_turned_round_it_changes_its_sign() -> None:
    low, high = tango(7, 3, 50)
    assert tango(3, 7, 50) == pytest.approx((-high, -low))


def test_no_difference_leaves_wilsons_doubt() -> None:
    z = norm.ppf(0.975)
    assert tango(0, 0, 30) == pytest.approx((-(z**2) / (30 + z**2), z**2 / (30 + z**2)))


def test_complete_change_stays_in_range() -> None:
    low, high = tango(5, 0, 5)
    assert 0 < low < 1 and high == 1.0
    assert tango(0, 5, 5) == pytest.approx((-1.0, -low))


def test_counts_need_not_be_whole_and_nothing_is_nan() -> None:
    assert tango(3.5, 1.5, 25.0)[0] < tango(7, 3, 50)[0]
    assert tango(0, 0, 0) != tango(0, 0, 0)


def test_a_correction_widens_it_on_both_sides() -> None:
    (low, high), (lower, higher) = tango(7, 3, 50), tango(7, 3, 50, correction=0.5)
    assert lower < low and higher > high
    assert tango(0, 0, 30, correction=0.5)[1] > tango(0, 0, 30)[1]
