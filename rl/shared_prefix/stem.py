"""Stem: what several prompts begin with, such as the rulebook that all cases are judged by, read once for all of them.

It is text: a picture's features are not told by its tokens. What a model has computed of it can be cut shorter, as no
token sees those behind it, and can be kept for the next batch for as long as the weights stay the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from rl.shared_prefix.cache import PrefillCache
from rl.shared_prefix.forward import pack
from rl.shared_prefix.prompt import Prompt, media_tokens

SHORTEST = 32
"""Tokens: less is not worth a pass of its own."""
ENOUGH = 0.8
"""A stem at hand is taken if it is no shorter than this share of the one that could be read anew."""


@dataclass(frozen=True, eq=False)
class Stem:
    """S tokens, and what a model has computed of them."""

    ids: torch.Tensor
    """(S,)"""
    states: Mapping[int, tuple[torch.Tensor, torch.Tensor]]
    """(K, S, D) keys and values by layer."""

    @classmethod
    def read(cls, model: PreTrainedModel, prompt: Prompt, length: int) -> "Stem":
        """The first tokens of a prompt, which are text and not all of it; without gradients.

        Args:
            model: a prepared one in eval mode, without what wraps it.
        """
        types = {name: value[:, : length + 1] for name, value in prompt.types.items()}
        one = torch.ones(1, 1, dtype=torch.long, device=prompt.ids.device)
        # A row predicts behind its last token, so one more is read than is kept.
        packed = pack(model, [Prompt(prompt.ids[: length + 1], types)], torch.zeros_like(one), one)
        filled = PrefillCache()
        with torch.no_grad():
            model(**packed.inputs, past_key_values=filled, use_cache=True, logits_to_keep=1)
        states = {
            layer: (keys[0, :, :length].clone(), values[0, :, :length].clone())
            for layer, (keys, values) in filled.states.items()
        }
        return cls(prompt.ids[:length], states)

    @property
    def length(self) -> int:
        """S"""
        return len(self.ids)

    def cut(self, length: int) -> "Stem":
        """Its first tokens."""
        states = {layer: (keys[:, :length], values[:, :length]) for layer, (keys, values) in self.states.items()}
        return Stem(self.ids[:length], states)


def stem_of(model: PreTrainedModel, prompts: Sequence[Prompt], kept: Stem | None = None) -> Stem | None:
    """What prompts begin with; None where that is too short to be worth it.

    Args:
        model: a prepared one in eval mode, without what wraps it.
        kept: of other prompts, with the same weights: taken as far as these begin with it, if that is far enough.
    """
    shared = in_common([prompt.ids for prompt in prompts], media_tokens(model.config))
    # Behind it, each prompt has a token of its own, and the one behind it is a token of text, too.
    length = min(shared, min(len(prompt.ids) for prompt in prompts)) - 1
    if length < SHORTEST:
        return None
    held = min(length, in_common([kept.ids, prompts[0].ids])) if kept is not None else 0
    if kept is not None and held >= ENOUGH * length:
        return kept.cut(held)
    return Stem.read(model, prompts[0], length)


def in_common(rows: Sequence[torch.Tensor], others: Sequence[int] = ()) -> int:
    """How many tokens all rows begin with, up to the first of some others."""
    size = min(len(row) for row in rows)
    first = rows[0][:size]
    same = ~torch.isin(first, torch.tensor(others, dtype=first.dtype, device=first.device))
    for row in rows:
        same &= row[:size] == first
    return int(same.long().cumprod(dim=0).sum())
