"""Attention over a packed row: a prefix attends to itself, a branch to its prefix and itself.

No mask of the whole row is made: its cost would grow with (P + G·R)². Prefixes are gathered into a batch of n,
branches into a batch of B, and the keys of a branch's prefix are put before its own. Those of a stem are put before
both.

A model is *prepared* once. From then on its language layers attend through this file: as a `Layout` says where a
forward pass has been handed one (``model(…, packed=layout)``: the layers hand it on, so that gradient checkpointing
computes the same again), by `scaled_dot_product_attention` like any model where not.
"""

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from rl.shared_prefix.layout import Layout

NAME = "shared_prefix"
"""Under which `transformers` knows the attention of a prepared model."""
_PACKABLE = {"full_attention", "sliding_attention"}


def bare(model: Any) -> PreTrainedModel:
    """A model without what wraps it for adapters; they stay in it."""
    inner: PreTrainedModel = model.get_base_model() if hasattr(model, "get_base_model") else model
    return inner


def why_not(model: PreTrainedModel) -> str | None:
    """Why a model's rows cannot be packed, in words for people; None if they can.

    It depends on the architecture alone, so that all processes come to the same answer.
    """
    config = model.config.get_text_config()
    if others := set(getattr(config, "layer_types", None) or ()) - _PACKABLE:
        return f"its layers of the kind {', '.join(sorted(others))} carry a state from token to token"
    if not getattr(model, "_supports_attention_backend", False) or not model._supports_sdpa:
        return f"the attention of {type(model).__name__} cannot be replaced"
    if getattr(config, "cross_attention_layers", None):
        return "its layers look at pictures by cross-attention"
    if getattr(config, "attn_logit_softcapping", None):
        return "its attention caps its scores"
    return None


def prepare(model: PreTrainedModel) -> None:
    """Has the language layers of a model attend through this file, from now on."""
    kind = type(model.config.get_text_config())
    for module in model.modules():  # below the top, configurations may be copies
        config = getattr(module, "config", None)
        if type(config) is kind:
            config._attn_implementation = NAME


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    packed: Any = None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """What `transformers` asks of an attention: (1, H, L, D) queries and (1, K, L, D) keys and values → (1, L, H, D).

    Args:
        packed: a `Layout`, or whatever else attends in its own way; none for a batch like any other.
    """
    if packed is None:
        options = {"dropout": dropout, "scaling": scaling, "sliding_window": sliding_window, **kwargs}
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    if not isinstance(packed, Layout):
        return packed.attend(module, query, key, value, scaling, sliding_window), None
    options = {"dropout_p": dropout, "scale": scaling}
    layer: Any = module.layer_idx
    stem = packed.stem.states[layer] if packed.stem is not None else (key[0, :, :0], value[0, :, :0])
    prefix = _prefixes(packed, query[0], key[0], value[0], stem, sliding_window, options)
    branch = _branches(packed, query[0], key[0], value[0], stem, sliding_window, options)
    return torch.cat([prefix, branch])[packed.inverse][None], None


def _prefixes(
    layout: Layout,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    stem: tuple[torch.Tensor, torch.Tensor],
    window: int | None,
    options: Any,
) -> torch.Tensor:
    """(n·P, H, D). What stands behind a prefix's end attends as well; nobody looks at it."""
    repeat = len(query) // len(key)
    queries = _gathered(query, layout.prefix)
    keys, values = (
        torch.cat([before.expand(len(queries), -1, -1, -1), _gathered(states, layout.prefix)], dim=2)
        for before, states in zip(stem, (key, value), strict=True)
    )
    keys, values = (states.repeat_interleave(repeat, dim=1) if repeat > 1 else states for states in (keys, values))
    mask = layout.prefix_mask(window)
    found = scaled_dot_product_attention(queries, keys, values, mask, is_causal=mask is None, **options)
    return found.transpose(1, 2).flatten(0, 1)


def _branches(
    layout: Layout,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    stem: tuple[torch.Tensor, torch.Tensor],
    window: int | None,
    options: Any,
) -> torch.Tensor:
    """(B·T, H, D). Heads that share keys are laid behind one another, so that no key is copied for them."""
    heads, shared = len(query), len(key)
    rows, size = layout.branch.shape
    queries = _gathered(query, layout.branch).reshape(rows, shared, heads // shared * size, -1)
    keys, values = (
        torch.cat(
            [
                before.expand(rows, -1, -1, -1),
                _gathered(states, layout.prefix)[layout.prompt_of],
                _gathered(states, layout.branch),
            ],
            dim=2,
        )
        for before, states in zip(stem, (key, value), strict=True)
    )
    mask = layout.branch_mask(window).repeat(1, 1, heads // shared, 1)
    found = scaled_dot_product_attention(queries, keys, values, mask, **options)
    return found.reshape(rows, heads, size, -1).transpose(1, 2).flatten(0, 1)


def _gathered(states: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(H, L, D), (n, P) → (n, H, P, D)"""
    return states[:, places].transpose(0, 1)


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
