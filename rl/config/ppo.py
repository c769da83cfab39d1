"""What is PPO's own in a recipe: the critic, the advantages it gives, and the price of leaving the reference."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class CriticConfig(_Section):
    """What foresees the rubric's total, and how it learns; see `rl.models.critic`."""

    layout: Literal["head", "adapter", "trunk"] = "head"
    """A scalar head on the policy's own trunk; a second LoRA adapter over the same frozen weights, with a head; or a
    trunk of its own, with a head."""
    path: str | None = None
    """A reward model to start from: its trunk with layout ``trunk``, and its head. None starts from the policy, with a
    head of zeros."""
    stop_gradient: bool = False
    """Layout ``head``: the value loss changes the head alone and leaves the trunk to the policy."""
    learning_rate: float = Field(default=3e-3, gt=0, le=100)
    """Of the head, which begins at 0 and is one layer; it falls with that of the policy."""
    trunk_learning_rate: float | None = Field(default=None, gt=0, le=100)
    """Of the critic's own adapter or trunk; that of the policy if None."""
    coefficient: float = Field(default=0.1, gt=0, le=1000)
    """What the value loss is multiplied by before it is added to the policy's."""
    clip: float | None = Field(default=None, gt=0, le=1e6)
    """How far a value may move from what it was when the completion was drawn, in the unit of the rewards."""
    pretraining_steps: int = Field(default=0, ge=0, le=10**9)
    """Optimiser steps in which the critic alone learns, before the policy does; a trunk that both share stays as it is
    meanwhile."""

    @model_validator(mode="after")
    def _what_goes_with_the_layout(self) -> "CriticConfig":
        if self.stop_gradient and self.layout != "head":
            raise ValueError("'stop_gradient' is for layout 'head': in the others, nothing is shared that learns")
        if self.trunk_learning_rate is not None and self.layout == "head":
            raise ValueError("'trunk_learning_rate' is for layouts 'adapter' and 'trunk': a shared trunk has one")
        return self


class AdvantageConfig(_Section):
    """How far rewards reach back; see `rl.training.advantages.gae`."""

    gamma: float = Field(default=1.0, ge=0, le=1)
    """Discount per token."""
    lam: float = Field(default=0.95, ge=0, le=1)
    """λ of the policy's advantages: 1 trusts what was earned, 0 trusts the critic."""
    critic_lam: float = Field(default=1.0, ge=0, le=1)
    """λ of the returns that the critic learns."""
    alpha: float | None = Field(default=None, gt=0, le=1e6)
    """λ of the policy follows each completion's length instead, as 1 − 1/(α·length): VAPO, with .05."""
    whiten: bool = True
    """Shift and scale the advantages of a generation to mean 0 and spread 1, over all processes."""


class KLConfig(_Section):
    """What leaving the reference costs, token by token, as part of the reward; see `rl.training.advantages.kl`."""

    coefficient: float = Field(default=0.0, ge=0, le=1e6)
    """Reward taken for a nat; 0 needs no reference. Where it adapts, the first."""
    estimator: Literal["k1", "k2", "k3"] = "k1"
    target: float | None = Field(default=None, gt=0, le=1e6)
    """Nats a completion that the coefficient adapts to; it is fixed if None."""
    horizon: int = Field(default=10_000, ge=1, le=10**9)
    """Completions over which it may change by a fifth at most."""
    stop_at: float | None = Field(default=None, gt=0, le=1e6)
    """Mean KL per token, from the policy that drew a generation, above which the policy learns no more from it; the
    critic goes on."""

    @model_validator(mode="after")
    def _a_price_to_adapt(self) -> "KLConfig":
        if self.target is not None and not self.coefficient:
            raise ValueError("'target' adapts 'coefficient', which must begin above 0")
        return self
