"""Rows: log-probabilities of completions that may hold pictures, where rows cannot be packed: a pass for each.

A batch of rows of which each has its own pictures, in its prompt and behind it, is what architectures disagree on;
one row is what all of them take.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from rl.shared_prefix.prompt import Prompt, media_of


class Scores(NamedTuple):
    """Of the tokens of completions, (B, T) each; 0 behind their ends."""

    log_probs: torch.Tensor
    entropy: torch.Tensor | None
    """None of a model that gives none, as of a reference."""


def row_by_row(
    model: Any,
    prompts: Sequence[Prompt],
    completions: torch.Tensor,
    mask: torch.Tensor,
    pictured: Sequence[Prompt | None],
) -> Scores:
    """
    Args:
        model: as training calls it, with TRL's fused head.
        completions: (B, T) token ids, padded behind.
        mask: (B, T), 0 behind the end of a completion.
        pictured: of each completion, itself where there are media in it; None where it is text.
    """
    width, log_probs, entropies = completions.shape[1], [], []
    for prompt, ids, written, piece in zip(prompts, completions, mask, pictured, strict=True):
        begin = prompt.to(ids.device)
        pieces = [begin] if piece is None or not written.any() else [begin, piece.to(ids.device)]
        types = {
            name: torch.nn.functional.pad(value, (0, len(begin.ids) + width - value.shape[1]))
            for name, value in Prompt.joined(pieces).types.items()
        }
        row = torch.cat([begin.ids, ids])[None]
        labels = row.clone()
        labels[:, :-width] = -100
        inputs = {
            "input_ids": row,
            "attention_mask": torch.cat([torch.ones_like(begin.ids), written.to(begin.ids.dtype)])[None],
            **media_of(pieces, in_one_row=True),
            **types,
        }
        output = model(**inputs, labels=labels, fused_lm_head=True)
        log_probs.append(output.log_probs[:, -width:] * written)
        if output.entropy is not None:
            entropies.append(output.entropy[:, -width:] * written)
    return Scores(torch.cat(log_probs), torch.cat(entropies) if entropies else None)
