"""Generalised advantage estimation over the policy's own tokens, and the returns that its critic learns.

A token is an action, and what stands between two actions (a tool's answer) is part of the state: steps go from one own
token to the next, over everything between them.

Sources: GAE, Schulman et al. 2015 (arXiv 1506.02438); decoupled, length-adaptive GAE, VAPO (arXiv 2504.05118), which
has VC-PPO's two λ (arXiv 2503.01491).
"""

import torch


def gae(
    rewards: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, gamma: float, lam: float | torch.Tensor
) -> torch.Tensor:
    """A_t = δ_t + γλ·A_{t'} with δ_t = r_t + γ·V_{t'} − V_t, where t' is the next own token; behind the last, V is 0.

    With γ = λ = 1, A_t is the sum of all rewards from t on, less V_t: REINFORCE with the whole return where V is 0.

    Args:
        rewards: (B, T), of which only those on own tokens count.
        values: (B, T), what the critic expects before each token.
        mask: (B, T), 1 on own tokens.
        gamma: discount, 0..1.
        lam: 0..1, one for all rows or (B,).

    Returns:
        (B, T), 0 where there is no own token.
    """
    own = mask.bool()
    advantages = torch.zeros_like(values)
    next_value = next_advantage = values.new_zeros(len(values))
    for t in range(values.shape[1] - 1, -1, -1):
        delta = rewards[:, t] + gamma * next_value - values[:, t]
        advantage = delta + gamma * lam * next_advantage
        advantages[:, t] = advantage.where(own[:, t], torch.zeros_like(advantage))
        next_value = values[:, t].where(own[:, t], next_value)
        next_advantage = advantage.where(own[:, t], next_advantage)
    return advantages


def length_adaptive(mask: torch.Tensor, alpha: float) -> torch.Tensor:
    """λ = 1 − 1/(α·l) of each row (VAPO, eq. 9), l its own tokens: the longer the completion, the further a reward
    reaches back. 0 where α·l < 1.

    Args:
        mask: (B, T), 1 on own tokens.
        alpha: above 0; VAPO has .05.

    Returns:
        (B,).
    """
    return (1 - 1 / (alpha * mask.sum(dim=1).clamp(min=1))).clamp(min=0.0)


def at_the_end(totals: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Rewards (B, T) that give each row's total (B,) for its last own token; nothing where it has none."""
    places = torch.arange(mask.shape[1], device=mask.device)
    own = mask.bool()
    last = (own * (places + 1)).amax(dim=1, keepdim=True) - 1
    return totals.unsqueeze(1) * ((places == last) & own)


def discounted(rewards: torch.Tensor, mask: torch.Tensor, gamma: float) -> torch.Tensor:
    """(B, T): what was really earned from each own token on, what λ = 1 makes of any critic's values plus them."""
    return gae(rewards, torch.zeros_like(rewards), mask, gamma, 1.0)
