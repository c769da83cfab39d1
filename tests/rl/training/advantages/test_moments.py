import math

import pytest
import torch

from rl.training.advantages.moments import explained_variance, mean_and_variance, moments, whiten

VALUES, MASK = torch.tensor([[1.0, 3.0, 99.0], [5.0, 99.0, 99.0]]), torch.tensor([[1, 1, 0], [1, 0, 0]])


def test_only_what_lies_under_the_mask_counts():
    mean, variance = mean_and_variance(moments(VALUES, MASK))
    assert (mean.item(), variance.item()) == pytest.approx((3.0, 8 / 3))


def test_moments_of_two_processes_add_up():
    both = moments(VALUES[:1], MASK[:1]) + moments(VALUES[1:], MASK[1:])
    torch.testing.assert_close(both, moments(VALUES, MASK))


def test_whitened_values_have_mean_0_and_spread_1_and_are_0_elsewhere():
    found = whiten(VALUES, MASK, moments(VALUES, MASK))
    edge = 2 / math.sqrt(8 / 3)
    torch.testing.assert_close(found, torch.tensor([[-edge, 0.0, 0.0], [edge, 0.0, 0.0]]))


def test_what_is_all_the_same_or_nothing_at_all_whitens_to_0():
    same = torch.full((2, 2), 0.7)
    for mask in (torch.ones(2, 2), torch.zeros(2, 2)):
        found = whiten(same, mask, moments(same, mask))
        assert found.isfinite().all() and found.abs().max() < 1e-3


@pytest.mark.parametrize(("values", "share"), [([1, 2, 3, 4], 1.0), ([9, 9, 9, 9], 0.0), ([4, 3, 2, 1], -3.0)])
def test_the_share_of_the_variance_that_a_critic_explains(values: list[int], share: float):
    returns, values = torch.tensor([1.0, 2, 3, 4]), torch.tensor(values).float()
    mask = torch.ones(4)
    found = explained_variance(moments(returns - values, mask), moments(returns, mask))
    assert found == pytest.approx(share)


def test_there_is_nothing_to_explain_where_all_earn_the_same():
    same = moments(torch.ones(4), torch.ones(4))
    assert math.isnan(explained_variance(same, same))
