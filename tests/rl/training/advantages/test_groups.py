import math

import pytest
import torch
from trl.trainer.utils import nanstd

from rl.training.advantages.groups import against_group

NAN = math.nan
VALUES = torch.tensor([1.0, 2.0, NAN, 4.0] + [NAN] * 4 + [0.1, 0.1, 0.1, NAN] + [7.0, NAN, NAN, NAN])


def test_each_is_compared_with_its_group_alone():
    third = 7 / 3
    expected = torch.zeros(16)
    expected[[0, 1, 3]] = torch.tensor([1 - third, 2 - third, 4 - third])
    torch.testing.assert_close(against_group(VALUES, 4, "none"), expected)


def test_the_spread_is_that_of_trl():
    plain = against_group(VALUES, 4, "none")
    torch.testing.assert_close(against_group(VALUES, 4, "batch"), plain / (nanstd(VALUES) + 1e-4))
    by_group = plain.view(4, 4) / (nanstd(VALUES.view(4, 4), dim=1).nan_to_num().unsqueeze(1) + 1e-4)
    torch.testing.assert_close(against_group(VALUES, 4, "group"), by_group.view(-1))


@pytest.mark.parametrize("scale", ["group", "batch", "none"])
def test_what_is_all_the_same_teaches_exactly_nothing(scale: str):
    assert not against_group(torch.full((8,), 0.1), 8, scale).any()
