"""A second adapter over the same frozen weights: trained in one graph with the first, or only read (peft 0.17 and
newer).

Two things would go wrong without a word. PEFT's `set_adapter` takes the gradients from every adapter but the one that
it makes active, and so does leaving `disable_adapter`, in which the reference is asked. And gradient checkpointing
computes a layer again in the backward pass with whichever adapter is active then, not with the one that it was
computed with.
"""

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn


def add_copy(policy: PeftModel, name: str) -> None:
    """Adds a copy of the active adapter under another name; the active one stays active, and both learn."""
    model: Any = policy.get_base_model()
    active = policy.active_adapter
    policy.add_adapter(name, policy.peft_config[active])
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for full, weight in weights.items():
            parts = full.split(".")
            if name in parts:
                weight.copy_(weights[".".join(active if part == name else part for part in parts)])
    _learns(model, name)
    enable = model.activation_checkpointing_enable

    def enable_with_memory(activation_checkpointing_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        settings = {"use_reentrant": False} | (activation_checkpointing_kwargs or {})
        enable(settings | {"context_fn": functools.partial(_same_adapters, model)}, **kwargs)

    model.activation_checkpointing_enable = enable_with_memory


@contextmanager
def adapter_active(model: nn.Module, name: str, learns: bool = True) -> Iterator[None]:
    """Meanwhile, this adapter alone is active. It learns from then on unless it is only read; the others learn or not,
    as they did before.
    """
    if learns:
        _learns(model, name)
    with _active(model, {id(layer): [name] for layer in _layers(model)}):
        yield


@contextmanager
def without_adapter(policy: Any, name: str) -> Iterator[None]:
    """Meanwhile, PEFT does not know of an adapter, and does not save it beside the policy's."""
    config = policy.peft_config.pop(name, None) if isinstance(policy, PeftModel) else None
    try:
        yield
    finally:
        if config is not None:
            policy.peft_config[name] = config


def _learns(model: nn.Module, name: str) -> None:
    for full, weight in model.named_parameters():
        if name in full.split("."):
            weight.requires_grad_(True)


def _same_adapters(model: nn.Module) -> tuple[Any, Any]:
    """What a layer is to be computed in, and computed again: with the adapters that are active now."""
    return nullcontext(), _active(model, {id(layer): layer._active_adapter for layer in _layers(model)})


@contextmanager
def _active(model: nn.Module, adapters: Mapping[int, Any]) -> Iterator[None]:
    """Meanwhile, each layer has these adapters active, by its id."""
    before = {id(layer): layer._active_adapter for layer in _layers(model)}
    try:
        for layer in _layers(model):
            layer._active_adapter = adapters[id(layer)]
        yield
    finally:
        for layer in _layers(model):
            layer._active_adapter = before[id(layer)]


def _layers(model: nn.Module) -> Iterator[BaseTunerLayer]:
    return (module for module in model.modules() if isinstance(module, BaseTunerLayer))
