"""The loss of a reward model, worked out by hand."""

import math

import pytest
import torch

from rl.training.trainers.reward import preference_loss


def test_the_loss_is_that_of_bradley_and_terry() -> None:
    better, worse = torch.tensor([1.0, 0.0, -2.0]), torch.tensor([0.0, 0.0, 1.0])
    by_hand = [math.log(1 + math.exp(-apart)) for apart in (1.0, 0.0, -3.0)]
    assert float(preference_loss(better, worse)) == pytest.approx(sum(by_hand) / 3)
    assert float(preference_loss(torch.zeros(4), torch.zeros(4))) == pytest.approx(math.log(2))


def test_scores_are_kept_around_zero_where_that_is_wanted() -> None:
    better, worse = torch.tensor([3.0, 1.0]), torch.tensor([1.0, -1.0])
    plain = float(preference_loss(better, worse))
    assert float(preference_loss(better, worse, 0.01)) == pytest.approx(plain + 0.01 * (4.0**2 + 0.0) / 2)
    # What is added to all scores alike changes no preference.
    assert float(preference_loss(better + 5, worse + 5)) == pytest.approx(plain)


def test_the_gradient_pushes_apart_what_is_not_yet_apart() -> None:
    better, worse = torch.tensor([4.0, -1.0], requires_grad=True), torch.tensor([0.0, 1.0], requires_grad=True)
    preference_loss(better, worse).backward()
    wrongly = torch.sigmoid(torch.tensor([-4.0, 2.0]))  # how likely each is held to be the other way round
    torch.testing.assert_close(better.grad, -wrongly / 2)
    torch.testing.assert_close(worse.grad, wrongly / 2)
