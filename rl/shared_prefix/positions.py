"""Where a token stands, for rotary embeddings: in a prompt as the model counts, behind it from there on."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from rl.shared_prefix.layout import Layout
from rl.shared_prefix.prompt import Prompt


def positions_in(backbone: nn.Module, prompt: Prompt) -> torch.Tensor:
    """(3, P) time, height and width where the model has all three and there is a picture to count by, else (1, P).

    Args:
        backbone: the model below its head; with ``get_rope_index`` if it has three positions (Qwen-VL).
    """
    grids = {name: value for name, value in prompt.media.items() if name.endswith("grid_thw")}
    if not grids or not hasattr(backbone, "get_rope_index"):
        return torch.arange(len(prompt.ids), device=prompt.ids.device)[None]
    extra = {name: prompt.media[name] for name in ("second_per_grid_ts",) if name in prompt.media}
    counts: Any = backbone
    found, _ = counts.get_rope_index(prompt.ids[None], prompt.media["mm_token_type_ids"], **grids, **extra)
    positions: torch.Tensor = found[:, 0]
    return positions


def packed_positions(
    backbone: nn.Module, prompts: Sequence[Prompt], layout: Layout, pictured: Sequence[Prompt | None]
) -> torch.Tensor:
    """(3, 1, L) or (1, L) for the row of a layout: a branch begins at its prompt's last position and goes on from the
    largest.

    Args:
        pictured: of each branch, the completion where there are media in it.
    """
    found = [positions_in(backbone, prompt) for prompt in prompts]
    on = layout.prompt_of.tolist()
    whole = [
        positions_in(backbone, Prompt.joined([prompts[place], piece])) if piece is not None else None
        for place, piece in zip(on, pictured, strict=True)
    ]
    axes = max(len(positions) for positions in (*found, *whole) if positions is not None)
    row = torch.zeros(axes, layout.length, dtype=torch.long, device=layout.prefix.device)
    for place, positions in enumerate(found):
        positions = positions.expand(axes, -1)
        size = positions.shape[1] - 1 - layout.begin
        row[:, layout.prefix[place, :size]] = positions[:, layout.begin : -1]
        for branch in (layout.prompt_of == place).nonzero()[:, 0].tolist():
            size = int(layout.branch_lengths[branch])
            known, own = positions, whole[branch]
            if own is not None:
                known = own.expand(axes, -1)
            behind = known.max() + torch.arange(size + 1, device=row.device)
            along = torch.cat([known[:, positions.shape[1] - 1 :], behind[1:].expand(axes, -1)], dim=1)
            row[:, layout.branch[branch, :size]] = along[:, :size]
    return row if axes == 1 else row[:, None]
