"""Newcombe's interval against published values, and where nothing varies."""

import pytest
from statsmodels.stats.proportion import proportion_confint

from rl.evaluation.statistics import newcombe
from rl.evaluation.statistics.newcombe import wilson

# both, first alone, second alone, none; the interval; where it is printed.
PUBLISHED = [
    ((36, 12, 2, 0), (0.0569, 0.3404)),  # Newcombe 1998, table II
    ((1, 1, 7, 12), (-0.5069, -0.0256)),  # Fagerland, Lydersen & Laake 2017, ch. 8: Bentur 2009
    ((59, 6, 16, 80), (-0.1186, -0.0046)),  # the same: Cavo 2012
]


@pytest.mark.parametrize(("table", "interval"), PUBLISHED)
def test_published_examples(table: tuple[int, int, int, int], interval: tuple[float, float]) -> None:
    assert newcombe(*table) == pytest.approx(interval, abs=6e-5)


def test_wilson_is_that_of_statsmodels() -> None:
    for right, n in ((0, 10), (3, 10), (10, 10), (181, 200)):
        theirs = proportion_confint(right, n, method="wilson")
        assert wilson(right / n, n, 1.959963984540054) == pytest.approx(theirs, abs=1e-12)


def test_turned_round_it_changes_its_sign() -> None:
    low, high = newcombe(30, 7, 3, 10)
    assert newcombe(30, 3, 7, 10) == pytest.approx((-high, -low))


@pytest.mark.parametrize("table", [(40, 0, 0, 0), (0, 0, 0, 40), (20, 0, 0, 20), (39, 0, 0, 1)])
def test_all_right_all_wrong_and_no_difference_leave_doubt(table: tuple[int, int, int, int]) -> None:
    low, high = newcombe(*table)
    assert low == pytest.approx(-high) and 0.01 < high < 0.2


def test_complete_change_stays_in_range() -> None:
    low, high = newcombe(0, 5, 0, 0)
    assert 0 < low < 1 and high == 1.0


def test_the_level_decides_the_width() -> None:
    narrow, wide = newcombe(30, 7, 3, 10, level=0.8), newcombe(30, 7, 3, 10, level=0.99)
    assert wide[0] < narrow[0] < 4 / 50 < narrow[1] < wide[1]


def test_nothing_is_nan() -> None:
    assert newcombe(0, 0, 0, 0) != newcombe(0, 0, 0, 0)
