"""How far a policy has gone from its reference, token by token, and the price of it.

Estimators of KL(policy ‖ reference) from tokens that the policy drew (Schulman, "Approximating KL divergence", 2020):
k1 is unbiased and of either sign, k2 is biased and never negative, k3 is unbiased and never negative.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

ESTIMATORS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "k1": lambda log_ratio: log_ratio,
    "k2": lambda log_ratio: log_ratio.square() / 2,
    "k3": lambda log_ratio: torch.expm1(-log_ratio) + log_ratio,
}
"""Of the log-ratio, log policy − log reference."""


def kl_of(policy: torch.Tensor, reference: torch.Tensor, estimator: str) -> torch.Tensor:
    """The estimate for each token.

    Args:
        policy: log-probabilities of the drawn tokens, of any shape.
        reference: the reference's, of the same shape.
        estimator: a name in `ESTIMATORS`.
    """
    return ESTIMATORS[estimator](policy - reference)


@dataclass
class KLController:
    """The price of a nat, per token: fixed, or moved so that a completion's KL comes to a target (Ziegler et al. 2019,
    arXiv 1909.08593, section 2.2).

    Args:
        coefficient: the price; where it adapts, the first.
        target: nats a completion; the price stays as it is if None.
        horizon: completions over which the price may change by a fifth at most.
    """

    coefficient: float
    target: float | None = None
    horizon: int = 10_000

    def hear(self, kl: float, completions: int) -> None:
        """Takes note of what completions came to.

        Args:
            kl: their mean, in nats a completion.
            completions: how many there were.
        """
        if self.target is None:
            return
        error = min(max(kl / self.target - 1, -0.2), 0.2)
        self.coefficient *= 1 + error * completions / self.horizon
