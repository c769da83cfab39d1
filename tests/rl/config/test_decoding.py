import pytest

from data import DataError
from rl.config import Decoding


def test_several_samples_need_a_temperature():
    with pytest.raises(DataError, match="temperature"):
        Decoding(samples=2)
