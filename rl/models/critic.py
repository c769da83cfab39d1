"""Critic: what foresees, before each token, what a policy's completion will earn.

It is a submodule of the policy, ``critic``, so that one engine and one optimiser hold both, and it is left out where
the policy is saved: what belongs to it has ``critic`` as a part of its name. The policy's forward gives the values,
``state_values`` (B, L), where it is asked ``with_values=True``: an output, so that data parallelism finds the head.

Three layouts: a head on the policy's own trunk; a second adapter over the same frozen weights, with a head; a trunk of
its own, with a head. A trunk is the model without what writes: it sees the pictures, as the policy does.
"""

import functools
from collections.abc import Mapping
from dataclasses import make_dataclass
from types import MethodType
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedModel
from transformers.integrations import is_deepspeed_zero3_enabled

from data import DataError
from rewards.models.location import resolve
from rewards.models.scalar_head import linear_head, load_scorer, trunk_and_head
from rl.config.model import ModelConfig
from rl.config.ppo import CriticConfig
from rl.models.load import load_model, processor_for
from rl.models.second_adapter import adapter_active, add_copy

CRITIC = "critic"
"""The submodule, and the adapter."""
VALUES = "state_values"
"""Of the output. Not ``values``, which would hide the method of dictionaries that DeepSpeed calls."""


class Critic(nn.Module):
    """A head on the policy's own trunk, which both train.

    Args:
        score: the head, from a hidden state to one number.
    """

    def __init__(self, score: nn.Linear):
        super().__init__()
        self.score = score
        self.spares_trunk = False
        """Whether the value loss leaves the trunk that it shares with the policy as it is."""

    def forward(self, model: PreTrainedModel, hidden: torch.Tensor, inputs: Mapping[str, Any]) -> torch.Tensor:
        """What is foreseen after each token, (B, L).

        Args:
            model: the policy.
            hidden: the last hidden states of its trunk, (B, L, hidden).
            inputs: what its trunk was called with.
        """
        return self.head(hidden.detach() if self.spares_trunk else hidden)

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        with torch.autocast(hidden.device.type, enabled=False):  # bfloat16 knows a value to two digits
            values: torch.Tensor = self.score(hidden.to(self.score.weight.dtype))
        return values.squeeze(-1).float()


class AdapterCritic(Critic):
    """A second adapter over the policy's frozen weights."""

    def forward(self, model: PreTrainedModel, hidden: torch.Tensor, inputs: Mapping[str, Any]) -> torch.Tensor:
        with adapter_active(model, CRITIC):
            return self.head(model.base_model(**inputs).last_hidden_state)


class TrunkCritic(Critic):
    """A trunk of its own.

    Args:
        trunk: a model without a language-modelling head.
    """

    def __init__(self, score: nn.Linear, trunk: PreTrainedModel):
        super().__init__(score)
        self.trunk = trunk.requires_grad_(True)

    def forward(self, model: PreTrainedModel, hidden: torch.Tensor, inputs: Mapping[str, Any]) -> torch.Tensor:
        return self.head(self.trunk(**inputs).last_hidden_state)


def is_critics(name: str) -> bool:
    """Whether a weight or module of a policy, by its dotted name, is its critic's."""
    return CRITIC in name.split(".")


def check_layout(config: CriticConfig, policy: PreTrainedModel) -> None:
    """Refuses a critic that a policy cannot have.

    Raises:
        DataError: it is an adapter, and the policy is none; names the field.
    """
    if config.layout == "adapter" and not isinstance(policy, PeftModel):
        message = "a second adapter needs a policy that is one: give model.lora, or take layout 'head' or 'trunk'"
        raise DataError(message, field="critic.layout")


