"""Rows: completions where they cannot be packed: each behind its own prompt, as the processor read it.

A batch of rows of which each has pictures of its own behind its prompt is what architectures disagree on; one row is
what all of them take, so completions with pictures have a pass each.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.nn.functional import pad

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
            name: pad(value, (0, len(begin.ids) + width - value.shape[1]))
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


def batched(prompts: Sequence[Prompt]) -> dict[str, Any]:
    """What `generate` wants beside ids, for a row of the batch each; token types are lists, to be padded."""
    types = {
        name: [
            prompt.media[name].view(-1).tolist() if name in prompt.media else [0] * len(prompt.ids)
            for prompt in prompts
        ]
        for name in dict.fromkeys(name for prompt in prompts for name in prompt.types)
    }
    return media_of(prompts, in_one_row=False) | types


def row_inputs(prompts: Sequence[Prompt], ids: torch.Tensor, mask: torch.Tensor, size: int) -> dict[str, torch.Tensor]:
    """What a model is called with to score completions, a row for each: ids, their mask, labels, and of each row's
    prompt its own media.

    Args:
        ids: (B, P + T) prompts padded on the left, then completions.
        mask: 1 where there is a token, (B, P + T).
        size: T.
    """
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :-size] = -100
    types = {
        name: torch.stack(
            [pad(torch.tensor(row, device=ids.device), (ids.shape[1] - size - len(row), size)) for row in rows]
        )
        for name, rows in batched(prompts).items()
        if isinstance(rows, list)
    }
    media = {name: value.to(ids.device) for name, value in media_of(prompts, in_one_row=False).items()}
    return {"input_ids": ids, "attention_mask": mask, "labels": labels, **media, **types}
