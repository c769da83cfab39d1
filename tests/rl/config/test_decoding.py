"""How a model is asked: what cannot be meant is refused, and a template that is named stays."""

import pytest

from data import DataError
from rl.config.decoding import Decoding


def test_several_samples_need_a_temperature() -> None:
    with pytest.raises(DataError, match="temperature 0 gives the same completion every time"):
        Decoding(samples=2)
    assert Decoding(samples=2, temperature=0.5).samples == 2


def test_a_template_is_given_where_none_is_named() -> None:
    decoding = Decoding(temperature=0.5, samples=2, seed=3)
    assert decoding.with_template("compact") == Decoding("compact", temperature=0.5, samples=2, seed=3)
    named = Decoding("default")
    assert named.with_template("compact") is named
