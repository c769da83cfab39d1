import math

import pytest
import torch

from rl.training.advantages.kl import KLController, kl_of


def test_the_estimates_of_one_token():
    policy, reference = torch.tensor([-1.0]), torch.tensor([-1.5])
    assert kl_of(policy, reference, "k1").item() == pytest.approx(0.5)
    assert kl_of(policy, reference, "k2").item() == pytest.approx(0.125)
    assert kl_of(policy, reference, "k3").item() == pytest.approx(math.exp(-0.5) - 1 + 0.5)


@pytest.mark.parametrize("estimator", ["k1", "k3"])
def test_two_are_right_in_the_mean(estimator: str):
    policy, reference = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.5, 0.3])
    drawn = kl_of(policy.log(), reference.log(), estimator)
    assert (policy * drawn).sum().item() == pytest.approx((policy * (policy / reference).log()).sum().item())


def test_nothing_is_paid_where_nothing_has_changed():
    same = torch.tensor([-0.1, -3.0])
    assert all(not kl_of(same, same, name).any() for name in ("k1", "k2", "k3"))


def test_a_price_without_a_target_stays():
    price = KLController(0.1)
    price.hear(5.0, 1000)
    assert price.coefficient == 0.1


@pytest.mark.parametrize(
    ("kl", "factor"),
    [(6.6, 1 + 0.1 * 0.05), (6.0, 1.0), (60.0, 1 + 0.2 * 0.05), (0.0, 1 - 0.2 * 0.05), (5.4, 1 - 0.1 * 0.05)],
)
def test_the_price_follows_the_kl_and_by_a_fifth_a_horizon_at_most(kl: float, factor: float):
    price = KLController(0.1, target=6.0, horizon=10_000)
    price.hear(kl, 500)
    assert price.coefficient == pytest.approx(0.1 * factor)
