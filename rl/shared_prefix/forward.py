"""The forward pass over a packed row: what a model makes of each token of several completions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.functional import pad
from transformers import PreTrainedModel

from rl.shared_prefix.layout import Layout
from rl.shared_prefix.positions import packed_positions
from rl.shared_prefix.prompt import Prompt, media_of

if TYPE_CHECKING:
    from rl.shared_prefix.stem import Stem


@dataclass(frozen=True, eq=False)
class Packed:
    """The completions on some prompts, ready for one forward pass."""

    layout: Layout
    inputs: dict[str, Any]
    """Keyword arguments for a prepared model; without labels."""
    labels: torch.Tensor
    """(1, L) the token that each place predicts, −100 where that is nobody's."""


def pack(
    model: PreTrainedModel,
    prompts: Sequence[Prompt],
    completions: torch.Tensor,
    mask: torch.Tensor,
    stem: "Stem | None" = None,
    pictured: Sequence[Prompt | None] | None = None,
) -> Packed:
    """
    Args:
        model: any whose `why_not` is None, without what wraps it for several processes or adapters; it is only asked
            for positions.
        prompts: of each of B completions; those that are one object are read once.
        completions: (B, T) token ids, padded behind.
        mask: (B, T), 0 behind the end of a completion.
        stem: what all prompts begin with, if it has been read before.
        pictured: of each completion, itself where there are media in it, up to the last of them or further; None where
            it is text.
    """
    distinct = list({id(prompt): prompt for prompt in prompts}.values())
    place_of = {id(prompt): place for place, prompt in enumerate(distinct)}
    distinct = [prompt.to(completions.device) for prompt in distinct]
    lengths: list[int] = mask.sum(dim=1).tolist()
    seen = [
        piece.to(completions.device) if piece is not None and size else None
        for piece, size in zip(pictured or [None] * len(prompts), lengths, strict=True)
    ]
    layout = Layout.of(distinct, [place_of[id(prompt)] for prompt in prompts], lengths, stem, seen)
    ids = torch.zeros(layout.length, dtype=torch.long, device=completions.device)
    labels = torch.full_like(ids, -100)
    for prompt, places in zip(distinct, layout.prefix, strict=True):
        own = prompt.ids[layout.begin : -1]
        ids[places[: len(own)]] = own
    last = torch.stack([prompt.ids[-1] for prompt in distinct])[layout.prompt_of]
    width = layout.branch.shape[1]
    written = layout.written
    ids[layout.branch[written]] = torch.cat([last[:, None], completions[:, : width - 1]], dim=1)[written]
    labels[layout.branch[written]] = completions[:, :width][written]
    inputs = {
        "input_ids": ids[None],
        # Four dimensions are taken for a mask that is ready, and no other is made; the attention goes by the layout.
        "attention_mask": torch.ones(1, 1, 1, 1, dtype=torch.bool, device=ids.device),
        "position_ids": packed_positions(backbone_of(model), distinct, layout, seen),
        "packed": layout,
        **media_of(_in_order(distinct, layout, seen), in_one_row=True),
        **_types(distinct, layout, seen),
    }
    return Packed(layout, inputs, labels[None])


def backbone_of(model: PreTrainedModel) -> nn.Module:
    """The model below its head."""
    return model.base_model


def widened(rows: torch.Tensor, width: int) -> torch.Tensor:
    """(B, T) → (B, width), with zeros behind."""
    return pad(rows, (0, width - rows.shape[1]))


def _in_order(prompts: Sequence[Prompt], layout: Layout, pictured: Sequence[Prompt | None]) -> list[Prompt]:
    """All that holds media, as it stands in the row."""
    rows = layout.prompt_of.tolist()
    behind = [
        [piece for piece, on in zip(pictured, rows, strict=True) if piece and on == n] for n in range(len(prompts))
    ]
    return [piece for prompt, pieces in zip(prompts, behind, strict=True) for piece in (prompt, *pieces)]


def _types(prompts: Sequence[Prompt], layout: Layout, pictured: Sequence[Prompt | None]) -> dict[str, torch.Tensor]:
    """Token types for the row; what the policy writes is text."""
    types: dict[str, torch.Tensor] = {}
    for place, prompt in enumerate(prompts):
        for name, value in prompt.types.items():
            row = types.setdefault(name, torch.zeros_like(layout.inverse, dtype=value.dtype)[None])
            own = value.view(-1)[layout.begin : -1]
            row[0, layout.prefix[place, : len(own)]] = own
    for piece, places, size in zip(pictured, layout.branch, layout.branch_lengths.tolist(), strict=True):
        for name, value in piece.types.items() if piece is not None else ():
            row = types.setdefault(name, torch.zeros_like(layout.inverse, dtype=value.dtype)[None])
            own = value.view(-1)[: size - 1]
            row[0, places[1 : 1 + len(own)]] = own
    return types