def attach_critic(policy: PreTrainedModel, config: CriticConfig, start: ModelConfig) -> Critic:
    """Builds a critic and makes it a part of the policy, whose forward must be patched by TRL already.

    Args:
        start: the model that the policy started from, as a new critic does.

    Raises:
        DataError: there is no such reward model, or it is of another size.
    """
    model: PreTrainedModel = policy.get_base_model() if isinstance(policy, PeftModel) else policy
    critic = _build(policy, model, config, start).to(model.device)
    install(model, critic)
    return critic


def install(model: PreTrainedModel, critic: Critic) -> None:
    """Makes a critic a part of a policy, which is under its adapter, where it has one."""
    model.add_module(CRITIC, critic)
    critic.train(model.training)
    written = model.forward

    @functools.wraps(type(model).forward)  # `generate` reads what a forward takes from its signature
    def forward(self: PreTrainedModel, *args: Any, with_values: bool = False, **kwargs: Any) -> Any:
        if not with_values:
            return written(*args, **kwargs)
        seen: list[tuple[Mapping[str, Any], torch.Tensor]] = []

        def see(trunk: nn.Module, args: Any, inputs: Mapping[str, Any], output: Any) -> None:
            seen.append((inputs, output.last_hidden_state))

        hook = self.base_model.register_forward_hook(see, with_kwargs=True)
        try:
            output = written(*args, **kwargs)
        finally:
            hook.remove()
        ((inputs, hidden),) = seen
        kind: Any = type(output)
        return _valued(kind)(**output, **{VALUES: critic(self, hidden, inputs)})

    model.forward = MethodType(forward, model)


@functools.cache
def _valued(kind: Any) -> Any:
    """A kind of output that has values, too: data parallelism takes outputs apart and makes them anew, of what their
    class has alone.
    """
    return make_dataclass(f"Valued{kind.__name__}", [(VALUES, Any, None)], bases=(kind,))


def _build(policy: Any, model: PreTrainedModel, config: CriticConfig, start: ModelConfig) -> Critic:
    trunk, weight = None, None
    if config.path is not None:
        trunk, weight = trunk_and_head(load_scorer(resolve(config.path), processor_for(start), start.dtype))
    if config.layout == "trunk":
        trunk = _trunk_of(start) if trunk is None else trunk
        return TrunkCritic(linear_head(trunk.config, torch.float32, weight), trunk)
    hidden = model.config.get_text_config().hidden_size
    if weight is not None and weight.shape[1] != hidden:
        message = (
            f"its head is for hidden states of {weight.shape[1]}, the policy's are of {hidden}: take layout 'trunk'"
        )
        raise DataError(message, file=config.path, field="critic.path")
    score = linear_head(model.config, torch.float32, weight)
    if config.layout == "head":
        return Critic(score)
    add_copy(policy, CRITIC)
    return AdapterCritic(score)


def _trunk_of(start: ModelConfig) -> PreTrainedModel:
    """A copy of the policy's trunk, as it was at the start; the policy's adapter is a part of its weights."""
    model: Any = load_model(start, trainable=False)
    if isinstance(model, PeftModel):
        model = model.merge_and_unload()
    trunk: PreTrainedModel = model.base_model
    return trunk


def split_critic(weights: Mapping[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A policy's weights: those that are its own, and those of its critic."""
    own = {name: weight for name, weight in weights.items() if not is_critics(name)}
    return own, {name: weight for name, weight in weights.items() if is_critics(name)}


def restore_critic(policy: PreTrainedModel, file: Any) -> None:
    """Has the critic of a policy go on from its weights in a checkpoint. Where it is sharded, DeepSpeed does so.

    Raises:
        DataError: the weights are another critic's.
    """
    if is_deepspeed_zero3_enabled():
        return
    weights, known = load_file(file), split_critic(policy.state_dict())[1]
    if weights.keys() != known.keys():
        differ = sorted(weights.keys() ^ known.keys())
        raise DataError(f"is of another critic: {len(differ)} weights differ, {', '.join(differ[:3])}", file=file)
    policy.load_state_dict(weights, strict=False)
