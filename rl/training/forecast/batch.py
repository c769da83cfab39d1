"""Batch: what one pass of training reads, at its longest. What is looked at is how much there is, not what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

import torch
from torch.nn.functional import pad

from prompts.chat import Conversation
from prompts.processor import Processor
from rl.shared_prefix.prompt import Prompt, media_of
from rl.training.rows import opened
from rl.training.trainers.prompt_reader import PromptReader


@dataclass(frozen=True)
class Batch:
    """Rows: a prompt, and a completion on it. Completions on one case have one object for their prompt."""

    prompts: Sequence[Prompt]
    completions: Sequence[int]
    """Tokens of each, the end of the turn with them."""

    def __len__(self) -> int:
        return len(self.prompts)

    @property
    def tokens(self) -> int:
        """Of the longest row."""
        return max(len(prompt.ids) + written for prompt, written in zip(self.prompts, self.completions, strict=True))

    def to(self, device: torch.device) -> "Batch":
        """The same on another device."""
        there = {id(prompt): prompt.to(device) for prompt in self.distinct}
        return Batch([there[id(prompt)] for prompt in self.prompts], self.completions)

    @property
    def distinct(self) -> list[Prompt]:
        """Each prompt once."""
        return list({id(prompt): prompt for prompt in self.prompts}.values())

    def padded(self) -> dict[str, Any]:
        """A row for each, padded behind, as a model takes them; ``labels`` are −100 but for completions."""
        width = self.tokens
        rows, labels, masks, types = [], [], [], []
        for prompt, written in zip(self.prompts, self.completions, strict=True):
            # Any token of text will do; the last of a prompt is one.
            ids = torch.cat([prompt.ids, prompt.ids[-1:].expand(written)])
            spare = (0, width - len(ids))
            rows.append(pad(ids, spare, value=int(prompt.ids[-1])))
            masks.append(pad(torch.ones_like(ids), spare))
            labels.append(pad(ids[len(prompt.ids) :], (len(prompt.ids), spare[1]), value=-100))
            types.append({name: pad(each.view(-1), (0, width - each.numel())) for name, each in prompt.types.items()})
        names = dict.fromkeys(name for row in types for name in row)
        by_row = {name: torch.stack([row.get(name, torch.zeros_like(rows[0])) for row in types]) for name in names}
        return {
            "input_ids": torch.stack(rows),
            "attention_mask": torch.stack(masks),
            "labels": torch.stack(labels),
            **by_row,
            **media_of(self.prompts, in_one_row=False),
        }


def read(conversation: Conversation, processor: Processor) -> Prompt:
    """What a model reads of a conversation, its pictures opened.

    Raises:
        DataError: a picture cannot be read; names the case.
    """
    return PromptReader(processor, None, {}).read([opened("", conversation, processor)])[0]


def guess(text: int, pictures: Sequence[int], config: Any) -> Prompt | None:
    """A prompt of so many tokens of text, and of pictures that become so many each, where there is no tokenizer.

    Args:
        config: of a model; of those that see, only models whose pictures are patches in a grid (Qwen-VL) are known.

    Returns:
        None where it is not known how the model takes pictures.
    """
    words: torch.Tensor = torch.ones(max(2, text), dtype=torch.long)
    vision: Any = getattr(config, "vision_config", None)
    if not any(pictures):
        return Prompt(words)
    merge = getattr(vision, "spatial_merge_size", None)
    if merge is None or not hasattr(config, "image_token_id"):
        return None
    grids = [[1, merge * side, merge * (tokens // side)] for tokens in pictures for side in [_side(tokens)]]
    marks = (config.vision_start_token_id, config.vision_end_token_id)
    shown = [
        torch.tensor([marks[0], *[config.image_token_id] * (height * width // merge**2), marks[1]])
        for _, height, width in grids
    ]
    ids = torch.cat([*shown, words])
    numbers = getattr(vision, "in_channels", 3) * getattr(vision, "temporal_patch_size", 1) * vision.patch_size**2
    patches = sum(height * width for _, height, width in grids)
    media = {
        "pixel_values": torch.empty(patches, numbers),
        "image_grid_thw": torch.tensor(grids),
        "mm_token_type_ids": (ids == config.image_token_id).long()[None],
    }
    return Prompt(ids, media)


def _side(tokens: int) -> int:
    """Of a picture that is as square as its number of tokens lets it be."""
    return next(side for side in range(isqrt(tokens), 0, -1) if tokens % side == 0)
