"""Every number here is worked out by hand."""

import pytest
import torch

from rl.training.advantages.gae import at_the_end, discounted, gae, length_adaptive

OWN = torch.ones(1, 3, dtype=torch.int)


def test_an_advantage_is_the_discounted_sum_of_surprises():
    rewards, values = torch.tensor([[0.0, 0.0, 2.0]]), torch.tensor([[0.5, 1.0, 1.5]])
    # δ = .9·1 − .5 = .4; .9·1.5 − 1 = .35; 2 − 1.5 = .5; each reaches back by .9·.8 = .72 a token.
    last, middle = 0.5, 0.35 + 0.72 * 0.5
    expected = torch.tensor([[0.4 + 0.72 * middle, middle, last]])
    torch.testing.assert_close(gae(rewards, values, OWN, 0.9, 0.8), expected)


def test_without_discount_and_critic_it_is_reinforce_with_the_whole_return():
    draw = torch.Generator().manual_seed(0)
    rewards = torch.randn(4, 6, generator=draw)
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 1, 1], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    found = gae(rewards, torch.zeros(4, 6), mask, 1.0, 1.0)
    for row in range(4):
        for t in range(6):
            whole = (rewards[row, t:] * mask[row, t:]).sum() if mask[row, t] else torch.tensor(0.0)
            assert found[row, t].item() == pytest.approx(whole.item(), abs=1e-6)


def test_lambda_0_looks_one_token_ahead():
    rewards, values = torch.tensor([[1.0, 0.0, 2.0]]), torch.tensor([[0.5, 1.0, 1.5]])
    torch.testing.assert_close(gae(rewards, values, OWN, 1.0, 0.0), torch.tensor([[1.5, 0.5, 0.5]]))


def test_what_a_tool_says_and_padding_are_jumped_over():
    mask = torch.tensor([[1, 0, 0, 1, 1, 0]])
    rewards = torch.tensor([[0.0, 7.0, 7.0, 0.0, 2.0, 7.0]])
    values = torch.tensor([[0.5, 9.0, 9.0, 1.0, 1.5, 9.0]])
    short = gae(torch.tensor([[0.0, 0.0, 2.0]]), torch.tensor([[0.5, 1.0, 1.5]]), OWN, 0.9, 0.8)
    found = gae(rewards, values, mask, 0.9, 0.8)
    torch.testing.assert_close(found[mask.bool()], short[0])
    assert not found[mask == 0].any()


def test_rows_of_different_lengths_do_not_disturb_each_other():
    rewards, values = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.1, 0.2, 0.3]])
    both = gae(rewards.repeat(2, 1), values.repeat(2, 1), torch.tensor([[1, 1, 1], [1, 0, 0]]), 1.0, 0.5)
    torch.testing.assert_close(both[:1], gae(rewards, values, OWN, 1.0, 0.5))
    torch.testing.assert_close(both[1], torch.tensor([1.0 - 0.1, 0.0, 0.0]))


def test_each_row_may_have_a_lambda_of_its_own():
    rewards, values = torch.tensor([[0.0, 0.0, 2.0]] * 2), torch.tensor([[0.5, 1.0, 1.5]] * 2)
    found = gae(rewards, values, OWN.repeat(2, 1), 1.0, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(found[:1], gae(rewards[:1], values[:1], OWN, 1.0, 0.0))
    torch.testing.assert_close(found[1:], gae(rewards[:1], values[:1], OWN, 1.0, 1.0))


def test_lambda_grows_with_the_length_of_what_is_a_policys_own():
    mask = torch.zeros(3, 200, dtype=torch.int)
    mask[0, :40], mask[1, :200], mask[2, :10] = 1, 1, 1
    # 1 − 1/(.05·40) = .5; 1 − 1/(.05·200) = .9; 1 − 1/.5 would be below 0.
    torch.testing.assert_close(length_adaptive(mask, 0.05), torch.tensor([0.5, 0.9, 0.0]))


def test_the_total_comes_with_the_last_own_token():
    mask = torch.tensor([[1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 0, 0]])
    found = at_the_end(torch.tensor([2.0, -1.0, 5.0]), mask)
    assert found.tolist() == [[0, 0, 2, 0], [0, 0, -1, 0], [0, 0, 0, 0]]


def test_what_was_earned_from_a_token_on():
    rewards = torch.tensor([[1.0, 5.0, 2.0]])
    torch.testing.assert_close(discounted(rewards, torch.tensor([[1, 0, 1]]), 0.5), torch.tensor([[2.0, 0.0, 2.0]]))
