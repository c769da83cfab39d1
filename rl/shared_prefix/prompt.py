"""Prompt: what a model reads before it writes, processed once for all that is written about it; or a later piece of
the conversation, such as a tool's answer with its pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.functional import pad


@dataclass(frozen=True, eq=False)
class Prompt:
    """One conversation, as a processor gives it back for a batch of one. Two are the same if they are one object."""

    ids: torch.Tensor
    """(P,) token ids, without padding."""
    media: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """What the processor has made beside the ids and their mask: pixels, grids, sizes, token types."""

    @classmethod
    def of(cls, processed: Mapping[str, torch.Tensor]) -> "Prompt":
        """From a processor's output for one conversation."""
        media = {
            name: _full(torch.as_tensor(value))
            for name, value in processed.items()
            if name not in ("input_ids", "attention_mask")
        }
        return cls(torch.as_tensor(processed["input_ids"]).view(-1), media)

    @classmethod
    def joined(cls, pieces: "Sequence[Prompt]") -> "Prompt":
        """Pieces of one conversation, one behind the other."""
        types = {}
        for name in dict.fromkeys(name for piece in pieces for name in piece.types):
            like = next(piece.types[name] for piece in pieces if name in piece.types)
            said = [piece.types.get(name, like.new_zeros(1, len(piece.ids))) for piece in pieces]
            types[name] = torch.cat(said, dim=1)
        return cls(torch.cat([piece.ids for piece in pieces]), media_of(pieces, in_one_row=True) | types)

    def to(self, device: torch.device) -> "Prompt":
        """The same on another device; itself if it is there already."""
        if self.ids.device == device:
            return self
        return Prompt(self.ids.to(device), {name: value.to(device) for name, value in self.media.items()})

    @property
    def types(self) -> dict[str, torch.Tensor]:
        """Of the media, what is said of each token: (1, P) each."""
        return {name: value for name, value in self.media.items() if name.endswith("token_type_ids")}

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return sum(tensor.nbytes for tensor in (self.ids, *self.media.values()))


def _full(value: torch.Tensor) -> torch.Tensor:
    """Llama 4's pixels come in bfloat16, of which TRL can make no list."""
    return value.float() if value.dtype == torch.bfloat16 else value


def media_tokens(config: Any) -> list[int]:
    """The ids that stand for what is no text, in a model's configuration."""
    names = ("image_token_id", "video_token_id", "audio_token_id")
    return [token for name in names if (token := getattr(config, name, None)) is not None]


def media_of(prompts: Sequence[Prompt], in_one_row: bool) -> dict[str, torch.Tensor]:
    """The media of several prompts for one forward pass, token types left out.

    Args:
        in_one_row: whether the prompts stand in one row of the batch, or each in a row of its own. It makes a
            difference to models that take pictures by row (Idefics, SmolVLM) and not one after the other.
    """
    media: dict[str, torch.Tensor] = {}
    for name in dict.fromkeys(name for prompt in prompts for name in prompt.media if name not in prompt.types):
        values = [prompt.media[name] for prompt in prompts if name in prompt.media]
        by_row = any(_by_row(prompt) for prompt in prompts) and name in ("pixel_values", "pixel_attention_mask")
        if by_row and not in_one_row and len(values) < len(prompts):
            like = values[0]
            values = [prompt.media.get(name, like.new_zeros(1, 0, *like.shape[2:])) for prompt in prompts]
        media[name] = _joined(values, dim=1 if by_row and in_one_row else 0)
    return media


def _by_row(prompt: Prompt) -> bool:
    """Whether its pixels are (1, pictures, channels, height, width)."""
    pixels = prompt.media.get("pixel_values")
    return pixels is not None and pixels.dim() == 5 and "image_sizes" not in prompt.media


def _joined(values: Sequence[torch.Tensor], dim: int) -> torch.Tensor:
    """One behind the other along ``dim``, filled up with zeros along the others."""
    if len(values) == 1:
        return values[0]
    sizes = [max(sizes) for sizes in zip(*(value.shape for value in values), strict=True)]
    filled = []
    for value in values:
        missing = [0 if d == dim else size - value.shape[d] for d, size in enumerate(sizes)]
        padding = [amount for size in reversed(missing) for amount in (0, size)]
        filled.append(pad(value, padding) if any(padding) else value)
    return torch.cat(filled, dim=dim)
