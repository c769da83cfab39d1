"""Figures of pairs, worked out by hand."""

import math
from typing import Any

import pytest

from rl.evaluation.pairwise.figures import PairFigures
from rl.evaluation.pairwise.judged import Judged


def pair(apart: float | None, longer_by: int = 0, **more: Any) -> Judged:
    """A pair whose better ruling is scored so much higher; on a case of its own if nothing else is said."""
    pair.count += 1  # type: ignore[attr-defined]
    case = more.pop("case", f"c-{pair.count}")  # type: ignore[attr-defined]
    better = None if apart is None else 1.0 + apart
    more = {"cluster": case, "category": None, "margin": None} | more
    return Judged(case=case, longer_by=longer_by, better=better, worse=1.0, **more)


pair.count = 0  # type: ignore[attr-defined]


def test_a_tie_is_no_preference_and_what_is_unscored_is_in_no_figure() -> None:
    found = PairFigures.of([pair(1.0), pair(0.5), pair(0.0), pair(-2.0), pair(None)])
    assert (found.pairs, found.unscored, found.ties) == (5, 1, 1)
    assert found.accuracy is not None and (found.accuracy.value, found.accuracy.support) == (0.5, 4)
    assert found.log_loss == pytest.approx(sum(math.log(1 + math.exp(-a)) for a in (1.0, 0.5, 0.0, -2.0)) / 4)


def test_length_bias_is_told_from_accuracy() -> None:
    likes_long = [pair(1.0, 5)] * 3 + [pair(-1.0, -4)] * 2 + [pair(1.0, -4)] + [pair(1.0)]
    found = PairFigures.of(likes_long)
    figures = (found.better_is_longer, found.better_is_shorter, found.same_length, found.length_alone)
    told = [(figure.value, figure.support) for figure in figures if figure is not None]
    assert told == [(1.0, 3), (pytest.approx(1 / 3), 3), (1.0, 1), (0.5, 6)]


def test_pairs_of_one_group_hang_together() -> None:
    loose = PairFigures.of([pair(1.0 if n % 4 else -1.0) for n in range(80)]).accuracy
    tied = PairFigures.of([pair(1.0 if n % 4 else -1.0, cluster=str(n % 4)) for n in range(80)]).accuracy
    assert loose is not None and tied is not None and loose.value == tied.value == 0.75
    assert tied.high - tied.low > 2 * (loose.high - loose.low)


def test_every_category_has_its_figure() -> None:
    pairs = [pair(1.0, category="a"), pair(-1.0, category="a"), pair(1.0, category="b"), pair(1.0)]
    assert {name: (f.value, f.support) for name, f in PairFigures.of(pairs).by_category.items()} == {
        "a": (0.5, 2),
        "b": (1.0, 1),
    }


def test_calibration_is_of_how_sure_it_is() -> None:
    sure = math.log(0.85 / 0.15)  # σ is .85
    found = PairFigures.of([*(pair(sure) for _ in range(8)), pair(-sure), pair(-sure)]).reliability
    assert found.stated == pytest.approx([0.85]) and found.observed == [0.8] and found.ece == pytest.approx(0.05)


def test_nothing_scored_is_no_figure() -> None:
    found = PairFigures.of([pair(None)])
    assert found.accuracy is found.length_alone is None and not found.reliability.stated
    assert math.isnan(found.log_loss)
