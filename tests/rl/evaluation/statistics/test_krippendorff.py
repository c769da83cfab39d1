"""Alpha against what the literature works out by hand, and what must hold of any agreement."""

import numpy as np
import pytest

from rl.evaluation.statistics.krippendorff import coincidences, krippendorff


def alpha(*ratings: str) -> float:
    """Of cases, each with one letter a rating."""
    return float(
        krippendorff(coincidences([list(said) for said in ratings], sorted(set("".join(ratings)))).sum(axis=0))
    )


def test_the_published_example_comes_out() -> None:
    """Krippendorff (2011), *Computing Krippendorff's Alpha-Reliability*, C: 4 raters, 12 cases, values missing."""
    cases = ["111", "2223", "3333", "3333", "2222", "1234", "4444", "1112", "2222", "555", "11", "3"]
    assert alpha(*cases) == pytest.approx(0.743, abs=0.0005)


def test_it_is_one_where_all_agree_and_below_zero_where_none_do() -> None:
    assert alpha("aa", "bb", "aaa") == 1
    assert alpha("ab", "ab", "ba") < 0
    draws = np.random.default_rng(0).choice(list("abc"), (5_000, 2))
    assert alpha(*map("".join, draws)) == pytest.approx(0, abs=0.03)


def test_where_nothing_can_differ_there_is_no_figure() -> None:
    assert np.isnan(alpha("aa", "aa")) and np.isnan(alpha("a", "b"))


def test_a_case_that_one_rater_saw_changes_nothing() -> None:
    assert alpha("aa", "ab", "bb", "a", "b") == alpha("aa", "ab", "bb")
