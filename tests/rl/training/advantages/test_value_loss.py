import torch

from rl.training.advantages.value_loss import value_loss

VALUES, OLD = torch.tensor([[1.0, 0.1, 2.0]]), torch.zeros(1, 3)
RETURNS = torch.tensor([[2.0, 2.0, 0.5]])


def test_half_the_squared_error():
    found = value_loss(VALUES, OLD, RETURNS, None)
    torch.testing.assert_close(found.loss, torch.tensor([[0.5, 1.9**2 / 2, 1.5**2 / 2]]))
    assert not found.clipped.any()


def test_a_value_that_has_moved_far_enough_towards_the_return_learns_no_more():
    values = VALUES.clone().requires_grad_()
    found = value_loss(values, OLD, RETURNS, 0.2)
    # Held at .2: (.2 − 2)² is the larger. Within the clip: as it is. Beyond the return: (2 − .5)² is the larger.
    torch.testing.assert_close(found.loss, torch.tensor([[1.8**2 / 2, 1.9**2 / 2, 1.5**2 / 2]]))
    assert found.clipped.tolist() == [[True, False, False]]
    found.loss.sum().backward()
    torch.testing.assert_close(values.grad, torch.tensor([[0.0, -1.9, 1.5]]))
